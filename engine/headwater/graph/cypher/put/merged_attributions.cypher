// Links nodes that the same request makes to contexts that it found or made by name.
// @param namespace  string
// @param merged_attributions  list<[node id, type id, name]>
// @returns merged_attributions
CALL () {
  UNWIND $merged_attributions AS row
  MATCH (node:Artifact {namespace: $namespace, id: row[0]})
  MATCH (context:Context {namespace: $namespace, type_id: row[1], name: row[2]})
  WITH DISTINCT node, context
  WHERE NOT EXISTS { (node)-[:ATTRIBUTION]->(context) }
  CREATE (node)-[:ATTRIBUTION]->(context)
  RETURN count(context) AS merged_attributions
}
