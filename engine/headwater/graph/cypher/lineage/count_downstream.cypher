// How many nodes lie downstream of some, these included, by kind and type.
// Without distances, and by the type's id, which is a number: half as long as with them and by its name.
// @param namespace   string
// @param artifacts   list<int>, ids of the artifacts that it starts from
// @param executions  list<int>, ids of the executions that it starts from
// @returns is_artifact, type, count
CALL () {
  UNWIND $artifacts AS id
  MATCH (start:Artifact {namespace: $namespace, id: id})
  RETURN start
UNION ALL
  UNWIND $executions AS id
  MATCH (start:Execution {namespace: $namespace, id: id})
  RETURN start
}
MATCH (start)-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT*0..1000000000]->(node)
WITH DISTINCT node
WITH node.type_id AS type_id, count(*) AS count
OPTIONAL MATCH (type:Type {namespace: $namespace, id: type_id})
RETURN type.kind = 'ARTIFACT' AS is_artifact, type.name AS type, sum(count) AS count
