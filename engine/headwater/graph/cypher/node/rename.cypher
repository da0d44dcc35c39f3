// Gives an artifact another name, unless it is a tombstone, a version of a series, or has that name.
// The SET of an equal value takes the write lock before anything is read. The update time always moves.
// @param namespace  string
// @param id         int
// @param now        int, milliseconds
// @param name       string
// @returns properties before, properties after
MATCH (node:Artifact {namespace: $namespace, id: $id})
SET node.id = $id
WITH node, properties(node) AS before
CALL (node, before) {
  WITH * WHERE before.deleted_time_since_epoch IS NULL AND before.series IS NULL
    AND (before.name IS NULL OR before.name <> $name)
  SET node.name = $name, node.last_update_time_since_epoch = CASE
    WHEN $now > before.last_update_time_since_epoch THEN $now
    ELSE before.last_update_time_since_epoch + 1 END
}
RETURN before, properties(node) AS after
