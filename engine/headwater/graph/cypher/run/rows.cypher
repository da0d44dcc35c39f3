// What a list of runs tells of executions, newest first.
// @param namespace  string
// @param ids        list<int>, of executions
// @returns chunk, rows of node and its creation time
UNWIND $ids AS id
MATCH (node:Execution {namespace: $namespace, id: id})
WITH node ORDER BY node.create_time_since_epoch DESC, node.id DESC
WITH collect([
  node:Artifact, node.id, node.type, coalesce(node.name, node.deleted_name),
  CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END, node.create_time_since_epoch
]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
