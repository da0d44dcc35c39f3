// How many nodes of one kind a range of ids holds, and how many of users' properties they have.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param first      int, ids after this
// @param last       int, up to this
// @param prefixes   list<string>, what begins the key of a user's property
// @returns nodes, properties
MATCH (node:LABEL {namespace: $namespace})
WHERE node.id > $first AND node.id <= $last
RETURN count(node) AS nodes,
       sum(size([key IN keys(node) WHERE any(prefix IN $prefixes WHERE key STARTS WITH prefix)]))
         AS properties
