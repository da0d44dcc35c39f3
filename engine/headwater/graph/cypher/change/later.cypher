// The nodes that were changed after a moment, so that then they may have had other values than now.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param as_of      int, milliseconds
// @param known_at   int, milliseconds
// @returns ids
MATCH (node:LABEL)
WHERE node.namespace = $namespace AND node.id IS NOT NULL AND node.revision IS NOT NULL
  AND (node.recorded_at > $known_at OR node.valid_at > $as_of)
RETURN collect(node.id) AS ids
