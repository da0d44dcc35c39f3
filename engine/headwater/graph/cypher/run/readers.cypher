// Executions that read one of the artifacts, unordered.
// @param namespace  string
// @param ids        list<int>, of artifacts
// @returns ids of executions, creation times
UNWIND $ids AS id
MATCH (artifact:Artifact {namespace: $namespace, id: id})
MATCH (artifact)-[event:INPUT|DECLARED_INPUT|INTERNAL_INPUT]->(node:Execution)
WITH DISTINCT node.id AS id, coalesce(node.create_time_since_epoch, 0) AS time
RETURN collect(id) AS ids, collect(time) AS times
