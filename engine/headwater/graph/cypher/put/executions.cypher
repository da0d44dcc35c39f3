// Makes executions, and hands them on as nodes, so that later blocks need not look them up.
// @param executions  list<map>, the whole property map of each
// @hands new_executions
CALL () {
  UNWIND $executions AS row
  CREATE (execution:Execution)
  SET execution = row
  RETURN collect(execution) AS new_executions
}
