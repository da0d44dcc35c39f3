// Updates contexts and hands on what each was before and is after, a row at a time.
// The SET of an equal value takes the write lock before anything is read. The update time moves
// when what was asked for differs from what was there, or the row says so, and never backwards.
// Only NaN differs from itself; two of them are the same value.
// @param namespace  string
// @param now        int, milliseconds
// @param context_updates  list<{id, set: map, keys: list, prefixes: list, compare: map, ignore: list,
//                     bump: bool, step: int}>
// @returns context_updates
CALL () {
  UNWIND $context_updates AS row
  CALL (row) {
    MATCH (node:Context {namespace: $namespace, id: row.id})
    SET node.id = row.id
    WITH row, node, properties(node) AS before
    FOREACH (key IN [key IN keys(before) WHERE key IN row.keys
                     OR any(prefix IN row.prefixes WHERE key STARTS WITH prefix)] |
      SET node[key] = null)
    SET node += row.set
    WITH row, node, before, row.compare AS asked
    WITH row, node, before,
         row.bump OR any(key IN keys(before) + keys(asked) WHERE NOT key IN row.ignore AND (
           before[key] IS NULL OR asked[key] IS NULL
           OR (before[key] <> asked[key] AND NOT (before[key] <> before[key] AND asked[key] <> asked[key]))
           OR valueType(before[key]) <> valueType(asked[key]))) AS changed
    SET node.last_update_time_since_epoch =
      CASE WHEN NOT changed THEN before.last_update_time_since_epoch
           WHEN $now > before.last_update_time_since_epoch THEN $now
           ELSE before.last_update_time_since_epoch + row.step END
    RETURN before, properties(node) AS after
  }
  RETURN collect([row.id, before, after]) AS context_updates
}
