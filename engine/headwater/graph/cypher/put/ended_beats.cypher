// Forgets the heartbeats of executions that have ended.
// @param namespace    string
// @param ended_beats  list<int>, ids of executions
CALL () {
  UNWIND $ended_beats AS execution_id
  MATCH (beat:Heartbeat {namespace: $namespace, execution_id: execution_id})
  DELETE beat
}
