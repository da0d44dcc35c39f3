// How many of the nodes there are of each type.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param ids        list<int>
// @returns type, count
UNWIND $ids AS id
MATCH (node:LABEL {namespace: $namespace, id: id})
RETURN node.type AS type, count(node) AS count
ORDER BY type
