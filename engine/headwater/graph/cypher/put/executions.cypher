// Makes executions, and hands them on as nodes, so that later blocks need not look them up.
// @param namespace  string
// @param now        int, milliseconds
// @param executions  list<map>, the properties of each but for namespace and times
// @hands new_executions
// @sound true
CALL () {
  UNWIND $executions AS row
  CREATE (execution:Execution)
  SET execution = row{.*, namespace: $namespace,
    create_time_since_epoch: $now, last_update_time_since_epoch: $now}
  RETURN collect(execution) AS new_executions
}
