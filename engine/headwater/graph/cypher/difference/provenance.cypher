// What two nodes came from: nodes once, those of one side alone, and environments, with their properties.
// One traversal a side (pruning BFS). Sides: 1 is the left, 2 the right, 3 both.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param left       int
// @param right      int, another node than the left
// @param environment_type  string
// @returns part, chunk: `node` [is artifact, sides, properties, or of both sides'
// [id, type, name, state, whether it is a tombstone]],
// `event` [is artifact, id of the target, id of the source, type, time, path, ordinal],
// `member` [execution id, context id], `context` properties
UNWIND [[1, $left], [2, $right]] AS side
MATCH (start:LABEL {namespace: $namespace, id: side[1]})<-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT*0..1000000000]-(node)
WITH DISTINCT side, node
WITH node, sum(side[0]) AS sides
WITH collect(node) AS nodes, collect([
  node:Artifact, sides,
  CASE WHEN sides < 3 OR node.type = $environment_type THEN properties(node) END,
  CASE sides WHEN 3 THEN [
    node.id, node.type, coalesce(node.name, node.deleted_name), node.last_known_state,
    node.deleted_time_since_epoch IS NOT NULL
  ] END
]) AS node_rows, collect(CASE WHEN sides < 3 AND node:Execution THEN node END) AS executions
CALL (nodes) {
  UNWIND nodes AS node
  MATCH (node)<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT]-(other)
  RETURN collect([
    node:Artifact, node.id, other.id, type(event), event.milliseconds_since_epoch, event.path, event.ordinal
  ]) AS event_rows
}
CALL (executions) {
  UNWIND executions AS node
  MATCH (node)-[:ASSOCIATION]->(context:Context)
  WITH collect([node.id, context.id]) AS member_rows, collect(DISTINCT context) AS contexts
  RETURN member_rows, [context IN contexts | properties(context)] AS context_rows
}
CALL (node_rows, event_rows, member_rows, context_rows) {
  UNWIND range(0, size(node_rows) - 1, 1000) AS start
  RETURN 'node' AS part, node_rows[start..start + 1000] AS chunk
UNION ALL
  UNWIND range(0, size(event_rows) - 1, 1000) AS start
  RETURN 'event' AS part, event_rows[start..start + 1000] AS chunk
UNION ALL
  UNWIND range(0, size(member_rows) - 1, 1000) AS start
  RETURN 'member' AS part, member_rows[start..start + 1000] AS chunk
UNION ALL
  UNWIND range(0, size(context_rows) - 1, 1000) AS start
  RETURN 'context' AS part, context_rows[start..start + 1000] AS chunk
}
RETURN part, chunk
