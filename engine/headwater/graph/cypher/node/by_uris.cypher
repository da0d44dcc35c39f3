// Artifacts by uri, by id. A long uri is found by its digest and compared whole.
// @param namespace  string
// @param uris       list<[uri, sha256 of it]>
// @returns properties
UNWIND $uris AS uri
CALL (uri) {
  MATCH (node:Artifact {uri: uri[0]})
  WHERE node.namespace = $namespace
  RETURN node
UNION
  MATCH (node:Artifact {uri_digest: uri[1]})
  WHERE node.namespace = $namespace AND node.uri_long = uri[0]
  RETURN node
}
RETURN properties(node) AS properties ORDER BY node.id
