// The oldest moment that no open write can still change: since when the oldest of them has been open.
// @returns milliseconds, of the database server's clock; of now where none is open
SHOW TRANSACTIONS YIELD startTime, metaData
WHERE metaData.headwater_writes
RETURN coalesce(min(datetime(startTime).epochMillis), datetime.realtime().epochMillis) AS horizon
