// The ids of the nodes of some types.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param types      list<string>, names of types
// @returns ids
MATCH (node:LABEL {namespace: $namespace})
WHERE node.id IS NOT NULL AND node.type IN $types
RETURN collect(node.id) AS ids
