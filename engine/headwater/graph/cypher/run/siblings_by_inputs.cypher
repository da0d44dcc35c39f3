// Executions of an execution's type that read an artifact that it reads, unordered.
// @param namespace  string
// @param id         int, of an execution
// @returns time of the database server, ids, creation times
MATCH (run:Execution {namespace: $namespace, id: $id})
MATCH (run)<-[own:INPUT|DECLARED_INPUT|INTERNAL_INPUT]-(artifact:Artifact)
WITH DISTINCT run, artifact
MATCH (artifact)-[event:INPUT|DECLARED_INPUT|INTERNAL_INPUT]->(node:Execution)
WHERE node.type = run.type AND node <> run
WITH DISTINCT node.id AS id, coalesce(node.create_time_since_epoch, 0) AS time
WITH collect(id) AS ids, collect(time) AS times
RETURN timestamp() AS asked_at, ids, times
