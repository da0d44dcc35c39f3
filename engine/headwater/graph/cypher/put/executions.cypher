// Makes executions.
// @param executions  list<map>, the whole property map of each
CALL () {
  UNWIND $executions AS row
  CREATE (execution:Execution)
  SET execution = row
}
