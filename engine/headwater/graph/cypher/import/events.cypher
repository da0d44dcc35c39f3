// Makes events.
// The import stands where the caller believes, or nothing is done: its lock is taken first.
// @param namespace  string
// @param source     string, digest of the source's address
// @param phase      string
// @param after      list<int>, where the import stands
// @param state      map, where it stands afterwards
// @param rows       list<[artifact id, execution id, type, properties]>
// @returns made
MATCH (import:Import {namespace: $namespace, source: $source})
SET import.source = $source
WITH import
MATCH (namespace:Namespace {name: $namespace})
WHERE import.phase = $phase AND import.last = $after
  AND import.namespace_created = namespace.create_time_since_epoch
  AND coalesce(namespace.state, '') <> 'DROPPING'
SET import += $state
WITH import, datetime.realtime().epochMillis AS recorded_at
CALL (recorded_at) {
  UNWIND $rows AS row
  MATCH (artifact:Artifact {namespace: $namespace, id: row[0]})
  MATCH (execution:Execution {namespace: $namespace, id: row[1]})
  CALL (row, artifact, execution, recorded_at) {
    WITH * WHERE row[2] ENDS WITH 'INPUT'
    CREATE (artifact)-[event:$(row[2])]->(execution)
    SET event = row[3], event.recorded_at = recorded_at
    RETURN event
  UNION
    WITH * WHERE NOT row[2] ENDS WITH 'INPUT'
    CREATE (execution)-[event:$(row[2])]->(artifact)
    SET event = row[3], event.recorded_at = recorded_at
    RETURN event
  }
  RETURN count(event) AS made
}
RETURN made
