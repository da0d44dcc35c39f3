// Makes artifacts, and hands them on as nodes, so that later blocks need not look them up.
// @param namespace  string
// @param now        int, milliseconds
// @param artifacts  list<map>, the properties of each but for namespace and times
// @hands new_artifacts
// @sound true
CALL () {
  UNWIND $artifacts AS row
  CREATE (artifact:Artifact)
  SET artifact = row{.*, namespace: $namespace,
    create_time_since_epoch: $now, last_update_time_since_epoch: $now}
  RETURN collect(artifact) AS new_artifacts
}
