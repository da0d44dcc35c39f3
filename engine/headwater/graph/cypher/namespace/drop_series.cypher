// Removes some of the series of a namespace that is being dropped.
// @param namespace  string
// @param nodes      int, how many at most
// @returns how many were removed
MATCH (series:Series)
WHERE series.namespace = $namespace AND series.type_id IS NOT NULL AND series.name IS NOT NULL
WITH series LIMIT $nodes
DETACH DELETE series
RETURN count(*) AS removed
