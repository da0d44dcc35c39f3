// Direct children of contexts: rows by the context asked for, then by id.
// @param namespace  string
// @param ids        list<int>
// @returns id, properties
UNWIND $ids AS id
WITH DISTINCT id
MATCH (:Context {namespace: $namespace, id: id})<-[:PARENT]-(other:Context)
RETURN id, properties(other) AS properties ORDER BY id, other.id
