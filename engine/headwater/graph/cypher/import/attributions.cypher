// Links artifacts to contexts.
// The import stands where the caller believes, or nothing is done: its lock is taken first.
// @param namespace  string
// @param source     string, digest of the source's address
// @param phase      string
// @param after      list<int>, where the import stands
// @param state      map, where it stands afterwards
// @param rows       list<[artifact id, context id]>
// @returns made
MATCH (import:Import {namespace: $namespace, source: $source})
SET import.source = $source
WITH import
MATCH (namespace:Namespace {name: $namespace})
WHERE import.phase = $phase AND import.last = $after
  AND import.namespace_created = namespace.create_time_since_epoch
  AND coalesce(namespace.state, '') <> 'DROPPING'
SET import += $state
WITH import, datetime.realtime().epochMillis AS recorded_at
CALL (recorded_at) {
  UNWIND $rows AS row
  MATCH (node:Artifact {namespace: $namespace, id: row[0]})
  MATCH (context:Context {namespace: $namespace, id: row[1]})
  CREATE (node)-[link:ATTRIBUTION {recorded_at: recorded_at}]->(context)
  RETURN count(link) AS made
}
RETURN made
