// The keys that are searched beside the usual ones; no row in an empty database.
// @returns keys
MATCH (schema:Schema {name: 'headwater'})
RETURN coalesce(schema.search_keys, []) AS keys
