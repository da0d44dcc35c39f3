// Moves a link to its history type, under the write lock of the node that it begins at.
// @param namespace  string
// @param node_id    int, of the execution that it begins at
// @param context_id  int, of the context that it ends at
// @returns its properties, when it was retracted; no row where there is none
MATCH (node:Execution {namespace: $namespace, id: $node_id})
SET node.id = $node_id
WITH node
MATCH (node)-[link:ASSOCIATION]->(context:Context {namespace: $namespace, id: $context_id})
WITH node, context, link, properties(link) AS before, datetime.realtime().epochMillis AS now
CREATE (node)-[was:WAS_ASSOCIATION]->(context)
SET was = before, was.retracted_at = now
DELETE link
RETURN before, now
