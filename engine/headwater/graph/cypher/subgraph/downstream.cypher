// The lineage subgraph downstream of nodes, within hops.
// One traversal (pruning BFS) for each start; nodes come as the ends of their events, never twice.
// Events come in slices of nodes, so that whoever reads them works while the server does.
// The path bound is set to `hops` + 1 where what lies beyond counts, to `hops` - 1 where it does not.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param ids        list<int>, where it starts
// @param hops       int, nodes nearer than this are expanded
// @param events     bool, whether events are wanted
// @param nodes      bool, whether ids of nodes are wanted besides
// @param links      bool, whether the nodes' contexts are wanted
// @returns part, chunks of columns: of an event type (ids of the artifacts or executions that were
//          expanded, ids at the other end, times, paths), of a label (ids), of a link type (ids of nodes,
//          ids of contexts), of CUT (how many nodes are kept, lie beyond, and events of the last not followed)
UNWIND $ids AS id
MATCH path = (start:LABEL {namespace: $namespace, id: id})-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT*0..1000000000]->(node)
WITH node, min(length(path)) AS distance
WITH collect(CASE WHEN distance <= $hops THEN node END) AS kept,
     collect(CASE WHEN distance < $hops THEN node END) AS expanded,
     collect(CASE WHEN distance = $hops THEN node END) AS last,
     count(CASE WHEN distance > $hops THEN 1 END) AS beyond
CALL (kept, expanded, last, beyond) {
  WITH * WHERE $events
  UNWIND range(0, size(expanded) - 1, 5000) AS first
  CALL (expanded, first) {
    UNWIND expanded[first..first + 5000] AS node
    WITH node, node.id AS id
    MATCH (node)-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT]->(other)
    RETURN type(event) AS part, collect(id) AS ids, collect(other.id) AS other_ids,
           collect(coalesce(event.milliseconds_since_epoch, false)) AS times,
           collect(coalesce(event.path, '')) AS paths
  }
  RETURN part, ids, other_ids, times, paths
UNION ALL
  WITH * WHERE $nodes
  UNWIND kept AS node
  RETURN CASE WHEN node:Artifact THEN 'Artifact' ELSE 'Execution' END AS part,
         collect(node.id) AS ids, null AS other_ids, null AS times, null AS paths
UNION ALL
  WITH * WHERE $links
  UNWIND kept AS node
  MATCH (node)-[link:ATTRIBUTION|ASSOCIATION]->(context)
  RETURN type(link) AS part, collect(node.id) AS ids, collect(context.id) AS other_ids,
         null AS times, null AS paths
UNION ALL
  UNWIND CASE last WHEN [] THEN [null] ELSE last END AS node
  OPTIONAL MATCH (node)-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT]->()
  WITH size(kept) AS size, beyond, count(event) AS unfollowed
  RETURN 'CUT' AS part, [size, beyond, unfollowed] AS ids,
         null AS other_ids, null AS times, null AS paths
}
UNWIND range(0, size(ids) - 1, 10000) AS first
RETURN part, ids[first..first + 10000] AS ids, other_ids[first..first + 10000] AS other_ids,
       times[first..first + 10000] AS times, paths[first..first + 10000] AS paths
