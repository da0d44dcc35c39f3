// Makes artifacts.
// @param artifacts  list<map>, the whole property map of each
CALL () {
  UNWIND $artifacts AS row
  CREATE (artifact:Artifact)
  SET artifact = row
}
