// Makes artifacts, and hands them on as nodes, so that later blocks need not look them up.
// @param artifacts  list<map>, the whole property map of each
// @hands new_artifacts
CALL () {
  UNWIND $artifacts AS row
  CREATE (artifact:Artifact)
  SET artifact = row
  RETURN collect(artifact) AS new_artifacts
}
