// How two training runs differ: what they read, how they were set, how their models do.
// @param namespace  string
// @param first      int
// @param second     int
MATCH (a:Execution {namespace: $namespace, id: $first})
MATCH (b:Execution {namespace: $namespace, id: $second})
CALL (a, b) {
  MATCH (data:Artifact)-[:INPUT]->(run)
  WHERE run IN [a, b]
  WITH a, b, data, collect(run) AS runs
  RETURN 'input' AS what, data.type AS name,
         CASE WHEN a IN runs THEN data.name END AS first,
         CASE WHEN b IN runs THEN data.name END AS second
UNION ALL
  UNWIND keys(a) + keys(b) AS key
  WITH DISTINCT a, b, key
  WHERE key STARTS WITH 'p_'
  RETURN 'parameter' AS what, substring(key, 2) AS name, a[key] AS first, b[key] AS second
UNION ALL
  MATCH (a)-[:OUTPUT]->(left:Artifact {type: 'Model'})
  MATCH (b)-[:OUTPUT]->(right:Artifact {type: 'Model'})
  UNWIND keys(left) + keys(right) AS key
  WITH DISTINCT left, right, key
  WHERE key STARTS WITH 'c_' AND key <> 'c_payload_format'
  RETURN 'model' AS what, substring(key, 2) AS name, left[key] AS first, right[key] AS second
UNION ALL
  MATCH (a)-[:OUTPUT]->()-[:INPUT]->()-[:OUTPUT]->(left:Artifact {type: 'Evaluation'})
  MATCH (b)-[:OUTPUT]->()-[:INPUT]->()-[:OUTPUT]->(right:Artifact {type: 'Evaluation'})
  UNWIND keys(left) + keys(right) AS key
  WITH DISTINCT left, right, key
  WHERE key STARTS WITH 'p_'
  RETURN 'metric' AS what, substring(key, 2) AS name, left[key] AS first, right[key] AS second
}
RETURN what, name, first, second, coalesce(first = second, false) AS same
ORDER BY what, name
