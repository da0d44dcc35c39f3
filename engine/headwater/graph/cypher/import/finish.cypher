// Ends an import: what is left of it is the record of what it brought, and the namespace is shown.
// The import stands where the caller believes, or nothing is done: its lock is taken first.
// @param namespace  string
// @param source     string, digest of the source's address
// @param phase      string
// @param after      list<int>, where the import stands
// @param state      map, where it stands afterwards
// @returns whether it was there to be ended
MATCH (import:Import {namespace: $namespace, source: $source})
SET import.source = $source
WITH import
MATCH (namespace:Namespace {name: $namespace})
WHERE import.phase = $phase AND import.last = $after
  AND import.namespace_created = namespace.create_time_since_epoch
  AND coalesce(namespace.state, '') <> 'DROPPING'
SET import += $state
WITH namespace
REMOVE namespace.state
RETURN true AS ended
