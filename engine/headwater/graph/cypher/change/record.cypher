// Keeps the record of a change in its transaction, and raises the revision of each node it touched.
// Their locks are held already, so no recorded time falls below that of the revision before.
// @param namespace    string
// @param change       map, the record but the time
// @param recorded_at  int, milliseconds, or null for now
// @param valid_at     int, milliseconds
// @param artifacts    list<int>, ids of those that were there before the change
// @param executions   list<int>, likewise
// @param contexts     list<int>, likewise
// @returns when it was recorded
WITH coalesce($recorded_at, datetime.realtime().epochMillis) AS recorded_at
CREATE (change:Change)
SET change = $change, change.recorded_at = recorded_at, change.given = [recorded_at]
WITH change, recorded_at
CALL (change) {
  UNWIND $artifacts AS id
  MATCH (node:Artifact {namespace: $namespace, id: id})
  RETURN node
UNION ALL
  UNWIND $executions AS id
  MATCH (node:Execution {namespace: $namespace, id: id})
  RETURN node
UNION ALL
  UNWIND $contexts AS id
  MATCH (node:Context {namespace: $namespace, id: id})
  RETURN node
UNION ALL
  WITH change
  RETURN null AS node
}
CALL (change, recorded_at, node) {
  WITH * WHERE node IS NOT NULL
  CREATE (change)-[:TOUCHED]->(node)
  SET node.revision = coalesce(node.revision, 1) + 1,
      node.valid_at = CASE WHEN node.valid_at > $valid_at THEN node.valid_at ELSE $valid_at END,
      node.recorded_at = CASE WHEN node.recorded_at > recorded_at THEN node.recorded_at ELSE recorded_at END
}
RETURN DISTINCT recorded_at
