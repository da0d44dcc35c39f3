// The schema version that the database has reached; no row in an empty one.
// @returns version
MATCH (schema:Schema {name: 'headwater'})
RETURN schema.version AS version
