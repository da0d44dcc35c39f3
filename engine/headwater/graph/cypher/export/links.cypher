// Contexts of some nodes by the nodes' ids: attributions, associations, or parents.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param after      int
// @param last       int
// @returns chunk, rows [node id, context id]
MATCH (node:LABEL {namespace: $namespace})
WHERE node.id > $after AND node.id <= $last
MATCH (node)-[:ATTRIBUTION|ASSOCIATION|PARENT]->(context:Context)
WITH node.id AS node_id, context.id AS context_id
ORDER BY node_id, context_id
RETURN collect([node_id, context_id]) AS chunk
