// Adds properties to nodes that the importer made, whose keys its header could not express.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param rows       list<[id, map]>
// @returns how many nodes were found
UNWIND $rows AS row
MATCH (node:LABEL {namespace: $namespace, id: row[0]})
SET node += row[1]
RETURN count(node) AS found
