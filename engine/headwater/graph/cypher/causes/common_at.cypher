// The ancestors that nodes have in common at a moment, most specific first.
// One traversal (pruning BFS) for each node.
// @param namespace  string
// @param starts     list<[is artifact, id, whether it is healthy]>
// @param count      int, how many of them are not healthy
// @param as_of      int, milliseconds, valid time
// @param known_at   int, milliseconds, recorded time
// @param kinds      list<bool>, is artifact, of the ancestors wanted
// @param types      list<string> or null for all, of the ancestors wanted
// @param first      int, how many to pass over
// @param last       int, the place after the last one wanted
// @returns time of the database server, how many there are or null,
//          counts of those after the last one wanted [is artifact, type, count] or null,
//          chunk or null: rows of node, healthy descendants, greatest distance, sum of distances, creation time
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
  MATCH path = (descendant)<-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT*0..1000000000]-(node)
  WHERE all(event IN relationships(path) WHERE coalesce(event.milliseconds_since_epoch, 0) <= $as_of
      AND coalesce(event.recorded_at, 0) <= $known_at
      AND (event.retracted_at IS NULL OR event.retracted_at > $known_at))
  WITH node, min(length(path)) AS distance
  RETURN node, distance
}
WITH node, count(CASE WHEN NOT start[2] AND distance > 0 THEN 1 END) AS reached,
     max(CASE WHEN start[2] THEN 0 ELSE distance END) AS greatest,
     sum(CASE WHEN start[2] THEN 0 ELSE distance END) AS total,
     count(CASE WHEN start[2] THEN 1 END) AS healthy
WHERE reached = $count
  AND node:Artifact IN $kinds AND ($types IS NULL OR node.type IN $types)
WITH node, healthy, greatest, total, coalesce(node.create_time_since_epoch, 0) AS created
ORDER BY healthy, greatest, total, created DESC, node:Artifact DESC, node.id
WITH collect([node, healthy, greatest, total, created]) AS ranked
CALL (ranked) {
  UNWIND ranked[$last..] AS row
  WITH row[0] AS node
  WITH node:Artifact AS is_artifact, node.type AS type, count(*) AS count
  ORDER BY is_artifact DESC, type
  WITH collect([is_artifact, type, count]) AS counts
  RETURN size(ranked) AS size, counts, null AS chunk
UNION ALL
  UNWIND ranked[$first..$last] AS row
  WITH row[0] AS node, row[1] AS healthy, row[2] AS greatest, row[3] AS total, row[4] AS created
  WITH collect([
    node:Artifact, node.id, node.type, coalesce(node.name, node.deleted_name),
    CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END,
    healthy, greatest, total, created
  ]) AS rows
  UNWIND range(0, size(rows) - 1, 1000) AS start
  RETURN null AS size, null AS counts, rows[start..start + 1000] AS chunk
}
RETURN timestamp() AS asked_at, size, counts, chunk
