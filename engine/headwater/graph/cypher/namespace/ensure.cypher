// Makes a namespace with its system types where there is none.
// @param namespace  string
// @param now        int, milliseconds
// @param types      list<[id, kind, name]>
// @param next       int, the first id of a user's type
// @returns whether it was made, its state
MERGE (namespace:Namespace {name: $namespace})
  ON CREATE SET namespace.create_time_since_epoch = $now, namespace.fresh = true
WITH namespace, coalesce(namespace.fresh, false) AS fresh
CALL (namespace, fresh) {
  WITH * WHERE fresh
  REMOVE namespace.fresh
  MERGE (counter:Counter {namespace: $namespace, kind: 'TYPE'})
    ON CREATE SET counter.next = $next
  WITH DISTINCT 1 AS once
  UNWIND $types AS row
  CREATE (:Type {namespace: $namespace, id: row[0], kind: row[1], name: row[2], version: '', system: true})
}
RETURN fresh, namespace.state AS state
