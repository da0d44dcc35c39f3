// The versions of a series, oldest first.
// @param namespace  string
// @param series     string
// @param type_ids   list<int> or null for all
// @returns properties
MATCH (node:Artifact {namespace: $namespace, series: $series})
WHERE node.version IS NOT NULL AND ($type_ids IS NULL OR node.type_id IN $type_ids)
RETURN properties(node) AS properties ORDER BY node.type_id, node.version
