// Makes contexts.
// @param contexts  list<map>, the whole property map of each
CALL () {
  UNWIND $contexts AS row
  CREATE (context:Context)
  SET context = row
}
