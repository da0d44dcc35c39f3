// The ids of the artifacts whose uri fits a pattern.
// @param namespace  string
// @param start      string, what every such uri begins with
// @param pattern    string, a regular expression for the whole uri
// @returns ids
MATCH (node:Artifact {namespace: $namespace})
WHERE node.id IS NOT NULL
WITH node, coalesce(node.uri, node.uri_long) AS uri
WHERE uri STARTS WITH $start AND uri =~ $pattern
RETURN collect(node.id) AS ids
