// Begins an import: takes the ids of all that it will make, and keeps what it needs to go on.
// What is left of an import into a namespace of that name that was dropped goes away.
// The namespace is marked as being imported where it held nothing before.
// @param namespace  string
// @param wanted     list<[kind, count]>, ids to take
// @param state      map, the other properties of the import
// @param hidden     bool, whether the namespace is to be marked
// @returns properties of the import
MATCH (namespace:Namespace {name: $namespace})
FOREACH (once IN CASE WHEN $hidden THEN [1] ELSE [] END | SET namespace.state = 'IMPORTING')
WITH namespace
CALL () {
  MATCH (stale:Import {namespace: $namespace, source: $state.source})
  DELETE stale
}
WITH namespace
CREATE (import:Import)
SET import = $state
WITH import
CALL () {
  UNWIND $wanted AS want
  MERGE (counter:Counter {namespace: $namespace, kind: want[0]})
    ON CREATE SET counter.next = 1
  SET counter.next = counter.next + want[1]
  RETURN collect(want[0]) AS kinds, collect(counter.next - want[1] - 1) AS offsets
}
SET import.offset_kinds = kinds, import.offsets = offsets
RETURN properties(import) AS state
