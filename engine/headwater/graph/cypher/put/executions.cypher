// Makes executions, and hands them on as nodes, so that later blocks need not look them up.
// @after recorded_at
// @param namespace  string
// @param now        int, milliseconds
// @param types      list<[id, name]>, the types of the new nodes
// @param executions  list<[index of the type, map of the other properties]>
// @hands new_executions
// @sound true
CALL (recorded_at) {
  UNWIND $executions AS row
  CREATE (execution:Execution)
  WITH execution, row[1] AS properties, $types[row[0]] AS type
  SET execution = properties{.*, namespace: $namespace, type_id: type[0], type: type[1],
    create_time_since_epoch: $now, last_update_time_since_epoch: $now,
    recorded_at: recorded_at}
  RETURN collect(execution) AS new_executions
}
