// Executions of an execution's type that share a context with it, unordered.
// @param namespace  string
// @param id         int, of an execution
// @returns time of the database server, ids, creation times
MATCH (run:Execution {namespace: $namespace, id: $id})
MATCH (run)-[own:ASSOCIATION]->(context:Context)
WITH DISTINCT run, context
MATCH (context)<-[link:ASSOCIATION]-(node:Execution)
WHERE node.type = run.type AND node <> run
WITH DISTINCT node.id AS id, coalesce(node.create_time_since_epoch, 0) AS time
WITH collect(id) AS ids, collect(time) AS times
RETURN timestamp() AS asked_at, ids, times
