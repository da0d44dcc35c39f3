// What an answer tells of nodes, by id.
// @param namespace      string
// @param artifact_ids   list<int>
// @param execution_ids  list<int>
// @returns chunk, rows of node
CALL () {
  UNWIND $artifact_ids AS id
  MATCH (node:Artifact {namespace: $namespace, id: id})
  RETURN node
UNION ALL
  UNWIND $execution_ids AS id
  MATCH (node:Execution {namespace: $namespace, id: id})
  RETURN node
}
WITH collect([
  node:Artifact, node.id, node.type, coalesce(node.name, node.deleted_name),
  CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END
]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
