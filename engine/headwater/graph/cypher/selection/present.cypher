// Those of the ids that a node has, as one list.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param ids        list<int>
// @returns ids
UNWIND $ids AS id
MATCH (node:LABEL {namespace: $namespace, id: id})
RETURN collect(DISTINCT node.id) AS ids
