// Nodes that have a name, and those that may have had it at a moment: what was renamed or deleted since.
// A CASE, because the planner may join two seeks for an OR, and then looks at every change twice.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param type_ids   list<int>
// @param name       string
// @param since      int, milliseconds: known_at, or -1 where as_of is a bound
// @param as_of      int, milliseconds
// @param known_at   int, milliseconds
// @param unnaming   list<string>, operations that leave the names of such nodes alone
// @returns properties
CALL () {
  UNWIND $type_ids AS type_id
  MATCH (node:LABEL {namespace: $namespace, type_id: type_id, name: $name})
  RETURN node
UNION
  MATCH (change:Change)
  USING INDEX change:Change(namespace, recorded_at)
  WHERE change.namespace = $namespace AND change.recorded_at > $since
    AND CASE WHEN change.recorded_at > $known_at THEN true ELSE change.valid_at > $as_of END
    AND NOT change.operation IN $unnaming
  MATCH (change)-[:TOUCHED]->(node:LABEL)
  WHERE node.type_id IN $type_ids AND (change.operation <> 'delete' OR node.deleted_name = $name)
  RETURN node
}
RETURN properties(node) AS properties ORDER BY node.id
