// Every node on some way from one of some nodes to one of others; `reach` is the shortest such way.
// One pruning breadth-first search for each start: linear in what is reached, whatever the number of paths.
// @param artifacts          list<int>, ids of the artifacts that it starts from
// @param namespace          string
// @param executions         list<int>, ids of the executions that it starts from
// @param target_artifacts   list<int>, ids of the artifacts where the ways end
// @param target_executions  list<int>, ids of the executions where the ways end
// @hands node, distance, reach
CALL () {
  CALL () {
    UNWIND $artifacts AS id
    MATCH (start:Artifact {namespace: $namespace, id: id})
    RETURN start
  UNION ALL
    UNWIND $executions AS id
    MATCH (start:Execution {namespace: $namespace, id: id})
    RETURN start
  }
  MATCH path = (start)-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT*0..1000000000]->(node)
  WITH node, min(length(path)) AS distance
  RETURN node, distance, null AS rest
UNION ALL
  CALL () {
    UNWIND $target_artifacts AS id
    MATCH (start:Artifact {namespace: $namespace, id: id})
    RETURN start
  UNION ALL
    UNWIND $target_executions AS id
    MATCH (start:Execution {namespace: $namespace, id: id})
    RETURN start
  }
  MATCH path = (start)<-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT*0..1000000000]-(node)
  WITH node, min(length(path)) AS rest
  RETURN node, null AS distance, rest
}
WITH node, min(distance) AS distance, min(rest) AS rest
WHERE distance IS NOT NULL AND rest IS NOT NULL
WITH node, distance, distance + rest AS reach
