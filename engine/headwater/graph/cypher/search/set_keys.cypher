// Notes which keys are searched beside the usual ones.
// @param keys  list<string>
MERGE (schema:Schema {name: 'headwater'})
SET schema.search_keys = $keys
