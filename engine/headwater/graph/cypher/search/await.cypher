// Waits until an index is online.
// @param name       string
// @param seconds    int
CALL db.awaitIndex($name, $seconds)
