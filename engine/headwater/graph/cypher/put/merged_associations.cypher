// Links nodes that the same request makes to contexts that it found or made by name.
// @param namespace  string
// @param merged_associations  list<[node id, type id, name]>
// @returns merged_associations
CALL () {
  UNWIND $merged_associations AS row
  MATCH (node:Execution {namespace: $namespace, id: row[0]})
  MATCH (context:Context {namespace: $namespace, type_id: row[1], name: row[2]})
  WITH DISTINCT node, context
  WHERE NOT EXISTS { (node)-[:ASSOCIATION]->(context) }
  CREATE (node)-[:ASSOCIATION]->(context)
  RETURN count(context) AS merged_associations
}
