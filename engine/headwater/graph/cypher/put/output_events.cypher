// Makes OUTPUT events between nodes that the same request makes, so that none can exist already.
// @after new_artifacts, new_executions
// @param output_events  list<[artifact index, execution index, properties]>
// @sound true
CALL (new_artifacts, new_executions) {
  UNWIND $output_events AS row
  WITH row, new_artifacts[row[0]] AS artifact, new_executions[row[1]] AS execution
  CREATE (execution)-[event:OUTPUT]->(artifact)
  SET event = row[2]
}
