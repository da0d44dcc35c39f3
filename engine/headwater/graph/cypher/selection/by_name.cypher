// The ids of the nodes of a name, of each of the types that has one.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param type_ids   list<int>
// @param name       string
// @returns ids
UNWIND $type_ids AS type_id
MATCH (node:LABEL {namespace: $namespace, type_id: type_id, name: $name})
RETURN collect(node.id) AS ids
