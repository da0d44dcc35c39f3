// Puts contexts within others, under the namespace's lock for the tree of contexts.
// The lock makes the check for cycles sound: no other request can add a parent meanwhile.
// Hands on, row by row, the two ids (null where a context was not found) and what stands in the way.
// @after recorded_at
// @param valid_at   int, milliseconds
// @param namespace  string
// @param parents    list<[child id or null, type id, name, parent id or null, type id, name]>
// @returns parents
CALL (recorded_at) {
  MATCH (lock:Namespace {name: $namespace})
  SET lock.name = $namespace
  WITH lock
  UNWIND $parents AS row
  CALL (row, recorded_at) {
    OPTIONAL MATCH (child_by_id:Context {namespace: $namespace, id: row[0]})
    OPTIONAL MATCH (child_by_name:Context {namespace: $namespace, type_id: row[1], name: row[2]})
    OPTIONAL MATCH (parent_by_id:Context {namespace: $namespace, id: row[3]})
    OPTIONAL MATCH (parent_by_name:Context {namespace: $namespace, type_id: row[4], name: row[5]})
    WITH coalesce(child_by_id, child_by_name) AS child,
         coalesce(parent_by_id, parent_by_name) AS parent
    OPTIONAL MATCH (child)-[known:PARENT]->(parent)
    WITH child, parent, count(known) > 0 AS taken
    CALL (child, parent) {
      OPTIONAL MATCH (parent)-[:PARENT*0..]->(above)
      WITH DISTINCT child, above
      RETURN count(CASE WHEN above = child THEN 1 END) > 0 AS cycle
    }
    CALL (child, parent, taken, cycle, recorded_at) {
      WITH * WHERE child IS NOT NULL AND parent IS NOT NULL AND NOT taken AND NOT cycle
      CREATE (child)-[:PARENT {valid_at: $valid_at, recorded_at: recorded_at}]->(parent)
    }
    RETURN [child.id, parent.id, taken, cycle] AS done
  }
  RETURN collect(done) AS parents
}
