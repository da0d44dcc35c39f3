// Notes the first sign of life of executions that the same request makes.
// @param namespace    string
// @param first_beats  list<[execution id, host, pid, milliseconds until the next one]>
// @sound true
CALL () {
  UNWIND $first_beats AS row
  CREATE (:Heartbeat {
    namespace: $namespace, execution_id: row[0], time: timestamp(), host: row[1], pid: row[2],
    interval_ms: row[3]
  })
}
