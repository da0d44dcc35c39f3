// What a withdrawal of data would touch, by type.
// @param namespace  string
// @param id         int
MATCH (data:Artifact {namespace: $namespace, id: $id})-[:INPUT|OUTPUT*1..]->(node)
WITH DISTINCT node
ORDER BY node.id
RETURN labels(node)[0] AS kind, node.type AS type, count(*) AS count,
       collect(coalesce(node.name, '#' + node.id)) AS names
ORDER BY kind, type
