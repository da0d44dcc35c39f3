// The ids of the artifacts of a uri. A long uri is found by its digest and compared whole.
// @param namespace  string
// @param uri        string
// @param digest     string, sha256 of the uri
// @returns ids
CALL () {
  MATCH (node:Artifact {uri: $uri})
  WHERE node.namespace = $namespace
  RETURN node
UNION
  MATCH (node:Artifact {uri_digest: $digest})
  WHERE node.namespace = $namespace AND node.uri_long = $uri
  RETURN node
}
RETURN collect(DISTINCT node.id) AS ids
