// Nodes as they are, and the changes that each was touched by, the latest first.
// A change that the first change of the node is not among: that made it, and touched nothing.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param ids        list<int>
// @returns id, map of properties, list<change id>
UNWIND $ids AS id
MATCH (node:LABEL {namespace: $namespace, id: id})
CALL (node) {
  OPTIONAL MATCH (node)<-[:TOUCHED]-(change:Change)
  WITH change ORDER BY change.recorded_at DESC, change.id DESC
  RETURN collect(change.id) AS changes
}
WITH collect([id, properties(node), changes]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
