// The addresses of all values that nodes of any namespace keep in the object store, in chunks.
// No index holds them: it reads every node of the label once.
// @for LABEL: Artifact, Execution, Context
// @param prefixes  list<string>, of the keys that hold an address
// @returns chunk, a list of addresses
MATCH (node:LABEL)
UNWIND [key IN keys(node) WHERE any(prefix IN $prefixes WHERE key STARTS WITH prefix)] AS key
WITH DISTINCT node[key] AS address
WITH collect(address) AS addresses
UNWIND range(0, size(addresses) - 1, 1000) AS start
RETURN addresses[start..start + 1000] AS chunk
