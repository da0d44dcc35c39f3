// Removes some of the edges of the first nodes of a namespace that is being dropped.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param nodes      int, how many nodes are looked at
// @param edges      int, how many edges are removed at most
// @returns how many were removed
MATCH (node:LABEL)
WHERE node.namespace = $namespace AND node.id IS NOT NULL
WITH node ORDER BY node.namespace, node.id LIMIT $nodes
MATCH (node)-[edge]-()
WITH DISTINCT edge LIMIT $edges
DELETE edge
RETURN count(*) AS removed
