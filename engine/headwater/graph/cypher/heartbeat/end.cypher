// Forgets the heartbeat of an execution that has ended.
// @param namespace     string
// @param execution_id  int
MATCH (beat:Heartbeat {namespace: $namespace, execution_id: $execution_id})
DELETE beat
