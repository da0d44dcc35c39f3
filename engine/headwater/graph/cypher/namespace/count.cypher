// How many artifacts, executions, contexts and types of users a namespace holds.
// @param namespace  string
// @returns artifacts, executions, contexts, types
RETURN COUNT { MATCH (node:Artifact) WHERE node.namespace = $namespace AND node.id IS NOT NULL } AS artifacts,
       COUNT { MATCH (node:Execution) WHERE node.namespace = $namespace AND node.id IS NOT NULL } AS executions,
       COUNT { MATCH (node:Context) WHERE node.namespace = $namespace AND node.id IS NOT NULL } AS contexts,
       COUNT { MATCH (node:Type) WHERE node.namespace = $namespace AND node.id IS NOT NULL
               AND node.system IS NULL } AS types
