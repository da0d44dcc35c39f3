// Notes that an execution's process is alive, on a node of its own outside the lineage.
// Once the execution has ended there is none, and nothing is noted.
// @param namespace     string
// @param execution_id  int
// @param host          string
// @param pid           int
// @param interval_ms   int, milliseconds until the next one
// @param machine       string, where the pid means something
// @param started       float, when the process began
// @returns execution_id
MATCH (beat:Heartbeat {namespace: $namespace, execution_id: $execution_id})
SET beat.time = timestamp(), beat.host = $host, beat.pid = $pid, beat.interval_ms = $interval_ms,
    beat.machine = $machine, beat.started = $started
RETURN beat.execution_id AS execution_id
