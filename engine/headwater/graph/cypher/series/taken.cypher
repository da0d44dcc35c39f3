// The highest number that names of the form SERIES@NUMBER already use, 0 if none does.
// A number of more than 9 digits is passed over: no series counts that far, and the next would not fit.
// @param namespace  string
// @param type_id    int
// @param series     string
// @returns taken
MATCH (node:Artifact {namespace: $namespace, type_id: $type_id})
WHERE node.name STARTS WITH $series + '@' AND size(node.name) - size($series) <= 10
RETURN coalesce(max(toIntegerOrNull(substring(node.name, size($series) + 1))), 0) AS taken
