// Contexts that an execution is associated with, by id.
// @param namespace  string
// @param id         int
// @returns properties
MATCH (:Execution {namespace: $namespace, id: $id})-[:ASSOCIATION]->(context:Context)
RETURN properties(context) AS properties ORDER BY context.id
