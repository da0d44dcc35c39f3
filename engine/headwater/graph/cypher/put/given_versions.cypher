// Adds to the record the version that each artifact of a series got, and the latest one before it.
// @after change, versions
// @sound true
CALL (change, versions) {
  SET change.given = change.given + reduce(given = [], row IN versions | given + [row[1], row[2]])
}
