// Nodes by name within the types asked for, by id.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param type_ids   list<int>
// @param name       string
// @returns properties
UNWIND $type_ids AS type_id
MATCH (node:LABEL {namespace: $namespace, type_id: type_id, name: $name})
RETURN properties(node) AS properties ORDER BY node.id
