// Takes the lock under which types of a namespace change, and returns those of the names asked for.
// @param namespace  string
// @param names      list<string>
// @param external_ids  list<string>
// @returns properties, name of the base type
MATCH (lock:Counter {namespace: $namespace, kind: 'TYPE'})
SET lock.kind = 'TYPE'
WITH lock
MATCH (type:Type {namespace: $namespace})
WHERE type.id IS NOT NULL AND (type.name IN $names OR type.external_id IN $external_ids)
OPTIONAL MATCH (type)-[:PARENT_TYPE]->(base:Type)
RETURN properties(type) AS properties, base.name AS base ORDER BY type.id
