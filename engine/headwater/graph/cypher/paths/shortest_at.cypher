// A shortest way along the data's flow from one node to another at a moment; no row where there is none.
// Of ways of the same length it is any.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param id         int, where the way starts, a node with the label
// @param end_is_artifact  bool
// @param end_id     int
// @param as_of      int, milliseconds, valid time
// @param known_at   int, milliseconds, recorded time
// @returns node rows, event rows
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
RETURN [node IN nodes(path) |
         [node:Artifact, node.id, node.type, coalesce(node.name, node.deleted_name),
          CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END]] AS nodes,
       [event IN relationships(path) |
         [type(event), startNode(event).id, endNode(event).id,
          event.milliseconds_since_epoch, event.path]] AS events
