// Waits until every index is online.
// @param timeout_s  int
CALL db.awaitIndexes($timeout_s)
