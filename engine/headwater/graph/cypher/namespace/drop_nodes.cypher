// Removes the first nodes of a namespace that is being dropped, after their edges.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param nodes      int, how many at most
// @returns how many were removed
MATCH (node:LABEL)
WHERE node.namespace = $namespace AND node.id IS NOT NULL
WITH node ORDER BY node.namespace, node.id LIMIT $nodes
DETACH DELETE node
RETURN count(*) AS removed
