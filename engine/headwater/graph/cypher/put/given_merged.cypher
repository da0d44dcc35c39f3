// Adds to the record the id of each merged context, and 1 where this request made it, else 0.
// @after change, merged
// @sound true
CALL (change, merged) {
  SET change.given = change.given + reduce(given = [], row IN merged | given + [row[0], CASE WHEN row[1] THEN 1 ELSE 0 END])
}
