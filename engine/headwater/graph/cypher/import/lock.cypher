// Takes the namespace's lock, under which an import begins, and returns the state of this one.
// An import of a namespace that was dropped since does not count.
// @param namespace  string
// @param source     string, digest of the source's address
// @returns when the namespace was made, properties of the import or null where it has not begun
MATCH (lock:Namespace {name: $namespace})
SET lock.name = $namespace
WITH lock
OPTIONAL MATCH (import:Import {namespace: $namespace, source: $source})
WHERE import.namespace_created = lock.create_time_since_epoch
RETURN lock.create_time_since_epoch AS created, properties(import) AS state
