// Those of the digests that an artifact of any namespace refers to, by its payload or its uri.
// The payload of a tombstone is evidence of what was there, and refers to nothing.
// @param digests  list<[digest, uri]>
// @returns digests
UNWIND $digests AS row
CALL (row) {
  MATCH (node:Artifact {digest: row[0]})
  WHERE node.deleted_time_since_epoch IS NULL
  RETURN row[0] AS digest LIMIT 1
UNION
  MATCH (node:Artifact {uri: row[1]})
  WHERE node.deleted_time_since_epoch IS NULL
  RETURN row[0] AS digest LIMIT 1
}
RETURN collect(digest) AS digests
