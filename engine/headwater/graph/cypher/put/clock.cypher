// Says when the store learns of what the later blocks make, by the database server's clock.
// Stands after the updates, whose locks are held by then: no change of a node is recorded before one that it saw.
// @hands recorded_at
// @returns recorded_at
// @sound true
CALL () {
  RETURN datetime.realtime().epochMillis AS recorded_at
}
