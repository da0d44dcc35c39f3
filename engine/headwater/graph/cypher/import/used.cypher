// Whether a namespace holds more than what every namespace has from its start.
// @param namespace  string
// @returns whether it has types of users, whether it ever held nodes
RETURN EXISTS {
    MATCH (type:Type {namespace: $namespace})
    WHERE type.id IS NOT NULL AND type.system IS NULL
  } AS has_types, EXISTS {
    MATCH (counter:Counter {namespace: $namespace})
    WHERE counter.kind <> 'TYPE'
  } AS had_nodes
