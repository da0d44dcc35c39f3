// Every node upstream or downstream of some at a moment, but not past nodes that stop it, with its shorter distance.
// One pruning breadth-first search for each start: linear in what is reached, whatever the number of paths.
// At a moment: events that had happened by $as_of, and that the store held true at $known_at.
// @param artifacts        list<int>, ids of the artifacts that it starts from
// @param namespace        string
// @param executions       list<int>, ids of the executions that it starts from
// @param as_of            int, milliseconds
// @param known_at         int, milliseconds
// @param stop_types       list<string>
// @param stop_artifacts   list<int>
// @param stop_executions  list<int>
// @hands node, distance, reach
CALL () {
  UNWIND $artifacts AS id
  MATCH (start:Artifact {namespace: $namespace, id: id})
  RETURN start
UNION ALL
  UNWIND $executions AS id
  MATCH (start:Execution {namespace: $namespace, id: id})
  RETURN start
}
CALL (start) {
  MATCH path = (start)<-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT*0..1000000000]-(node)
  WHERE all(event IN relationships(path) WHERE coalesce(event.milliseconds_since_epoch, 0) <= $as_of
    AND coalesce(event.recorded_at, 0) <= $known_at
    AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)
    AND (CASE WHEN endNode(event):Artifact THEN endNode(event).id IN $artifacts ELSE endNode(event).id IN $executions END
      OR NOT (endNode(event).type IN $stop_types OR CASE WHEN endNode(event):Artifact THEN endNode(event).id IN $stop_artifacts ELSE endNode(event).id IN $stop_executions END)))
  WITH node, min(length(path)) AS distance
  RETURN node, distance
UNION ALL
  MATCH path = (start)-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT*0..1000000000]->(node)
  WHERE all(event IN relationships(path) WHERE coalesce(event.milliseconds_since_epoch, 0) <= $as_of
    AND coalesce(event.recorded_at, 0) <= $known_at
    AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)
    AND (CASE WHEN startNode(event):Artifact THEN startNode(event).id IN $artifacts ELSE startNode(event).id IN $executions END
      OR NOT (startNode(event).type IN $stop_types OR CASE WHEN startNode(event):Artifact THEN startNode(event).id IN $stop_artifacts ELSE startNode(event).id IN $stop_executions END)))
  WITH node, min(length(path)) AS distance
  RETURN node, distance
}
WITH node, min(distance) AS distance
WITH node, distance, distance AS reach
