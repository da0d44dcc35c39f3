// Makes contexts.
// @param namespace  string
// @param now        int, milliseconds
// @param contexts  list<map>, the properties of each but for namespace and times
// @sound true
CALL () {
  UNWIND $contexts AS row
  CREATE (context:Context)
  SET context = row{.*, namespace: $namespace,
    create_time_since_epoch: $now, last_update_time_since_epoch: $now}
}
