// Removes some of the heartbeats of a namespace that is being dropped.
// @param namespace  string
// @param nodes      int, how many at most
// @returns how many were removed
MATCH (beat:Heartbeat)
WHERE beat.namespace = $namespace AND beat.execution_id IS NOT NULL
WITH beat LIMIT $nodes
DETACH DELETE beat
RETURN count(*) AS removed
