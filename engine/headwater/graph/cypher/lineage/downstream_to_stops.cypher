// Every node downstream of some, but not past nodes that stop it, with its distance from the nearest start.
// One pruning breadth-first search for each start: linear in what is reached, whatever the number of paths.
// @param artifacts        list<int>, ids of the artifacts that it starts from
// @param namespace        string
// @param executions       list<int>, ids of the executions that it starts from
// @param stop_types       list<string>
// @param stop_artifacts   list<int>
// @param stop_executions  list<int>
// @hands node, distance, reach
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
WITH node, distance, distance AS reach
