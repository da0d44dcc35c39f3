// Every node on some way from one of some nodes to one of others, but not past nodes that stop it; `reach` is the shortest such way.
// One pruning breadth-first search for each start: linear in what is reached, whatever the number of paths.
// @param artifacts          list<int>, ids of the artifacts that it starts from
// @param namespace          string
// @param executions         list<int>, ids of the executions that it starts from
// @param stop_types         list<string>
// @param stop_artifacts     list<int>
// @param stop_executions    list<int>
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
  WHERE all(event IN relationships(path) WHERE (CASE WHEN startNode(event):Artifact THEN startNode(event).id IN $artifacts ELSE startNode(event).id IN $executions END
      OR NOT (startNode(event).type IN $stop_types OR CASE WHEN startNode(event):Artifact THEN startNode(event).id IN $stop_artifacts ELSE startNode(event).id IN $stop_executions END)))
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
  WHERE all(event IN relationships(path) WHERE (CASE WHEN endNode(event):Artifact THEN endNode(event).id IN $target_artifacts ELSE endNode(event).id IN $target_executions END
      OR NOT (endNode(event).type IN $stop_types OR CASE WHEN endNode(event):Artifact THEN endNode(event).id IN $stop_artifacts ELSE endNode(event).id IN $stop_executions END)))
  WITH node, min(length(path)) AS rest
  RETURN node, null AS distance, rest
}
WITH node, min(distance) AS distance, min(rest) AS rest
WHERE distance IS NOT NULL AND rest IS NOT NULL
  AND (CASE WHEN node:Artifact THEN node.id IN $artifacts ELSE node.id IN $executions END
    OR CASE WHEN node:Artifact THEN node.id IN $target_artifacts ELSE node.id IN $target_executions END
    OR NOT (node.type IN $stop_types OR CASE WHEN node:Artifact THEN node.id IN $stop_artifacts ELSE node.id IN $stop_executions END))
WITH node, distance, distance + rest AS reach
