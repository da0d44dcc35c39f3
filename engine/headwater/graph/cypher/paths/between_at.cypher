// Every event on a way along the data's flow from one node to another at a moment.
// Two traversals (pruning BFS): the second goes only through what the first has reached.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param id         int, where the way starts, a node with the label
// @param end_is_artifact  bool
// @param end_id     int
// @param as_of      int, milliseconds, valid time
// @param known_at   int, milliseconds, recorded time
// @returns event type, chunks of columns: ids where data comes from, ids where it goes, times, paths
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
CALL (end) {
  MATCH path = (end)<-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT*0..1000000000]-(node)
  WHERE all(event IN relationships(path) WHERE coalesce(event.milliseconds_since_epoch, 0) <= $as_of
      AND coalesce(event.recorded_at, 0) <= $known_at
      AND (event.retracted_at IS NULL OR event.retracted_at > $known_at))
  WITH DISTINCT node
  RETURN collect(node) AS above
}
CALL (start, above) {
  MATCH path = (start)-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT*0..1000000000]->(node)
  WHERE all(step IN nodes(path) WHERE step IN above)
    AND all(event IN relationships(path) WHERE coalesce(event.milliseconds_since_epoch, 0) <= $as_of
        AND coalesce(event.recorded_at, 0) <= $known_at
        AND (event.retracted_at IS NULL OR event.retracted_at > $known_at))
  WITH DISTINCT node
  RETURN collect(node) AS kept
}
CALL (kept) {
  UNWIND kept AS node
  MATCH (node)<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]-(other)
  WHERE other IN kept
    AND coalesce(event.milliseconds_since_epoch, 0) <= $as_of
    AND coalesce(event.recorded_at, 0) <= $known_at
    AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)
  RETURN type(event) AS part, collect(other.id) AS sources, collect(node.id) AS targets,
         collect(coalesce(event.milliseconds_since_epoch, false)) AS times,
         collect(coalesce(event.path, '')) AS paths
}
UNWIND range(0, size(sources) - 1, 10000) AS first
RETURN part, sources[first..first + 10000] AS sources, targets[first..first + 10000] AS targets,
       times[first..first + 10000] AS times, paths[first..first + 10000] AS paths
