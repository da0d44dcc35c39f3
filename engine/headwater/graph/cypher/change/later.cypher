// The nodes that were changed after a moment, so that then they may have had other values than now.
// They are found from the records of those changes: nodes that nobody changed are not passed over.
// A CASE, because the planner may join two seeks for an OR, and then looks at every change twice.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param type_ids   list<int> or null for all
// @param since      int, milliseconds: known_at, or -1 where as_of is a bound
// @param as_of      int, milliseconds
// @param known_at   int, milliseconds
// @returns list<[id, create time]>, of those that were made by then
MATCH (change:Change)
USING INDEX change:Change(namespace, recorded_at)
WHERE change.namespace = $namespace AND change.recorded_at > $since
  AND CASE WHEN change.recorded_at > $known_at THEN true ELSE change.valid_at > $as_of END
MATCH (change)-[:TOUCHED]->(node:LABEL)
WHERE node.create_time_since_epoch <= $as_of AND ($type_ids IS NULL OR node.type_id IN $type_ids)
WITH DISTINCT node
RETURN collect([node.id, node.create_time_since_epoch]) AS nodes
