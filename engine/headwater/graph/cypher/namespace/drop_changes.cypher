// Removes a batch of the records of changes of a namespace, but those of its being dropped.
// @param namespace  string
// @param nodes      int, how many at most
// @returns how many it removed
MATCH (change:Change)
WHERE change.namespace = $namespace AND change.id IS NOT NULL AND change.operation <> 'drop namespace'
WITH change LIMIT $nodes
DETACH DELETE change
RETURN count(*) AS removed
