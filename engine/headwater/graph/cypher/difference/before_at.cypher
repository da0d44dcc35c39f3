// One step upstream of many nodes at a moment: their events, and through those their sources.
// @param namespace      string
// @param artifact_ids   list<int>
// @param execution_ids  list<int>
// @param as_of          int, milliseconds
// @param known_at       int, milliseconds
// @returns chunk of [is artifact, id of the target, id of the source, type, time, path, ordinal]
CALL () {
  UNWIND $artifact_ids AS id
  MATCH (node:Artifact {namespace: $namespace, id: id})
  RETURN node
UNION ALL
  UNWIND $execution_ids AS id
  MATCH (node:Execution {namespace: $namespace, id: id})
  RETURN node
}
MATCH (node)<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]-(other)
WHERE event.milliseconds_since_epoch <= $as_of AND coalesce(event.recorded_at, 0) <= $known_at
  AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)
WITH collect([
  node:Artifact, node.id, other.id, type(event), event.milliseconds_since_epoch, event.path, event.ordinal
]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
