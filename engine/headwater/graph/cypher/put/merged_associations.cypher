// Links nodes that the same request makes to contexts that it found or made by name.
// Two of the request's contexts can turn out to be one.
// @after new_executions, merged_contexts, recorded_at
// @param valid_at   int, milliseconds
// @param merged_associations  list<[index of the context, list of indexes of the nodes]>
// @sound true
CALL (new_executions, merged_contexts, recorded_at) {
  UNWIND $merged_associations AS row
  WITH DISTINCT merged_contexts[row[0]] AS context, row[1] AS indexes
  UNWIND indexes AS index
  WITH DISTINCT context, new_executions[index] AS node
  CREATE (node)-[:ASSOCIATION {valid_at: $valid_at, recorded_at: recorded_at}]->(context)
}
