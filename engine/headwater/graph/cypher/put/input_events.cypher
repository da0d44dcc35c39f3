// Makes INPUT events between nodes that the same request makes, so that none can exist already.
// @after new_artifacts, new_executions, recorded_at
// @param valid_at   int, milliseconds
// @param input_events  list<[artifact index, execution index, ordinal, time or null for valid_at, path or null]>
// @sound true
CALL (new_artifacts, new_executions, recorded_at) {
  UNWIND $input_events AS row
  WITH row, new_artifacts[row[0]] AS artifact, new_executions[row[1]] AS execution
  CREATE (artifact)-[:INPUT {
    ordinal: row[2], milliseconds_since_epoch: coalesce(row[3], $valid_at), path: row[4],
    recorded_at: recorded_at
  }]->(execution)
}
