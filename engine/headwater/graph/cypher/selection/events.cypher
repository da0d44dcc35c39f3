// The events of executions with those of the artifacts, in the order in which they were put.
// @param namespace  string
// @param executions  list<int>
// @param artifacts  list<int>
// @returns chunk of [artifact id, execution id, type, milliseconds, path]
UNWIND $executions AS id
MATCH (execution:Execution {namespace: $namespace, id: id})-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT]-(artifact)
WHERE artifact.id IN $artifacts
WITH event, artifact.id AS artifact_id, id
ORDER BY event.ordinal
WITH collect([artifact_id, id, type(event), event.milliseconds_since_epoch, event.path]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
