// The versions of a series, the newest first: which there are and in what state.
// @param namespace  string
// @param type_ids   list<int>
// @param series     string
// @returns chunk of [type id, id, name, state]
MATCH (node:Artifact {namespace: $namespace, series: $series})
WHERE node.version IS NOT NULL AND node.type_id IN $type_ids
WITH node ORDER BY node.type_id, node.version DESC
WITH collect([
  node.type_id, node.id, coalesce(node.name, node.deleted_name),
  CASE WHEN node.deleted_time_since_epoch IS NULL THEN node.state ELSE 'DELETED' END
]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
