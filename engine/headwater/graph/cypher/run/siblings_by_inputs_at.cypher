// Executions of an execution's type that read an artifact that it reads at a moment, unordered.
// @param namespace  string
// @param id         int, of an execution
// @param as_of      int, milliseconds, valid time
// @param known_at   int, milliseconds, recorded time
// @returns time of the database server, ids, creation times
MATCH (run:Execution {namespace: $namespace, id: $id})
MATCH (run)<-[own:INPUT|DECLARED_INPUT|INTERNAL_INPUT|WAS_INPUT|WAS_DECLARED_INPUT|WAS_INTERNAL_INPUT]-(artifact:Artifact)
WHERE coalesce(own.milliseconds_since_epoch, 0) <= $as_of
  AND coalesce(own.recorded_at, 0) <= $known_at
  AND (own.retracted_at IS NULL OR own.retracted_at > $known_at)
WITH DISTINCT run, artifact
MATCH (artifact)-[event:INPUT|DECLARED_INPUT|INTERNAL_INPUT|WAS_INPUT|WAS_DECLARED_INPUT|WAS_INTERNAL_INPUT]->(node:Execution)
WHERE node.type = run.type AND node <> run
  AND coalesce(event.milliseconds_since_epoch, 0) <= $as_of
  AND coalesce(event.recorded_at, 0) <= $known_at
  AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)
WITH DISTINCT node.id AS id, coalesce(node.create_time_since_epoch, 0) AS time
WITH collect(id) AS ids, collect(time) AS times
RETURN timestamp() AS asked_at, ids, times
