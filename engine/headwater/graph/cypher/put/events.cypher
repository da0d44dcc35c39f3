// Makes events of any type where the execution exists already, under the execution's write lock.
// Hands on the ordinals of those that could not be made, and what was missing.
// @after recorded_at
// @param namespace  string
// @param events     list<[ordinal, artifact_id, execution_id, properties, type]>
// @returns event_problems
// @sound size(event_problems) = 0
CALL (recorded_at) {
  UNWIND $events AS row
  OPTIONAL MATCH (artifact:Artifact {namespace: $namespace, id: row[1]})
  OPTIONAL MATCH (execution:Execution {namespace: $namespace, id: row[2]})
  CALL (row, artifact, execution, recorded_at) {
    WITH * WHERE artifact IS NOT NULL AND execution IS NOT NULL
    SET execution.id = row[2]
    WITH *, EXISTS { MATCH (artifact)-[known]-(execution) WHERE type(known) = row[4] } AS taken
    WITH * WHERE NOT taken
    CALL (row, artifact, execution, recorded_at) {
      WITH * WHERE row[4] ENDS WITH 'INPUT'
      CREATE (artifact)-[event:$(row[4])]->(execution)
      SET event = row[3], event.recorded_at = recorded_at
      RETURN event
    UNION
      WITH * WHERE NOT row[4] ENDS WITH 'INPUT'
      CREATE (execution)-[event:$(row[4])]->(artifact)
      SET event = row[3], event.recorded_at = recorded_at
      RETURN event
    }
    RETURN count(event) AS made
  }
  WITH row, artifact, execution, made
  WHERE made = 0
  RETURN collect([row[0], artifact IS NULL, execution IS NULL]) AS event_problems
}
