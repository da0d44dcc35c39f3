// The events of executions with those of the artifacts at a moment, in the order in which they were put.
// @param namespace  string
// @param executions  list<int>
// @param artifacts  list<int>
// @param as_of      int, milliseconds
// @param known_at   int, milliseconds
// @returns chunk of [artifact id, execution id, type, milliseconds, path]
UNWIND $executions AS id
MATCH (execution:Execution {namespace: $namespace, id: id})-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]-(artifact)
WHERE artifact.id IN $artifacts
  AND event.milliseconds_since_epoch <= $as_of
  AND coalesce(event.recorded_at, 0) <= $known_at
  AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)
WITH event, artifact.id AS artifact_id, id
ORDER BY event.ordinal, type(event)
WITH collect([
  artifact_id, id, replace(type(event), 'WAS_', ''), event.milliseconds_since_epoch, event.path
]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
