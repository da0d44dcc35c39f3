// Those of the ids that no node has.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param ids        list<int>
// @returns missing
UNWIND $ids AS id
OPTIONAL MATCH (node:LABEL {namespace: $namespace, id: id})
WITH id, node WHERE node IS NULL
RETURN collect(DISTINCT id) AS missing
