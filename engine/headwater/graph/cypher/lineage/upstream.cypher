// Every node upstream of one, with its distance, and every event between two of them.
// One traversal (pruning BFS): linear in what is reached, whatever the number of paths.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param id         int
// @returns chunk of node rows, chunk of event rows (one of the two is null)
MATCH path = (start:LABEL {namespace: $namespace, id: $id})<-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT*0..1000000000]-(node)
WITH node, min(length(path)) AS distance
WITH collect(node) AS nodes, collect([
  node:Artifact, node.id, node.type, coalesce(node.name, node.deleted_name),
  CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END, distance
]) AS node_rows
CALL (nodes) {
  UNWIND nodes AS node
  MATCH (node)<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT]-(other)
  RETURN collect([
    node:Artifact, node.id, other.id, type(event), event.milliseconds_since_epoch, event.path, event.ordinal
  ]) AS event_rows
}
CALL (node_rows, event_rows) {
  UNWIND range(0, size(node_rows) - 1, 1000) AS start
  RETURN node_rows[start..start + 1000] AS node_chunk, null AS event_chunk
UNION ALL
  UNWIND range(0, size(event_rows) - 1, 1000) AS start
  RETURN null AS node_chunk, event_rows[start..start + 1000] AS event_chunk
}
RETURN node_chunk, event_chunk
