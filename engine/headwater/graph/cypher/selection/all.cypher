// The ids of all nodes of a label, as one list.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @returns ids
MATCH (node:LABEL {namespace: $namespace})
WHERE node.id IS NOT NULL
RETURN collect(node.id) AS ids
