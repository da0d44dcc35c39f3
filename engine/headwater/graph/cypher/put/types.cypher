// Those of the types that the caller believes in which are gone or have another name.
// @param namespace  string
// @param types      list<[id, name]>
// @returns stale_types
// @sound size(stale_types) = 0
CALL () {
  UNWIND $types AS known
  OPTIONAL MATCH (type:Type {namespace: $namespace, id: known[0]})
  WITH known, type
  WHERE type IS NULL OR type.name <> known[1]
  RETURN collect(known[0]) AS stale_types
}
