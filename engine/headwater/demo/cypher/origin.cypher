// What a model came from, nearest first.
// @param namespace  string
// @param id         int
MATCH path = (model:Artifact {namespace: $namespace, id: $id})<-[:INPUT|OUTPUT*1..]-(node)
WITH node, min(length(path)) AS hops
RETURN hops, labels(node)[0] AS kind, node.type AS type, node.id AS id, node.name AS name
ORDER BY hops, kind, id
