// The nodes in order at a moment, a slice at a time, then the events between them by the slice of nodes they lead to.
// The server sends a row when the client asks for it. An event's row ends with the key of the node before its slice.
// Rows are parts, each of six columns:
// - NODES: whether artifacts, ids, types, names, states, distances
// - an event's type: ids at the end that it leads to, ids at the other, times, paths, ordinals
// - CHANGED: as NODES, those that changed since the moment, earlier ones too; without distances
// @param hops             int, how far what is shown lies at most; what lies further is counted
// @param after_distance   int, with the next two the last node that was shown before; -1 for none
// @param after_kind       int, 0 for an artifact, 1 for an execution
// @param after_id         int
// @param events_distance  int, with the next two the last node whose events were sent before; -1 for none
// @param events_kind      int, 0 for an artifact, 1 for an execution
// @param events_id        int
// @param judged_later     bool, whether nodes that changed since the moment are to be listed
// @param known_at         int, milliseconds
// @param as_of            int, milliseconds
// @param chunk            int, how many nodes are one slice
// @param closed           bool, whether every source of an event of theirs is among the nodes
// @after node, distance, reach
// @returns part, a, b, c, d, e, f
WITH node, distance, reach, CASE WHEN node:Artifact THEN 0 ELSE 1 END AS kind, node.id AS id
ORDER BY distance, kind, id
WITH collect(CASE WHEN reach <= $hops THEN node END) AS nodes,
     collect(CASE WHEN reach <= $hops THEN distance END) AS distances,
     count(CASE WHEN reach <= $hops AND (distance < $after_distance OR (distance = $after_distance AND (kind < $after_kind OR (kind = $after_kind AND id <= $after_id)))) THEN 1 END) AS sent,
     count(CASE WHEN reach > $hops THEN 1 END) AS further,
     count(CASE WHEN reach <= $hops AND (distance < $events_distance OR (distance = $events_distance AND (kind < $events_kind OR (kind = $events_kind AND id <= $events_id)))) THEN 1 END) AS told
CALL (nodes, distances, sent, told, further) {
  RETURN 'CUT' AS part, 0 AS a, further AS b, null AS c, null AS d, null AS e, null AS f
UNION ALL
  UNWIND CASE WHEN $judged_later THEN nodes ELSE [] END AS node
  WITH node WHERE coalesce(node.recorded_at, 0) > $known_at OR coalesce(node.valid_at, node.create_time_since_epoch, 0) > $as_of
  WITH collect(node) AS slice
  RETURN 'CHANGED' AS part, [node IN slice | node:Artifact] AS a, [node IN slice | node.id] AS b, [node IN slice | node.type] AS c,
         [node IN slice | coalesce(node.name, node.deleted_name)] AS d,
         [node IN slice | CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END] AS e, null AS f
UNION ALL
  UNWIND range(sent, size(nodes) - 1, $chunk) AS first
  WITH nodes[first..first + $chunk] AS slice, distances[first..first + $chunk] AS f
  RETURN 'NODES' AS part, [node IN slice | node:Artifact] AS a, [node IN slice | node.id] AS b, [node IN slice | node.type] AS c,
         [node IN slice | coalesce(node.name, node.deleted_name)] AS d,
         [node IN slice | CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END] AS e, f
UNION ALL
  UNWIND range(told, size(nodes) - 1, $chunk) AS first
  CALL (nodes, first) {
    UNWIND nodes[first..first + $chunk] AS node
    MATCH (node)<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]-(other)
    WHERE (coalesce(event.milliseconds_since_epoch, 0) <= $as_of
      AND coalesce(event.recorded_at, 0) <= $known_at
      AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)) AND ($closed OR other IN nodes)
    WITH type(event) AS part, node.id AS a, other.id AS b, coalesce(event.milliseconds_since_epoch, false) AS c,
         coalesce(event.path, false) AS d, coalesce(event.ordinal, false) AS e
    ORDER BY e, a, b
    WITH part, collect(a) AS a, collect(b) AS b, collect(c) AS c, collect(d) AS d, collect(e) AS e
    ORDER BY part
    UNWIND range(0, size(a) - 1, 5000) AS from
    RETURN part, a[from..from + 5000] AS a, b[from..from + 5000] AS b, c[from..from + 5000] AS c,
           d[from..from + 5000] AS d, e[from..from + 5000] AS e
  }
  WITH part, a, b, c, d, e,
       CASE WHEN first > 0 THEN nodes[first - 1] END AS last, CASE WHEN first > 0 THEN distances[first - 1] END AS distance
  RETURN part, a, b, c, d, e,
         CASE WHEN last IS NULL THEN [-1, 0, 0] ELSE [distance, CASE WHEN last:Artifact THEN 0 ELSE 1 END, last.id] END AS f
}
