// Ends what the server is reading under the id of a question; others' transactions bear none.
// @param id  string
// @returns what became of each
SHOW TRANSACTIONS
YIELD transactionId AS ended, metaData
WHERE $id IN metaData.headwater
TERMINATE TRANSACTIONS ended
YIELD message
RETURN message
