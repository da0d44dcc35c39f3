// How many edges of each type the whole database holds.
// @returns type, edges
MATCH ()-[edge:INPUT]->() RETURN 'INPUT' AS type, count(edge) AS edges
UNION ALL
MATCH ()-[edge:DECLARED_INPUT]->() RETURN 'DECLARED_INPUT' AS type, count(edge) AS edges
UNION ALL
MATCH ()-[edge:INTERNAL_INPUT]->() RETURN 'INTERNAL_INPUT' AS type, count(edge) AS edges
UNION ALL
MATCH ()-[edge:OUTPUT]->() RETURN 'OUTPUT' AS type, count(edge) AS edges
UNION ALL
MATCH ()-[edge:DECLARED_OUTPUT]->() RETURN 'DECLARED_OUTPUT' AS type, count(edge) AS edges
UNION ALL
MATCH ()-[edge:INTERNAL_OUTPUT]->() RETURN 'INTERNAL_OUTPUT' AS type, count(edge) AS edges
UNION ALL
MATCH ()-[edge:PENDING_OUTPUT]->() RETURN 'PENDING_OUTPUT' AS type, count(edge) AS edges
UNION ALL
MATCH ()-[edge:ATTRIBUTION]->() RETURN 'ATTRIBUTION' AS type, count(edge) AS edges
UNION ALL
MATCH ()-[edge:ASSOCIATION]->() RETURN 'ASSOCIATION' AS type, count(edge) AS edges
UNION ALL
MATCH ()-[edge:PARENT]->() RETURN 'PARENT' AS type, count(edge) AS edges
