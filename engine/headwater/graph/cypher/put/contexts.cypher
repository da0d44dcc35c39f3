// Makes contexts.
// @after recorded_at
// @param namespace  string
// @param now        int, milliseconds
// @param types      list<[id, name]>, the types of the new nodes
// @param contexts  list<[index of the type, map of the other properties]>
// @sound true
CALL (recorded_at) {
  UNWIND $contexts AS row
  CREATE (context:Context)
  WITH context, row[1] AS properties, $types[row[0]] AS type
  SET context = properties{.*, namespace: $namespace, type_id: type[0], type: type[1],
    create_time_since_epoch: $now, last_update_time_since_epoch: $now,
    recorded_at: recorded_at}
}
