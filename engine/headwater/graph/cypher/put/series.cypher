// Makes artifacts that are the next version of their series, a row at a time under the series' lock.
// @param namespace  string
// @param series     list<[position, type_id, series, floor, map of properties]>
// @after recorded_at
// @hands versions
// @returns versions
// @sound true
CALL (recorded_at) {
  UNWIND $series AS row
  CALL (row, recorded_at) {
    MERGE (series:Series {namespace: $namespace, type_id: row[1], name: row[2]})
      ON CREATE SET series.latest = 0
    SET series.name = row[2]
    WITH row, series, series.latest AS before
    WITH row, series, before, CASE WHEN before < row[3] THEN row[3] ELSE before END + 1 AS version
    SET series.latest = version
    CREATE (artifact:Artifact)
    SET artifact = row[4], artifact.version = version, artifact.recorded_at = recorded_at,
        artifact.name = row[2] + '@' + toString(version)
    RETURN [row[0], version, before] AS numbered
  }
  RETURN collect(numbered) AS versions
}
