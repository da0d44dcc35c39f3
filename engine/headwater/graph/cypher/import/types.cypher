// Replaces the types of a namespace that holds system types alone, and sets the ids of later ones.
// @param namespace  string
// @param rows       list<map>, the whole property map of each type
// @param bases      list<[id, id of the base type]>
// @param next       int, the first id of a type made later
// @returns the properties of the types that were replaced
MATCH (counter:Counter {namespace: $namespace, kind: 'TYPE'})
SET counter.next = $next
WITH counter
CALL () {
  MATCH (old:Type {namespace: $namespace})
  WHERE old.id IS NOT NULL
  WITH old, properties(old) AS before
  DETACH DELETE old
  RETURN collect(before) AS replaced
}
CALL () {
  UNWIND $rows AS row
  CREATE (type:Type)
  SET type = row
}
CALL () {
  UNWIND $bases AS row
  MATCH (type:Type {namespace: $namespace, id: row[0]})
  MATCH (base:Type {namespace: $namespace, id: row[1]})
  CREATE (type)-[:PARENT_TYPE]->(base)
}
RETURN replaced
