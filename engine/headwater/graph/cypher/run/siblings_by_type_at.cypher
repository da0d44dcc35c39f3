// Other executions of an execution's type at a moment, unordered.
// @param namespace  string
// @param id         int, of an execution
// @param as_of      int, milliseconds, valid time
// @param known_at   int, milliseconds, recorded time
// @returns time of the database server, ids, creation times
MATCH (run:Execution {namespace: $namespace, id: $id})
MATCH (node:Execution)
USING INDEX node:Execution(type)
WHERE node.type = run.type AND node.namespace = $namespace AND node.id <> $id
  AND node.create_time_since_epoch <= $as_of
  AND (node.revision > 1 OR coalesce(node.recorded_at, 0) <= $known_at)
WITH node.id AS id, coalesce(node.create_time_since_epoch, 0) AS time
WITH collect(id) AS ids, collect(time) AS times
RETURN timestamp() AS asked_at, ids, times
