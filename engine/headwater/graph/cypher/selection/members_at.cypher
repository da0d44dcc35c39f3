// The ids of the artifacts and of the executions of contexts at a moment.
// @param namespace  string
// @param ids        list<int>, of contexts
// @param as_of      int, milliseconds
// @param known_at   int, milliseconds
// @returns artifact ids, execution ids
UNWIND $ids AS id
MATCH (:Context {namespace: $namespace, id: id})<-[link:ATTRIBUTION|ASSOCIATION|WAS_ATTRIBUTION|WAS_ASSOCIATION]-(node)
WHERE coalesce(link.valid_at, 0) <= $as_of AND coalesce(link.recorded_at, 0) <= $known_at
  AND (link.retracted_at IS NULL OR link.retracted_at > $known_at)
WITH DISTINCT node, node:Artifact AS is_artifact
RETURN collect(CASE WHEN is_artifact THEN node.id END) AS artifact_ids,
       collect(CASE WHEN NOT is_artifact THEN node.id END) AS execution_ids
