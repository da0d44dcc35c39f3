// Some nodes of one kind by id.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param after      int
// @param size       int
// @returns chunk, list of property maps
MATCH (node:LABEL {namespace: $namespace})
WHERE node.id > $after
WITH node ORDER BY node.id LIMIT $size
RETURN collect(properties(node)) AS chunk
