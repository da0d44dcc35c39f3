// Links nodes that the same request makes to contexts known by id.
// @after new_executions, recorded_at
// @param valid_at   int, milliseconds
// @param namespace  string
// @param new_associations  list<[context id, list of indexes of the nodes]>
// @returns new_associations
// @sound new_associations = reduce(n = 0, row IN $new_associations | n + size(row[1]))
CALL (new_executions, recorded_at) {
  UNWIND $new_associations AS row
  MATCH (context:Context {namespace: $namespace, id: row[0]})
  UNWIND row[1] AS index
  WITH context, new_executions[index] AS node
  CREATE (node)-[link:ASSOCIATION {valid_at: $valid_at, recorded_at: recorded_at}]->(context)
  RETURN count(link) AS new_associations
}
