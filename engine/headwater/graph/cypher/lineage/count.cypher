// How many nodes lie within the hops, by kind and type.
// @param hops  int
// @after node, distance, reach
// @returns is_artifact, type, count
WITH node, reach
WHERE reach <= $hops
WITH node:Artifact AS is_artifact, node.type AS type, count(*) AS count
