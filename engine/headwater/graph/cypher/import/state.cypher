// Where the import of a source stands; no row where it has not begun.
// @param namespace  string
// @param source     string, digest of the source's address
// @returns properties of the import
MATCH (namespace:Namespace {name: $namespace})
MATCH (import:Import {namespace: $namespace, source: $source})
WHERE import.namespace_created = namespace.create_time_since_epoch
RETURN properties(import) AS state
