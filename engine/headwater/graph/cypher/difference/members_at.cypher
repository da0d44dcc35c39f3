// The artifacts and executions of a context at a moment, by kind and id.
// @param namespace  string
// @param id         int
// @param as_of      int, milliseconds
// @param known_at   int, milliseconds
// @returns artifact ids, execution ids
MATCH (context:Context {namespace: $namespace, id: $id})
OPTIONAL MATCH (context)<-[link:ATTRIBUTION|ASSOCIATION|WAS_ATTRIBUTION|WAS_ASSOCIATION]-(node)
WHERE coalesce(link.valid_at, 0) <= $as_of AND coalesce(link.recorded_at, 0) <= $known_at
  AND (link.retracted_at IS NULL OR link.retracted_at > $known_at)
WITH DISTINCT context, node
ORDER BY node.id
RETURN collect(CASE WHEN node:Artifact THEN node.id END) AS artifact_ids,
       collect(CASE WHEN node:Execution THEN node.id END) AS execution_ids
