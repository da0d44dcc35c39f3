// Artifacts whose stored payload has a digest, newest first.
// @param namespace  string
// @param digest     string
// @returns properties
MATCH (node:Artifact {digest: $digest})
WHERE node.namespace = $namespace
RETURN properties(node) AS properties
ORDER BY node.create_time_since_epoch DESC, node.id DESC
