// Nodes by external id, by id.
// @for LABEL: Artifact, Execution, Context
// @param namespace     string
// @param external_ids  list<string>
// @returns properties
UNWIND $external_ids AS external_id
WITH DISTINCT external_id
MATCH (node:LABEL {namespace: $namespace, external_id: external_id})
RETURN properties(node) AS properties ORDER BY node.id
