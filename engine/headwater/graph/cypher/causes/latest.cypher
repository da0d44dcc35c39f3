// The newest change among the ancestors that nodes have in common: of a node, and of an event.
// A node changed when it was last updated, or, where that was too late, when it was created.
// @param namespace  string
// @param starts     list<[is artifact, id, whether it is healthy]>
// @param count      int, how many of them are not healthy
// @param before     int, milliseconds, the latest time wanted
// @returns node, whether it was created, null or event, time, greatest distance, sum of distances;
//          an event by its type, ids where data comes from and goes, path
UNWIND $starts AS start
CALL (start) {
  WITH start WHERE start[0]
  MATCH (descendant:Artifact {namespace: $namespace, id: start[1]})
  RETURN descendant
UNION
  WITH start WHERE NOT start[0]
  MATCH (descendant:Execution {namespace: $namespace, id: start[1]})
  RETURN descendant
}
CALL (descendant) {
  MATCH path = (descendant)<-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT*0..1000000000]-(node)
  WITH node, min(length(path)) AS distance
  RETURN node, distance
}
WITH node, count(CASE WHEN NOT start[2] AND distance > 0 THEN 1 END) AS reached,
     max(CASE WHEN start[2] THEN 0 ELSE distance END) AS greatest,
     sum(CASE WHEN start[2] THEN 0 ELSE distance END) AS total,
     count(CASE WHEN start[2] THEN 1 END) AS healthy
WHERE reached = $count
WITH collect([node, greatest, total]) AS ranked
CALL (ranked) {
  UNWIND ranked AS row
  WITH row[0] AS node, row[1] AS greatest, row[2] AS total
  WITH node, greatest, total, coalesce(node.create_time_since_epoch, 0) AS created,
       CASE WHEN node.last_update_time_since_epoch <= $before
            THEN node.last_update_time_since_epoch END AS updated
  WITH node, greatest, total, created, coalesce(updated, created) AS time
  WHERE time <= $before
  WITH node, greatest, total, time, time = created AS is_new, null AS event
  ORDER BY time DESC, greatest, total, node:Artifact DESC, node.id
  LIMIT 1
  RETURN node, is_new, event, time, greatest, total
UNION ALL
  UNWIND ranked AS row
  WITH row[0] AS node, row[1] AS greatest, row[2] AS total
  MATCH (node)<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT]-(other)
  WHERE event.milliseconds_since_epoch <= $before
  WITH node, greatest, total, event, event.milliseconds_since_epoch AS time, other
  ORDER BY time DESC, greatest, total, node:Artifact DESC, node.id, other.id, type(event)
  LIMIT 1
  RETURN node, false AS is_new,
         [type(event), other.id, node.id, event.milliseconds_since_epoch, event.path] AS event,
         time, greatest, total
}
RETURN [node:Artifact, node.id, node.type, coalesce(node.name, node.deleted_name),
        CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END] AS node,
       is_new, event, time, greatest, total
