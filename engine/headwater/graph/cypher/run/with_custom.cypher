// Nodes that have one of some values under a key that no index holds; all nodes of the label are looked at.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param keys       list<string>, stored keys, any of which may hold it
// @param values     list<any>
// @param start      string or null, what a text may begin with
// @returns ids, creation times
MATCH (node:LABEL)
USING INDEX node:LABEL(namespace, id)
WHERE node.namespace = $namespace AND node.id IS NOT NULL
  AND any(key IN $keys WHERE node[key] IN $values OR ($start IS NOT NULL AND
    CASE WHEN node[key] IS :: STRING NOT NULL THEN node[key] STARTS WITH $start ELSE false END))
RETURN collect(node.id) AS ids, collect(coalesce(node.create_time_since_epoch, 0)) AS times
