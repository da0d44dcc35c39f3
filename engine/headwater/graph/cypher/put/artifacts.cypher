// Makes artifacts, and hands them on as nodes, so that later blocks need not look them up.
// @after recorded_at
// @param namespace  string
// @param now        int, milliseconds
// @param types      list<[id, name]>, the types of the new nodes
// @param artifacts  list<[index of the type, map of the other properties]>
// @hands new_artifacts
// @sound true
CALL (recorded_at) {
  UNWIND $artifacts AS row
  CREATE (artifact:Artifact)
  WITH artifact, row[1] AS properties, $types[row[0]] AS type
  SET artifact = properties{.*, namespace: $namespace, type_id: type[0], type: type[1],
    create_time_since_epoch: $now, last_update_time_since_epoch: $now,
    recorded_at: recorded_at}
  RETURN collect(artifact) AS new_artifacts
}
