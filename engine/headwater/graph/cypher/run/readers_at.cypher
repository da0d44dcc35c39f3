// Executions that read one of the artifacts at a moment, unordered.
// @param namespace  string
// @param ids        list<int>, of artifacts
// @param as_of      int, milliseconds, valid time
// @param known_at   int, milliseconds, recorded time
// @returns ids of executions, creation times
UNWIND $ids AS id
MATCH (artifact:Artifact {namespace: $namespace, id: id})
MATCH (artifact)-[event:INPUT|DECLARED_INPUT|INTERNAL_INPUT|WAS_INPUT|WAS_DECLARED_INPUT|WAS_INTERNAL_INPUT]->(node:Execution)
WHERE coalesce(event.milliseconds_since_epoch, 0) <= $as_of
  AND coalesce(event.recorded_at, 0) <= $known_at
  AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)
WITH DISTINCT node.id AS id, coalesce(node.create_time_since_epoch, 0) AS time
RETURN collect(id) AS ids, collect(time) AS times
