// The newest version of a series in the given state, of each type that has one.
// @param namespace  string
// @param series     string
// @param type_ids   list<int> or null for all
// @param state      string
// @returns properties
MATCH (node:Artifact {namespace: $namespace, series: $series})
WHERE node.version IS NOT NULL AND node.state = $state
  AND ($type_ids IS NULL OR node.type_id IN $type_ids)
WITH node ORDER BY node.version DESC
WITH node.type_id AS type_id, head(collect(node)) AS latest
RETURN properties(latest) AS properties ORDER BY type_id
