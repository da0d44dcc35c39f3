// How many nodes a page and those before it left out at a moment, by kind and type; or how many there are.
// Nodes that changed since the moment are told apart: ids, types, names, states.
// @param beyond          int, what lies so far or nearer was shown before; -1 for nothing
// @param hops            int, how far what is shown lies at most; what lies further is counted
// @param most            int, what lies further is not counted
// @param after_distance  int, with the next two the last node that was shown before; -1 for none
// @param after_kind      int, 0 for an artifact, 1 for an execution
// @param after_id        int
// @param judged_later    bool, whether nodes that changed since the moment are to be listed
// @param known_at        int, milliseconds
// @param as_of           int, milliseconds
// @after node, distance, reach
// @returns kind, type, count, changed
WITH node, distance, reach, CASE WHEN node:Artifact THEN 0 ELSE 1 END AS kind, node.id AS id
WHERE reach > $beyond AND reach <= $most AND NOT (reach <= $hops AND (distance < $after_distance OR (distance = $after_distance AND (kind < $after_kind OR (kind = $after_kind AND id <= $after_id)))))
WITH kind, node, node.type AS type, $judged_later AND (coalesce(node.recorded_at, 0) > $known_at OR coalesce(node.valid_at, node.create_time_since_epoch, 0) > $as_of) AS changed
WITH kind, type, count(CASE WHEN NOT changed THEN 1 END) AS count, collect(CASE WHEN changed THEN node END) AS slice
WITH kind, type, count, CASE WHEN size(slice) > 0 THEN [
  [node IN slice | node.id], [node IN slice | node.type], [node IN slice | coalesce(node.name, node.deleted_name)],
  [node IN slice | CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END]
] ELSE [] END AS changed
ORDER BY kind, type
