// Other executions of an execution's type, unordered.
// @param namespace  string
// @param id         int, of an execution
// @returns time of the database server, ids, creation times
MATCH (run:Execution {namespace: $namespace, id: $id})
MATCH (node:Execution)
USING INDEX node:Execution(type)
WHERE node.type = run.type AND node.namespace = $namespace AND node.id <> $id
WITH node.id AS id, coalesce(node.create_time_since_epoch, 0) AS time
WITH collect(id) AS ids, collect(time) AS times
RETURN timestamp() AS asked_at, ids, times
