// Makes contexts whose type and name are free, and hands on the context of each row, new or found.
// @param namespace  string
// @param merged     list<map>, the whole property map of each
// @after recorded_at
// @hands merged_contexts, merged
// @returns merged
// @sound true
CALL (recorded_at) {
  UNWIND $merged AS row
  MERGE (context:Context {namespace: $namespace, type_id: row.type_id, name: row.name})
    ON CREATE SET context = row, context.recorded_at = recorded_at
  RETURN collect(context) AS merged_contexts,
         collect([context.id, context.id = row.id]) AS merged
}
