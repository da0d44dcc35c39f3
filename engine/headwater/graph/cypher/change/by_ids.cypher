// The records of changes.
// @param namespace  string
// @param ids        list<string>
// @returns map of properties
UNWIND $ids AS id
MATCH (change:Change {namespace: $namespace, id: id})
RETURN properties(change) AS change
