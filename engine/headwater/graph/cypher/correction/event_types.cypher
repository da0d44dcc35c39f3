// The types of the events between an artifact and an execution.
// @param namespace    string
// @param artifact_id  int
// @param execution_id  int
// @returns type
MATCH (artifact:Artifact {namespace: $namespace, id: $artifact_id})
MATCH (execution:Execution {namespace: $namespace, id: $execution_id})
MATCH (artifact)-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT]-(execution)
RETURN type(event) AS type
ORDER BY type
