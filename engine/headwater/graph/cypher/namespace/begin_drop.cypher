// Marks a namespace as being dropped and removes its types, so that no put that knows them succeeds.
// @param namespace  string
// @returns create_time_since_epoch; no row where there is no such namespace
MATCH (namespace:Namespace {name: $namespace})
SET namespace.state = 'DROPPING'
WITH namespace
CALL () {
  MATCH (type:Type)
  WHERE type.namespace = $namespace AND type.id IS NOT NULL
  DETACH DELETE type
}
CALL () {
  MATCH (counter:Counter {namespace: $namespace, kind: 'TYPE'})
  DELETE counter
}
RETURN namespace.create_time_since_epoch AS create_time_since_epoch
