// Contexts of artifacts and executions, as pairs of ids.
// @param namespace      string
// @param artifact_ids   list<int>
// @param execution_ids  list<int>
// @returns type of link, chunk of node ids, chunk of context ids
CALL () {
  UNWIND $artifact_ids AS id
  MATCH (node:Artifact {namespace: $namespace, id: id})-[link:ATTRIBUTION]->(context:Context)
  RETURN type(link) AS part, collect(id) AS ids, collect(context.id) AS context_ids
UNION ALL
  UNWIND $execution_ids AS id
  MATCH (node:Execution {namespace: $namespace, id: id})-[link:ASSOCIATION]->(context:Context)
  RETURN type(link) AS part, collect(id) AS ids, collect(context.id) AS context_ids
}
UNWIND range(0, size(ids) - 1, 10000) AS first
RETURN part, ids[first..first + 10000] AS ids, context_ids[first..first + 10000] AS context_ids
