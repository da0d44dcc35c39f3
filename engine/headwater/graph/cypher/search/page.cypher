// Nodes whose texts hold the words, after a place in the order: the best first, then by label and id.
// Waits until the index knows all that was committed. Scores depend on the node alone, not on other
// nodes, so that what is written between two pages moves no node from one to the other.
// @param namespace  string
// @param index      string, name of the full-text index
// @param query      string, in Lucene's language, made of the words alone
// @param labels     list<string>
// @param types      list<string> or null for all
// @param phrases    list<string>, regular expressions for a whole value
// @param keys       list<string>, the keys that a phrase may stand under
// @param words      list<string>, in lower case
// @param whole      string, the text in lower case
// @param score      int, label and id of the last node seen; null at the start
// @param label      string, likewise
// @param id         int, likewise
// @param limit      int
// @returns rows of [label, id, type, name, uri, state, score]
CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()
CALL db.index.fulltext.queryNodes($index, $query) YIELD node
WHERE node.namespace = $namespace
  AND any(label IN labels(node) WHERE label IN $labels)
  AND ($types IS NULL OR node.type IN $types)
  AND all(phrase IN $phrases WHERE any(key IN $keys WHERE node[key] =~ phrase))
WITH node, toLower(coalesce(node.name, node.deleted_name, '')) AS name, labels(node)[0] AS label
WITH node, label,
     CASE WHEN name = $whole OR toLower(coalesce(node.series, '')) = $whole THEN 4 ELSE 0 END
       + CASE WHEN all(word IN $words WHERE name CONTAINS word) THEN 2 ELSE 0 END
       + CASE WHEN any(word IN $words WHERE toLower(node.type) CONTAINS word) THEN 1 ELSE 0 END AS score
WHERE $score IS NULL OR score < $score
   OR (score = $score AND (label > $label OR (label = $label AND node.id > $id)))
WITH node, label, score ORDER BY score DESC, label, node.id LIMIT $limit
RETURN collect([
  label, node.id, node.type, coalesce(node.name, node.deleted_name), coalesce(node.uri, node.uri_long),
  CASE WHEN node.deleted_time_since_epoch IS NULL THEN coalesce(node.state, node.last_known_state) ELSE 'DELETED' END,
  score
]) AS rows
