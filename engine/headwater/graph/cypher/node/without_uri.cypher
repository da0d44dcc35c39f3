// Artifacts that have no uri, by id.
// @param namespace  string
// @returns properties
MATCH (node:Artifact {namespace: $namespace})
WHERE node.id IS NOT NULL AND node.uri IS NULL AND node.uri_digest IS NULL
RETURN properties(node) AS properties ORDER BY node.id
