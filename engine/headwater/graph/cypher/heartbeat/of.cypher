// The last heartbeat of one execution; no row if it has none.
// @param namespace     string
// @param execution_id  int
// @returns execution_id, time, host, pid, interval_ms, machine, started, age_ms
MATCH (beat:Heartbeat {namespace: $namespace, execution_id: $execution_id})
RETURN beat.execution_id AS execution_id, beat.time AS time, beat.host AS host, beat.pid AS pid,
       beat.interval_ms AS interval_ms, coalesce(beat.machine, "") AS machine,
       coalesce(beat.started, 0.0) AS started, timestamp() - beat.time AS age_ms
