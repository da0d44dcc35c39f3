// The ids of the nodes in a state; a tombstone is DELETED, a node without a state UNKNOWN.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param state      string
// @returns ids
MATCH (node:LABEL {namespace: $namespace})
WHERE node.id IS NOT NULL
  AND CASE WHEN node.deleted_time_since_epoch IS NOT NULL THEN 'DELETED'
           ELSE coalesce(node.state, node.last_known_state, 'UNKNOWN') END = $state
RETURN collect(node.id) AS ids
