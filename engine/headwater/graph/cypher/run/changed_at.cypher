// Nodes that were changed after a moment, and may have been there at it; all nodes are looked at.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param as_of      int, milliseconds, valid time
// @param known_at   int, milliseconds, recorded time
// @returns ids
MATCH (node:LABEL)
USING INDEX node:LABEL(namespace, id)
WHERE node.namespace = $namespace AND node.id IS NOT NULL AND node.revision > 1
  AND node.create_time_since_epoch <= $as_of
  AND (coalesce(node.recorded_at, 0) > $known_at
    OR coalesce(node.valid_at, node.last_update_time_since_epoch, 0) > $as_of)
WITH node.id AS id ORDER BY id
RETURN collect(id) AS ids
