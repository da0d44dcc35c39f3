// Changes of a namespace, the latest first, after a position.
// @param namespace  string
// @param since      int, milliseconds, recorded then or later
// @param until      int, milliseconds, recorded then or before
// @param before_time  int, milliseconds, of the last one seen
// @param before_id    string, of the last one seen
// @param limit      int
// @returns map of properties, without values
MATCH (change:Change)
USING INDEX change:Change(namespace, recorded_at)
WHERE change.namespace = $namespace AND change.recorded_at >= $since AND change.recorded_at <= $until
  AND (change.recorded_at < $before_time
       OR change.recorded_at = $before_time AND change.id < $before_id)
RETURN properties(change) AS change
ORDER BY change.namespace DESC, change.recorded_at DESC, change.id DESC
LIMIT $limit
