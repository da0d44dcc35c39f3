// What time it is, by the database server's clock.
// @returns milliseconds
RETURN datetime.realtime().epochMillis AS now
