// Makes the record of this change, before what it tells of; later blocks add the numbers they decide.
// @after recorded_at
// @param change     map, the record but the time and the numbers that the database gives
// @hands change
// @sound true
CALL (recorded_at) {
  CREATE (change:Change)
  SET change = $change, change.recorded_at = recorded_at, change.given = [recorded_at]
  RETURN change
}
