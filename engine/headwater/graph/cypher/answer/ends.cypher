// The nodes at the ends of relationships that somebody's own query returned without them.
// @param ids  list<string>, the database's own
// @returns ids, labels and properties, lists of one length
UNWIND $ids AS id
MATCH (node)
WHERE elementId(node) = id
RETURN collect(id) AS ids, collect(labels(node)) AS labels, collect(properties(node)) AS properties
