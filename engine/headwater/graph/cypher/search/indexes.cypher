// The full-text indexes whose name begins with a text.
// @param start  string
// @returns name, state
SHOW FULLTEXT INDEXES YIELD name, state
WHERE name STARTS WITH $start
RETURN name, state
ORDER BY name
