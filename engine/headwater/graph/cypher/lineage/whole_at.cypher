// All of the nodes that lie within the hops, and the events between them at a moment, in no order.
// Rows are parts, each of six columns:
// - CUT: nodes left out by the limit, nodes further than the hops, starts among all, the server's time
// - NODES: whether artifacts, ids, types, names, states, distances
// - an event's type: ids at the end that it leads to, ids at the other, times, paths, ordinals
// - CHANGED: as NODES, those that changed since the moment; without distances
// @param hops          int, how far what is shown lies at most; what lies further is counted
// @param closed        bool, whether every source of an event of theirs is among the nodes
// @param judged_later  bool, whether nodes that changed since the moment are to be listed
// @param known_at      int, milliseconds
// @param as_of         int, milliseconds
// @after node, distance, reach
// @returns part, a, b, c, d, e, f
WITH collect(CASE WHEN reach <= $hops THEN node END) AS nodes,
     collect(CASE WHEN reach <= $hops THEN distance END) AS distances,
     count(CASE WHEN reach > $hops THEN 1 END) AS further,
     count(CASE WHEN distance = 0 THEN 1 END) AS starts
CALL (nodes, distances, further, starts) {
  RETURN 'CUT' AS part, 0 AS a, further AS b, starts AS c, datetime.realtime().epochMillis AS d, null AS e, null AS f
UNION ALL
  UNWIND CASE WHEN $judged_later THEN nodes ELSE [] END AS node
  WITH node WHERE coalesce(node.recorded_at, 0) > $known_at OR coalesce(node.valid_at, node.create_time_since_epoch, 0) > $as_of
  WITH collect(node) AS slice
  RETURN 'CHANGED' AS part, [node IN slice | node:Artifact] AS a, [node IN slice | node.id] AS b, [node IN slice | node.type] AS c,
         [node IN slice | coalesce(node.name, node.deleted_name)] AS d,
         [node IN slice | CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END] AS e, null AS f
UNION ALL
  UNWIND range(0, size(nodes) - 1, 10000) AS first
  WITH nodes[first..first + 10000] AS slice, distances[first..first + 10000] AS f
  RETURN 'NODES' AS part, [node IN slice | node:Artifact] AS a, [node IN slice | node.id] AS b, [node IN slice | node.type] AS c,
         [node IN slice | coalesce(node.name, node.deleted_name)] AS d,
         [node IN slice | CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END] AS e, f
UNION ALL
  UNWIND range(0, size(nodes) - 1, 5000) AS first
  CALL (nodes, first) {
    UNWIND nodes[first..first + 5000] AS node
    MATCH (node)<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]-(other)
    WHERE (coalesce(event.milliseconds_since_epoch, 0) <= $as_of
      AND coalesce(event.recorded_at, 0) <= $known_at
      AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)) AND ($closed OR other IN nodes)
    WITH type(event) AS part, node.id AS a, other.id AS b, coalesce(event.milliseconds_since_epoch, false) AS c,
         coalesce(event.path, false) AS d, coalesce(event.ordinal, false) AS e
    RETURN part, collect(a) AS a, collect(b) AS b, collect(c) AS c, collect(d) AS d, collect(e) AS e
  }
  RETURN part, a, b, c, d, e, null AS f
}
