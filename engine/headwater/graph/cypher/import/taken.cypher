// Names and external ids that nodes of one kind have already.
// @for LABEL: Artifact, Execution, Context
// @param namespace  string
// @param names      list<[type id, name]>
// @param external_ids  list<string>
// @returns id, type, name, external_id
CALL () {
  UNWIND $names AS row
  MATCH (node:LABEL {namespace: $namespace, type_id: row[0], name: row[1]})
  RETURN node
UNION
  UNWIND $external_ids AS external_id
  MATCH (node:LABEL {namespace: $namespace, external_id: external_id})
  RETURN node
}
RETURN node.id AS id, node.type AS type, node.name AS name, node.external_id AS external_id
ORDER BY id LIMIT 10
