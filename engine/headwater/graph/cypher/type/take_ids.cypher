// Takes ids for new types inside the transaction that makes them, so that none is skipped.
// @param namespace  string
// @param count      int
// @returns first id
MATCH (counter:Counter {namespace: $namespace, kind: 'TYPE'})
SET counter.next = counter.next + $count
RETURN counter.next - $count AS first
