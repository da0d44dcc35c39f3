// Makes or completes types; the caller has decided under the lock of type/lock.
// @param namespace  string
// @param created    list<map>, the whole property map of each
// @param updated    list<[id, map of properties to set]>
// @param bases      list<[id, kind, name of the system type]>
CALL () {
  UNWIND $created AS row
  CREATE (type:Type)
  SET type = row
}
CALL () {
  UNWIND $updated AS row
  MATCH (type:Type {namespace: $namespace, id: row[0]})
  SET type += row[1]
}
CALL () {
  UNWIND $bases AS row
  MATCH (type:Type {namespace: $namespace, id: row[0]})
  MATCH (base:Type {namespace: $namespace, kind: row[1], name: row[2], version: ''})
  MERGE (type)-[:PARENT_TYPE]->(base)
}
FINISH
