// The ids of the nodes one event downstream of those nodes, as one list.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param ids        list<int>
// @returns ids, of the other kind
UNWIND $ids AS id
MATCH (:LABEL {namespace: $namespace, id: id})-[:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT]->(other)
RETURN collect(DISTINCT other.id) AS ids
