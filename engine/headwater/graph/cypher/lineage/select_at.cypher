// Those of the nodes that a selection shows, as they were linked at a moment.
// A node that changed since then is let through whatever its state: the caller knows what that was.
// @param hops_judged    int, what lies further is let through
// @param kinds          list<string>, or null
// @param types          list<string>, or null
// @param states         list<string>, or null
// @param judged_later   bool, whether nodes that changed since the moment are to be listed
// @param known_at       int, milliseconds
// @param as_of          int, milliseconds
// @param artifact_ids   list<int>, artifacts to show, or null for all
// @param execution_ids  list<int>, executions to show, or null for all
// @param since          int, milliseconds
// @param until          int, milliseconds
// @param contexts       list<int>, or null
// @param roots          bool
// @param leaves         bool
// @after node, distance, reach
// @hands node, distance, reach
WITH node, distance, reach
WHERE reach > $hops_judged
  OR (($kinds IS NULL OR CASE WHEN node:Artifact THEN 'ARTIFACT' ELSE 'EXECUTION' END IN $kinds)
    AND ($types IS NULL OR node.type IN $types)
    AND ($states IS NULL OR CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END IN $states OR ($judged_later AND (coalesce(node.recorded_at, 0) > $known_at OR coalesce(node.valid_at, node.create_time_since_epoch, 0) > $as_of)))
    AND CASE WHEN node:Artifact
      THEN $artifact_ids IS NULL OR node.id IN $artifact_ids
      ELSE $execution_ids IS NULL OR node.id IN $execution_ids END
    AND ($since IS NULL OR node.create_time_since_epoch >= $since)
    AND ($until IS NULL OR node.create_time_since_epoch <= $until)
    AND ($contexts IS NULL OR EXISTS {
      MATCH (node)-[link:ATTRIBUTION|ASSOCIATION|WAS_ATTRIBUTION|WAS_ASSOCIATION]->(context:Context)
      WHERE context.id IN $contexts
        AND coalesce(link.valid_at, 0) <= $as_of AND coalesce(link.recorded_at, 0) <= $known_at
        AND (link.retracted_at IS NULL OR link.retracted_at > $known_at)
    })
    AND (NOT $roots OR NOT EXISTS { MATCH (node)<-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]-() WHERE coalesce(event.milliseconds_since_epoch, 0) <= $as_of
  AND coalesce(event.recorded_at, 0) <= $known_at
  AND (event.retracted_at IS NULL OR event.retracted_at > $known_at) })
    AND (NOT $leaves OR NOT EXISTS { MATCH (node)-[event:INPUT|OUTPUT|DECLARED_INPUT|DECLARED_OUTPUT|INTERNAL_INPUT|INTERNAL_OUTPUT|PENDING_OUTPUT|WAS_INPUT|WAS_OUTPUT|WAS_DECLARED_INPUT|WAS_DECLARED_OUTPUT|WAS_INTERNAL_INPUT|WAS_INTERNAL_OUTPUT|WAS_PENDING_OUTPUT]->() WHERE coalesce(event.milliseconds_since_epoch, 0) <= $as_of
  AND coalesce(event.recorded_at, 0) <= $known_at
  AND (event.retracted_at IS NULL OR event.retracted_at > $known_at) }))
