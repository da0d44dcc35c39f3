// The next nodes in order at a moment, and the events between them and between them and earlier ones.
// Rows are parts, each of six columns:
// - CUT: nodes left out by the limit, nodes further than the hops, starts among all, the server's time
// - NODES: whether artifacts, ids, types, names, states, distances
// - an event's type: ids at the end that it leads to, ids at the other, times, paths, ordinals
// - CHANGED: as NODES, those that changed since the moment, earlier ones too; without distances
// @param beyond          int, what lies so far or nearer was shown before; -1 for nothing
// @param hops            int, how far what is shown lies at most; what lies further is counted
// @param after_distance  int, with the next two the last node that was shown before; -1 for none
// @param after_kind      int, 0 for an artifact, 1 for an execution
// @param after_id        int
// @param limit           int, how many nodes at most
// @param judged_later    bool, whether nodes that changed since the moment are to be listed
// @param known_at        int, milliseconds
// @param as_of           int, milliseconds
// @after node, distance, reach
// @returns part, a, b, c, d, e, f
WITH node, distance, reach, CASE WHEN node:Artifact THEN 0 ELSE 1 END AS kind, node.id AS id
ORDER BY distance, kind, id
WITH collect(CASE WHEN reach <= $beyond OR (reach <= $hops AND (distance < $after_distance OR (distance = $after_distance AND (kind < $after_kind OR (kind = $after_kind AND id <= $after_id))))) THEN node END) AS earlier,
     collect(CASE WHEN reach > $beyond AND reach <= $hops AND NOT (distance < $after_distance OR (distance = $after_distance AND (kind < $after_kind OR (kind = $after_kind AND id <= $after_id)))) THEN node END) AS rest,
     collect(CASE WHEN reach > $beyond AND reach <= $hops AND NOT (distance < $after_distance OR (distance = $after_distance AND (kind < $after_kind OR (kind = $after_kind AND id <= $after_id)))) THEN distance END) AS distances,
     count(CASE WHEN reach > $hops AND reach > $beyond THEN 1 END) AS further,
     count(CASE WHEN distance = 0 THEN 1 END) AS starts
WITH earlier, rest[..$limit] AS page, distances[..$limit] AS distances, further, starts, size(rest) AS remaining
WITH earlier, page, distances, further, starts, remaining, earlier + page AS nodes
CALL (earlier, page, distances, further, starts, remaining, nodes) {
  RETURN 'CUT' AS part, remaining - size(page) AS a, further AS b, starts AS c, null AS d, null AS e, null AS f
UNION ALL
  UNWIND CASE WHEN $judged_later THEN nodes ELSE [] END AS node
  WITH node WHERE coalesce(node.recorded_at, 0) > $known_at OR coalesce(node.valid_at, node.create_time_since_epoch, 0) > $as_of
  WITH collect(node) AS slice
  RETURN 'CHANGED' AS part, [node IN slice | node:Artifact] AS a, [node IN slice | node.id] AS b, [node IN slice | node.type] AS c,
         [node IN slice | coalesce(node.name, node.deleted_name)] AS d,
         [node IN slice | CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END] AS e, null AS f
UNION ALL
  UNWIND range(0, size(page) - 1, 10000) AS first
  WITH page[first..first + 10000] AS slice, distances[first..first + 10000] AS f
  RETURN 'NODES' AS part, [node IN slice | node:Artifact] AS a, [node IN slice | node.id] AS b, [node IN slice | node.type] AS c,
         [node IN slice | coalesce(node.name, node.deleted_name)] AS d,
         [node IN slice | CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END] AS e, f
UNION ALL
  UNWIND range(0, size(page) - 1, 5000) AS first
  CALL (nodes, page, first) {
    UNWIND page[first..first + 5000] AS node
    MATCH (node)<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]-(other)
    WHERE (coalesce(event.milliseconds_since_epoch, 0) <= $as_of
      AND coalesce(event.recorded_at, 0) <= $known_at
      AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)) AND other IN nodes
    WITH type(event) AS part, node.id AS a, other.id AS b, coalesce(event.milliseconds_since_epoch, false) AS c,
         coalesce(event.path, false) AS d, coalesce(event.ordinal, false) AS e
    RETURN part, collect(a) AS a, collect(b) AS b, collect(c) AS c, collect(d) AS d, collect(e) AS e
  }
  RETURN part, a, b, c, d, e, null AS f
UNION ALL
  UNWIND CASE WHEN size(earlier) = 0 THEN [] ELSE range(0, size(page) - 1, 5000) END AS first
  CALL (earlier, page, first) {
    UNWIND page[first..first + 5000] AS other
    MATCH (other)-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]->(node)
    WHERE (coalesce(event.milliseconds_since_epoch, 0) <= $as_of
      AND coalesce(event.recorded_at, 0) <= $known_at
      AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)) AND node IN earlier
    WITH type(event) AS part, node.id AS a, other.id AS b, coalesce(event.milliseconds_since_epoch, false) AS c,
         coalesce(event.path, false) AS d, coalesce(event.ordinal, false) AS e
    RETURN part, collect(a) AS a, collect(b) AS b, collect(c) AS c, collect(d) AS d, collect(e) AS e
  }
  RETURN part, a, b, c, d, e, null AS f
}
