// The ids of the nodes whose name fits a pattern, of those types.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param type_ids   list<int>
// @param start      string, what every such name begins with
// @param pattern    string, a regular expression for the whole name
// @returns ids
MATCH (node:LABEL {namespace: $namespace})
WHERE node.id IS NOT NULL AND node.name STARTS WITH $start AND node.name =~ $pattern
  AND node.type_id IN $type_ids
RETURN collect(node.id) AS ids
