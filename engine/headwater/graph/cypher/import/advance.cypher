// Moves an import to its next phase.
// The import stands where the caller believes, or nothing is done: its lock is taken first.
// @param namespace  string
// @param source     string, digest of the source's address
// @param phase      string
// @param after      list<int>, where the import stands
// @param state      map, where it stands afterwards
// @returns 1
MATCH (import:Import {namespace: $namespace, source: $source})
SET import.source = $source
WITH import
WHERE import.phase = $phase AND import.last = $after
SET import += $state
RETURN 1 AS moved
