// How many nodes are downstream of one and further than a distance, by kind and type.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param id         int
// @param beyond     int, hops
// @returns is artifact, type, count
MATCH path = (start:LABEL {namespace: $namespace, id: $id})-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT*0..1000000000]->(node)
WITH node, min(length(path)) AS distance
WHERE distance > $beyond
RETURN node:Artifact AS is_artifact, node.type AS type, count(node) AS count
ORDER BY is_artifact DESC, type
