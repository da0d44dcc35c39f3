// Makes contexts whose type and name are free, and hands on the context of each row, new or found.
// @param namespace  string
// @param merged     list<map>, the whole property map of each
// @hands merged_contexts
// @returns merged
// @sound true
CALL () {
  UNWIND $merged AS row
  MERGE (context:Context {namespace: $namespace, type_id: row.type_id, name: row.name})
    ON CREATE SET context = row
  RETURN collect(context) AS merged_contexts, collect(context.id) AS merged
}
