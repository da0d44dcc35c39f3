// Makes the event that takes a retracted one's place; the lock of its execution is held.
// @param namespace    string
// @param artifact_id  int
// @param execution_id  int
// @param type         string, of the event
// @param event        map, its properties but when it was recorded
// @param recorded_at  int, milliseconds
MATCH (execution:Execution {namespace: $namespace, id: $execution_id})
MATCH (artifact:Artifact {namespace: $namespace, id: $artifact_id})
CALL (artifact, execution) {
  WITH * WHERE $type ENDS WITH 'INPUT'
  CREATE (artifact)-[event:$($type)]->(execution)
  RETURN event
UNION
  WITH * WHERE NOT $type ENDS WITH 'INPUT'
  CREATE (execution)-[event:$($type)]->(artifact)
  RETURN event
}
SET event = $event, event.recorded_at = $recorded_at
