// What a model came from, nearest first. CACHED executions ran nothing and are left out.
// @param namespace  string
// @param id         int
MATCH path = (model:Artifact {namespace: $namespace, id: $id})<-[:INPUT|OUTPUT*1..]-(node)
WITH node, min(length(path)) AS hops
WHERE coalesce(node.last_known_state, '') <> 'CACHED'
RETURN hops, labels(node)[0] AS kind, node.type AS type, node.id AS id, node.name AS name
ORDER BY hops, kind, id
