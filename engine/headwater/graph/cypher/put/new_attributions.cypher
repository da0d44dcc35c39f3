// Links nodes that the same request makes to contexts known by id.
// @param namespace  string
// @param new_attributions  list<[node id, context id]>
// @returns new_attributions
CALL () {
  UNWIND $new_attributions AS row
  MATCH (node:Artifact {namespace: $namespace, id: row[0]})
  MATCH (context:Context {namespace: $namespace, id: row[1]})
  CREATE (node)-[:ATTRIBUTION]->(context)
  RETURN count(context) AS new_attributions
}
