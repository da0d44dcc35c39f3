// How many edges of each type the nodes of a range of ids have.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param first      int, ids after this
// @param last       int, up to this
// @param types      list<string>, types of edges
// @returns type, count
MATCH (node:LABEL {namespace: $namespace})
WHERE node.id > $first AND node.id <= $last
MATCH (node)-[edge]-()
WHERE type(edge) IN $types
RETURN type(edge) AS type, count(edge) AS count ORDER BY type
