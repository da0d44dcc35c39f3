// What a node came from at a moment: ids alone, for its properties are asked of the moment too.
// The times are tested inside the pattern, which keeps the pruning BFS.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param id         int
// @param as_of      int, milliseconds
// @param known_at   int, milliseconds
// @returns part, chunk: `node` [is artifact, id], `event` [is artifact, id of the target,
// id of the source, type, time, path, ordinal], `member` [execution id, context id]
MATCH path = (start:LABEL {namespace: $namespace, id: $id})<-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT*0..1000000000]-(node)
WHERE all(event IN relationships(path) WHERE event.milliseconds_since_epoch <= $as_of
  AND coalesce(event.recorded_at, 0) <= $known_at
  AND (event.retracted_at IS NULL OR event.retracted_at > $known_at))
WITH DISTINCT node
WITH collect(node) AS nodes, collect([node:Artifact, node.id]) AS node_rows,
     collect(CASE WHEN node:Execution THEN node END) AS executions
CALL (nodes) {
  UNWIND nodes AS node
  MATCH (node)<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]-(other)
  WHERE event.milliseconds_since_epoch <= $as_of AND coalesce(event.recorded_at, 0) <= $known_at
    AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)
  RETURN collect([
    node:Artifact, node.id, other.id, type(event), event.milliseconds_since_epoch, event.path, event.ordinal
  ]) AS event_rows
}
CALL (executions) {
  UNWIND executions AS node
  MATCH (node)-[link:ASSOCIATION|WAS_ASSOCIATION]->(context:Context)
  WHERE coalesce(link.valid_at, 0) <= $as_of AND coalesce(link.recorded_at, 0) <= $known_at
    AND (link.retracted_at IS NULL OR link.retracted_at > $known_at)
  RETURN collect(DISTINCT [node.id, context.id]) AS member_rows
}
CALL (node_rows, event_rows, member_rows) {
  UNWIND range(0, size(node_rows) - 1, 1000) AS start
  RETURN 'node' AS part, node_rows[start..start + 1000] AS chunk
UNION ALL
  UNWIND range(0, size(event_rows) - 1, 1000) AS start
  RETURN 'event' AS part, event_rows[start..start + 1000] AS chunk
UNION ALL
  UNWIND range(0, size(member_rows) - 1, 1000) AS start
  RETURN 'member' AS part, member_rows[start..start + 1000] AS chunk
}
RETURN part, chunk
