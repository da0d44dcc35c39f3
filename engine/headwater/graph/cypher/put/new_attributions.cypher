// Links nodes that the same request makes to contexts known by id.
// @after new_artifacts, recorded_at
// @param valid_at   int, milliseconds
// @param namespace  string
// @param new_attributions  list<[context id, list of indexes of the nodes]>
// @returns new_attributions
// @sound new_attributions = reduce(n = 0, row IN $new_attributions | n + size(row[1]))
CALL (new_artifacts, recorded_at) {
  UNWIND $new_attributions AS row
  MATCH (context:Context {namespace: $namespace, id: row[0]})
  UNWIND row[1] AS index
  WITH context, new_artifacts[index] AS node
  CREATE (node)-[link:ATTRIBUTION {valid_at: $valid_at, recorded_at: recorded_at}]->(context)
  RETURN count(link) AS new_attributions
}
