// Whether data flows from one node to another; a row where it does.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param id         int, where the way starts, a node with the label
// @param end_is_artifact  bool
// @param end_id     int
// @returns length in hops
MATCH (start:LABEL {namespace: $namespace, id: $id})
CALL () {
  WITH $end_is_artifact AS is_artifact WHERE is_artifact
  MATCH (end:Artifact {namespace: $namespace, id: $end_id})
  RETURN end
UNION
  WITH $end_is_artifact AS is_artifact WHERE NOT is_artifact
  MATCH (end:Execution {namespace: $namespace, id: $end_id})
  RETURN end
}
MATCH path = shortestPath((start)-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT*1..]->(end))
RETURN length(path) AS hops
