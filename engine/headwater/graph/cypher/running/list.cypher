// What the server is reading for headwater, in any database, the longest first.
// @returns ids of the questions, database, since, milliseconds, status, text
SHOW TRANSACTIONS
YIELD transactionId, metaData, database, startTime, elapsedTime, status, currentQuery
WHERE metaData.headwater IS NOT NULL
RETURN metaData.headwater AS ids, database, startTime, elapsedTime.milliseconds AS milliseconds, status, currentQuery
ORDER BY milliseconds DESC, transactionId
