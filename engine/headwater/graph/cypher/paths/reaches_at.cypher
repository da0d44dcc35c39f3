// Whether data flows from one node to another at a moment; a row where it does.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param id         int, where the way starts, a node with the label
// @param end_is_artifact  bool
// @param end_id     int
// @param as_of      int, milliseconds, valid time
// @param known_at   int, milliseconds, recorded time
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
MATCH path = shortestPath((start)-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT*1..]->(end))
WHERE all(event IN relationships(path) WHERE coalesce(event.milliseconds_since_epoch, 0) <= $as_of
    AND coalesce(event.recorded_at, 0) <= $known_at
    AND (event.retracted_at IS NULL OR event.retracted_at > $known_at))
RETURN length(path) AS hops
