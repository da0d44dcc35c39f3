// What an answer shows of nodes, by id.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param ids        list<int>
// @returns chunk of [id, type, name, state]
UNWIND $ids AS id
MATCH (node:LABEL {namespace: $namespace, id: id})
WITH node ORDER BY node.id
WITH collect([
  node.id, node.type, coalesce(node.name, node.deleted_name),
  CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END
]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
