// Links nodes that the same request makes to contexts known by id.
// @param namespace  string
// @param new_associations  list<[node id, context id]>
// @returns new_associations
CALL () {
  UNWIND $new_associations AS row
  MATCH (node:Execution {namespace: $namespace, id: row[0]})
  MATCH (context:Context {namespace: $namespace, id: row[1]})
  CREATE (node)-[:ASSOCIATION]->(context)
  RETURN count(context) AS new_associations
}
