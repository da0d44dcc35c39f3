// Events of the executions asked for, in the order in which they were put.
// @param namespace  string
// @param ids        list<int>
// @returns chunk, rows [artifact_id, execution_id, type, time, path]
UNWIND $ids AS id
WITH DISTINCT id
MATCH (node:Execution {namespace: $namespace, id: id})
MATCH (node)-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT]-(other:Artifact)
WITH other.id AS artifact_id, node.id AS execution_id, event
ORDER BY event.ordinal
WITH collect([artifact_id, execution_id, type(event), event.milliseconds_since_epoch, event.path]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
