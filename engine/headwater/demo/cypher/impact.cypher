// What a withdrawal of data would touch, by type. CACHED executions ran nothing and are left out.
// @param namespace  string
// @param id         int
MATCH (data:Artifact {namespace: $namespace, id: $id})-[:INPUT|OUTPUT*1..]->(node)
WITH DISTINCT node
WHERE coalesce(node.last_known_state, '') <> 'CACHED'
ORDER BY node.id
RETURN labels(node)[0] AS kind, node.type AS type, count(*) AS count,
       collect(coalesce(node.name, '#' + node.id)) AS names
ORDER BY kind, type
