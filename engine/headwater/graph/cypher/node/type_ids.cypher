// The type of each node asked for.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param ids        list<int>
// @returns id, type_id
UNWIND $ids AS id
MATCH (node:LABEL {namespace: $namespace, id: id})
RETURN node.id AS id, node.type_id AS type_id ORDER BY id
