// Links nodes to contexts where no such link is, under the node's write lock. A link that exists is left.
// Hands on, row by row, whether each end was found and whether the link was there already.
// @after recorded_at
// @param valid_at   int, milliseconds
// @param namespace  string
// @param attributions  list<[node id, context id or null, context type id or null, context name or null]>
// @returns attributions
// @sound all(row IN attributions WHERE row[0] AND row[1] IS NOT NULL)
CALL (recorded_at) {
  UNWIND $attributions AS row
  OPTIONAL MATCH (node:Artifact {namespace: $namespace, id: row[0]})
  OPTIONAL MATCH (by_id:Context {namespace: $namespace, id: row[1]})
  OPTIONAL MATCH (by_name:Context {namespace: $namespace, type_id: row[2], name: row[3]})
  WITH row, node, coalesce(by_id, by_name) AS context
  CALL (row, node, context, recorded_at) {
    WITH * WHERE node IS NOT NULL AND context IS NOT NULL
    SET node.id = row[0]
    WITH *, EXISTS { (node)-[:ATTRIBUTION]->(context) } AS taken
    WITH * WHERE NOT taken
    CREATE (node)-[link:ATTRIBUTION {valid_at: $valid_at, recorded_at: recorded_at}]->(context)
    RETURN count(link) AS made
  }
  RETURN collect([node IS NOT NULL, context.id, made]) AS attributions
}
