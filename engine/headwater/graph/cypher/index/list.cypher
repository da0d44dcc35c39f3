// The range indexes on one property of a node, with their state.
// @returns name, label, property, state
SHOW RANGE INDEXES YIELD name, entityType, labelsOrTypes, properties, state
WHERE entityType = 'NODE' AND size(properties) = 1
RETURN name, labelsOrTypes[0] AS label, properties[0] AS property, state
ORDER BY label, property
