// Whether the whole database holds nothing but the note of its schema version.
// @returns empty
CALL () {
  MATCH (node)
  RETURN count(node) AS nodes
}
CALL () {
  MATCH (schema:Schema)
  RETURN count(schema) AS schemas
}
RETURN nodes = schemas AS empty
