// Turns a node into a tombstone: what users set on it goes, what it is known by stays, and so do its edges.
// The SET of an equal value takes the write lock before anything is read. A tombstone is left as it is.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param id         int
// @param now        int, milliseconds
// @param prefixes   list<string>, of the keys of users' properties
// @param state      map, the state of a tombstone of that kind
// @returns properties before, properties after
MATCH (node:LABEL {namespace: $namespace, id: $id})
SET node.id = $id
WITH node, properties(node) AS before
CALL (node, before) {
  WITH * WHERE before.deleted_time_since_epoch IS NULL
  FOREACH (key IN [key IN keys(before) WHERE any(prefix IN $prefixes WHERE key STARTS WITH prefix)] |
    SET node[key] = null)
  SET node += $state
  SET node.deleted_name = before.name, node.deleted_external_id = before.external_id,
      node.name = null, node.external_id = null, node.deleted_time_since_epoch = $now,
      node.last_update_time_since_epoch = CASE
        WHEN $now > before.last_update_time_since_epoch THEN $now
        ELSE before.last_update_time_since_epoch END
}
RETURN before, properties(node) AS after
