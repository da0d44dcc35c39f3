// Makes OUTPUT events of executions that the same request makes, so that none can exist already.
// @param namespace  string
// @param output_events  list<[ordinal, artifact_id, execution_id, properties]>
// @returns output_events
CALL () {
  UNWIND $output_events AS row
  MATCH (artifact:Artifact {namespace: $namespace, id: row[1]})
  MATCH (execution:Execution {namespace: $namespace, id: row[2]})
  CREATE (execution)-[event:OUTPUT]->(artifact)
  SET event = row[3]
  RETURN count(event) AS output_events
}
