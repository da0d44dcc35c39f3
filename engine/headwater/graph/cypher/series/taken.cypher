// The highest number that names of the form SERIES@NUMBER already use, 0 if none does.
// @param namespace  string
// @param type_id    int
// @param series     string
// @returns taken
MATCH (node:Artifact {namespace: $namespace, type_id: $type_id})
WHERE node.name STARTS WITH $series + '@'
RETURN coalesce(max(toIntegerOrNull(substring(node.name, size($series) + 1))), 0) AS taken
