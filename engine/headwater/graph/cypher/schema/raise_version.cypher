// Notes that the schema has reached a version; never lowers it.
// @param version  int
MERGE (schema:Schema {name: 'headwater'})
SET schema.version = CASE WHEN coalesce(schema.version, 0) < $version THEN $version
                          ELSE schema.version END
