// The executions of a type side by side, newest first; see `comparison/runs`.
// @param namespace  string
// @param type       string
// @param limit      int, how many of them at most
// @returns part, chunk
MATCH (run:Execution)
WHERE run.namespace = $namespace AND run.type = $type AND run.id IS NOT NULL
WITH run
ORDER BY run.create_time_since_epoch DESC, run.id DESC
WITH collect(run) AS found
WITH size(found) AS total, found[..$limit] AS runs
CALL () {
  MATCH (type:Type {namespace: $namespace})-[:PARENT_TYPE]->(base:Type)
  WHERE type.id IS NOT NULL AND type.kind = 'ARTIFACT' AND base.name IN ['mlmd.Metrics', 'mlmd.Model']
  RETURN collect(DISTINCT CASE base.name WHEN 'mlmd.Metrics' THEN type.name END) AS metric_types,
         collect(DISTINCT CASE base.name WHEN 'mlmd.Model' THEN type.name END) AS model_types
}
CALL (runs) {
  UNWIND runs AS run
  MATCH (run)<-[event:INPUT|DECLARED_INPUT|INTERNAL_INPUT]-(read:Artifact)
  WITH run, event, read
  ORDER BY event.ordinal
  RETURN collect([run.id, event.path, read.id, read.type, coalesce(read.name, read.deleted_name), read.digest]) AS inputs
}
CALL (runs, metric_types, model_types) {
  UNWIND runs AS run
  MATCH (run)-[event:OUTPUT|DECLARED_OUTPUT|INTERNAL_OUTPUT]->(made:Artifact)
  WITH run, event, made, made.type IN model_types OR toLower(made.type) CONTAINS 'model' AS is_model,
       made.type IN metric_types OR toLower(made.type) CONTAINS 'metric' OR toLower(made.type) CONTAINS 'evaluation' AS is_metric
  WHERE is_model OR is_metric
  CALL (run, event, made, is_model, metric_types) {
    RETURN [run.id, event.path, properties(made), is_model] AS row, event.ordinal AS ordinal
  UNION ALL
    WITH * WHERE is_model
    MATCH (made)-[:INPUT|DECLARED_INPUT|INTERNAL_INPUT]->(:Execution)-[later:OUTPUT|DECLARED_OUTPUT|INTERNAL_OUTPUT]->(measured:Artifact)
    WHERE measured.type IN metric_types OR toLower(measured.type) CONTAINS 'metric' OR toLower(measured.type) CONTAINS 'evaluation'
    RETURN [run.id, later.path, properties(measured), false] AS row, later.ordinal AS ordinal
  }
  WITH row, ordinal
  ORDER BY ordinal
  RETURN collect(row) AS metrics
}
CALL (total, runs, inputs, metrics) {
  RETURN 'total' AS part, [total] AS chunk
UNION ALL
  UNWIND range(0, size(runs) - 1, 1000) AS start
  RETURN 'run' AS part, [run IN runs[start..start + 1000] | properties(run)] AS chunk
UNION ALL
  UNWIND range(0, size(inputs) - 1, 1000) AS start
  RETURN 'input' AS part, inputs[start..start + 1000] AS chunk
UNION ALL
  UNWIND range(0, size(metrics) - 1, 1000) AS start
  RETURN 'metric' AS part, metrics[start..start + 1000] AS chunk
}
RETURN part, chunk
