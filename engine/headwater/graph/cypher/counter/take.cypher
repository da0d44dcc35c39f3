// Takes ids from counters that start at 1, in a transaction of its own.
// @param namespace  string
// @param wanted     list<[kind, count]>
// @returns first ids, in the order asked
UNWIND $wanted AS want
MERGE (counter:Counter {namespace: $namespace, kind: want[0]})
  ON CREATE SET counter.next = 1
SET counter.next = counter.next + want[1]
RETURN counter.next - want[1] AS first
