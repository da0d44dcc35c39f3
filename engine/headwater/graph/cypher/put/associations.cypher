// Links nodes to contexts where no such link is, under the node's write lock. A link that exists is left.
// Hands on, row by row, whether each end was found and whether the link was there already.
// @after recorded_at
// @param valid_at   int, milliseconds
// @param namespace  string
// @param associations  list<[node id, context id or null, context type id or null, context name or null]>
// @returns associations
// @sound all(row IN associations WHERE row[0] AND row[1] IS NOT NULL)
CALL (recorded_at) {
  UNWIND $associations AS row
  OPTIONAL MATCH (node:Execution {namespace: $namespace, id: row[0]})
  OPTIONAL MATCH (by_id:Context {namespace: $namespace, id: row[1]})
  OPTIONAL MATCH (by_name:Context {namespace: $namespace, type_id: row[2], name: row[3]})
  WITH row, node, coalesce(by_id, by_name) AS context
  CALL (row, node, context, recorded_at) {
    WITH * WHERE node IS NOT NULL AND context IS NOT NULL
    SET node.id = row[0]
    WITH *, EXISTS { (node)-[:ASSOCIATION]->(context) } AS taken
    WITH * WHERE NOT taken
    CREATE (node)-[link:ASSOCIATION {valid_at: $valid_at, recorded_at: recorded_at}]->(context)
    RETURN count(link) AS made
  }
  RETURN collect([node IS NOT NULL, context.id, made]) AS associations
}
