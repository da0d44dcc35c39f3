// Makes INPUT events of artifacts that exist and executions that the same request makes.
// @after new_executions, recorded_at
// @param valid_at   int, milliseconds
// @param namespace  string
// @param known_input_events  list<[artifact id, execution index, ordinal, time or null for valid_at, path or null]>
// @returns known_input_events
// @sound known_input_events = size($known_input_events)
CALL (new_executions, recorded_at) {
  UNWIND $known_input_events AS row
  MATCH (artifact:Artifact {namespace: $namespace, id: row[0]})
  WITH row, artifact, new_executions[row[1]] AS execution
  CREATE (artifact)-[event:INPUT {
    ordinal: row[2], milliseconds_since_epoch: coalesce(row[3], $valid_at), path: row[4],
    recorded_at: recorded_at
  }]->(execution)
  RETURN count(event) AS known_input_events
}
