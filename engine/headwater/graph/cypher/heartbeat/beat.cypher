// Notes that an execution's process is alive; on a node of its own, outside the lineage.
// @param namespace     string
// @param execution_id  int
// @param now           int, milliseconds
// @param host          string
// @param pid           int
// @param interval_ms   int, milliseconds until the next one
MERGE (beat:Heartbeat {namespace: $namespace, execution_id: $execution_id})
SET beat.time = $now, beat.host = $host, beat.pid = $pid, beat.interval_ms = $interval_ms
