// Those of some nodes that were there at a moment as they are now.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param ids        list<int>
// @param as_of      int, milliseconds, valid time
// @param known_at   int, milliseconds, recorded time
// @returns ids, creation times
UNWIND $ids AS id
MATCH (node:LABEL {namespace: $namespace, id: id})
WHERE node.create_time_since_epoch <= $as_of
  AND coalesce(node.recorded_at, 0) <= $known_at
  AND (coalesce(node.revision, 1) = 1 OR coalesce(node.valid_at, node.last_update_time_since_epoch, 0) <= $as_of)
RETURN collect(node.id) AS ids, collect(coalesce(node.create_time_since_epoch, 0)) AS times
