// The ids of the nodes one event upstream of those nodes at a moment, as one list.
// @for LABEL: Artifact, Execution
// @param namespace  string
// @param ids        list<int>
// @param as_of      int, milliseconds
// @param known_at   int, milliseconds
// @returns ids, of the other kind
UNWIND $ids AS id
MATCH (:LABEL {namespace: $namespace, id: id})<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]-(other)
WHERE event.milliseconds_since_epoch <= $as_of
  AND coalesce(event.recorded_at, 0) <= $known_at
  AND (event.retracted_at IS NULL OR event.retracted_at > $known_at)
RETURN collect(DISTINCT other.id) AS ids
