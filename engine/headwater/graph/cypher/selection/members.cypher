// The ids of the artifacts and of the executions of contexts.
// @param namespace  string
// @param ids        list<int>, of contexts
// @returns artifact ids, execution ids
UNWIND $ids AS id
MATCH (:Context {namespace: $namespace, id: id})<-[:ATTRIBUTION|ASSOCIATION]-(node)
WITH DISTINCT node, node:Artifact AS is_artifact
RETURN collect(CASE WHEN is_artifact THEN node.id END) AS artifact_ids,
       collect(CASE WHEN NOT is_artifact THEN node.id END) AS execution_ids
