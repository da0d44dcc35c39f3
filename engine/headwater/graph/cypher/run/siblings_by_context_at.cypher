// Executions of an execution's type that share a context with it at a moment, unordered.
// @param namespace  string
// @param id         int, of an execution
// @param as_of      int, milliseconds, valid time
// @param known_at   int, milliseconds, recorded time
// @returns time of the database server, ids, creation times
MATCH (run:Execution {namespace: $namespace, id: $id})
MATCH (run)-[own:ASSOCIATION|WAS_ASSOCIATION]->(context:Context)
WHERE coalesce(own.valid_at, 0) <= $as_of
  AND coalesce(own.recorded_at, 0) <= $known_at
  AND (own.retracted_at IS NULL OR own.retracted_at > $known_at)
WITH DISTINCT run, context
MATCH (context)<-[link:ASSOCIATION|WAS_ASSOCIATION]-(node:Execution)
WHERE node.type = run.type AND node <> run
  AND coalesce(link.valid_at, 0) <= $as_of
  AND coalesce(link.recorded_at, 0) <= $known_at
  AND (link.retracted_at IS NULL OR link.retracted_at > $known_at)
WITH DISTINCT node.id AS id, coalesce(node.create_time_since_epoch, 0) AS time
WITH collect(id) AS ids, collect(time) AS times
RETURN timestamp() AS asked_at, ids, times
