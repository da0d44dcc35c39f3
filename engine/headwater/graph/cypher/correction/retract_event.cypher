// Moves an event to its history type, under the execution's write lock.
// @param namespace    string
// @param artifact_id  int
// @param execution_id  int
// @param type         string, of the event
// @returns the event's properties, when it was retracted; no row where there is none
MATCH (execution:Execution {namespace: $namespace, id: $execution_id})
SET execution.id = $execution_id
WITH execution
MATCH (artifact:Artifact {namespace: $namespace, id: $artifact_id})
MATCH (artifact)-[event]-(execution)
WHERE type(event) = $type
WITH artifact, execution, event, properties(event) AS before, datetime.realtime().epochMillis AS now
CALL (artifact, execution, before, now) {
  WITH * WHERE $type ENDS WITH 'INPUT'
  CREATE (artifact)-[was:$('WAS_' + $type)]->(execution)
  SET was = before, was.retracted_at = now
  RETURN was
UNION
  WITH * WHERE NOT $type ENDS WITH 'INPUT'
  CREATE (execution)-[was:$('WAS_' + $type)]->(artifact)
  SET was = before, was.retracted_at = now
  RETURN was
}
DELETE event
RETURN before, now
