// Notes the first sign of life of executions that the same request makes.
// @param namespace    string
// @param first_beats  list<[execution id, host, pid, milliseconds until the next one,
//                     machine, when the process began]>
// @sound true
CALL () {
  UNWIND $first_beats AS row
  CREATE (:Heartbeat {
    namespace: $namespace, execution_id: row[0], time: timestamp(), host: row[1], pid: row[2],
    interval_ms: row[3], machine: row[4], started: row[5]
  })
}
