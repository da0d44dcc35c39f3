// Removes a namespace that holds nothing any more, with its counters and its records of imports.
// @param namespace  string
// @returns its properties, without its state; no row where another has removed it
MATCH (namespace:Namespace {name: $namespace, state: 'DROPPING'})
SET namespace.name = $namespace
WITH namespace, namespace{.name, .create_time_since_epoch} AS before
CALL () {
  MATCH (counter:Counter)
  WHERE counter.namespace = $namespace AND counter.kind IS NOT NULL
  DELETE counter
}
CALL () {
  MATCH (import:Import)
  WHERE import.namespace = $namespace AND import.source IS NOT NULL
  DELETE import
}
DETACH DELETE namespace
RETURN before
