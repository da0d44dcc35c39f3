// Contexts that an artifact is attributed to, by id.
// @param namespace  string
// @param id         int
// @returns properties
MATCH (:Artifact {namespace: $namespace, id: $id})-[:ATTRIBUTION]->(context:Context)
RETURN properties(context) AS properties ORDER BY context.id
