// All types of a namespace by id, in chunks of rows [properties, name of the base type].
// @param namespace  string
// @returns chunk
MATCH (type:Type {namespace: $namespace})
WHERE type.id IS NOT NULL
OPTIONAL MATCH (type)-[:PARENT_TYPE]->(base:Type)
WITH type, base ORDER BY type.id
WITH collect([properties(type), base.name]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
