// Events of some executions by their ids, in the order in which they were put.
// @param namespace  string
// @param after      int
// @param last       int
// @returns chunk, rows [ordinal, artifact_id, execution_id, type, time, path]
MATCH (execution:Execution {namespace: $namespace})
WHERE execution.id > $after AND execution.id <= $last
MATCH (execution)-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT]-(artifact:Artifact)
WITH event, artifact.id AS artifact_id, execution.id AS execution_id
ORDER BY event.ordinal
RETURN collect([event.ordinal, artifact_id, execution_id, type(event),
                event.milliseconds_since_epoch, event.path]) AS chunk
