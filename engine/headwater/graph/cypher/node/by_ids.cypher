// Nodes by id, each once, in the order of their ids.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param ids        list<int>
// @returns chunk, a list of property maps
UNWIND $ids AS id
WITH DISTINCT id
MATCH (node:LABEL {namespace: $namespace, id: id})
WITH node ORDER BY node.id
WITH collect(properties(node)) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS start
RETURN rows[start..start + 1000] AS chunk
