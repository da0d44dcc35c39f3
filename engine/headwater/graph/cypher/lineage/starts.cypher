// Which of some nodes there are, how they changed, and the server's time.
// @returns the server's time, [whether artifact, id, recorded at, valid at, created at, revision, type, name, state] of each
// @param artifacts   list<int>, ids of the artifacts that it starts from
// @param namespace   string
// @param executions  list<int>, ids of the executions that it starts from
CALL () {
  UNWIND $artifacts AS id
  MATCH (node:Artifact {namespace: $namespace, id: id})
  RETURN node
UNION ALL
  UNWIND $executions AS id
  MATCH (node:Execution {namespace: $namespace, id: id})
  RETURN node
}
WITH collect([node:Artifact, node.id, node.recorded_at, node.valid_at, node.create_time_since_epoch, node.revision]) AS rows
RETURN datetime.realtime().epochMillis AS now, rows
