// The ids of every node downstream of one, without the node itself, as one list.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param id         int
// @returns artifact ids, execution ids
MATCH (start:LABEL {namespace: $namespace, id: $id})-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT*1..]->(node)
WITH DISTINCT node, node:Artifact AS is_artifact
RETURN collect(CASE WHEN is_artifact THEN node.id END) AS artifact_ids,
       collect(CASE WHEN NOT is_artifact THEN node.id END) AS execution_ids
