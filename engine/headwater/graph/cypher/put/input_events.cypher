// Makes INPUT events of executions that the same request makes, so that none can exist already.
// @param namespace  string
// @param input_events  list<[ordinal, artifact_id, execution_id, properties]>
// @returns input_events
CALL () {
  UNWIND $input_events AS row
  MATCH (artifact:Artifact {namespace: $namespace, id: row[1]})
  MATCH (execution:Execution {namespace: $namespace, id: row[2]})
  CREATE (artifact)-[event:INPUT]->(execution)
  SET event = row[3]
  RETURN count(event) AS input_events
}
