// Identity: what is unique, and the indexes that every question of ours starts from.
// Uniqueness constraints do not see a node that lacks one of the properties: unnamed nodes are free.

CREATE CONSTRAINT schema_name IF NOT EXISTS
FOR (n:Schema) REQUIRE (n.name) IS UNIQUE;

CREATE CONSTRAINT namespace_name IF NOT EXISTS
FOR (n:Namespace) REQUIRE (n.name) IS UNIQUE;

CREATE CONSTRAINT counter_key IF NOT EXISTS
FOR (n:Counter) REQUIRE (n.namespace, n.kind) IS UNIQUE;

CREATE CONSTRAINT artifact_id IF NOT EXISTS
FOR (n:Artifact) REQUIRE (n.namespace, n.id) IS UNIQUE;

CREATE CONSTRAINT artifact_name IF NOT EXISTS
FOR (n:Artifact) REQUIRE (n.namespace, n.type_id, n.name) IS UNIQUE;

CREATE CONSTRAINT artifact_external_id IF NOT EXISTS
FOR (n:Artifact) REQUIRE (n.namespace, n.external_id) IS UNIQUE;

CREATE INDEX artifact_id_alone IF NOT EXISTS
FOR (n:Artifact) ON (n.id);

CREATE INDEX artifact_create_time IF NOT EXISTS
FOR (n:Artifact) ON (n.namespace, n.create_time_since_epoch, n.id);

CREATE INDEX artifact_update_time IF NOT EXISTS
FOR (n:Artifact) ON (n.namespace, n.last_update_time_since_epoch, n.id);

CREATE INDEX artifact_type_name IF NOT EXISTS
FOR (n:Artifact) ON (n.type);

CREATE INDEX artifact_name_alone IF NOT EXISTS
FOR (n:Artifact) ON (n.name);

CREATE CONSTRAINT execution_id IF NOT EXISTS
FOR (n:Execution) REQUIRE (n.namespace, n.id) IS UNIQUE;

CREATE CONSTRAINT execution_name IF NOT EXISTS
FOR (n:Execution) REQUIRE (n.namespace, n.type_id, n.name) IS UNIQUE;

CREATE CONSTRAINT execution_external_id IF NOT EXISTS
FOR (n:Execution) REQUIRE (n.namespace, n.external_id) IS UNIQUE;

CREATE INDEX execution_id_alone IF NOT EXISTS
FOR (n:Execution) ON (n.id);

CREATE INDEX execution_create_time IF NOT EXISTS
FOR (n:Execution) ON (n.namespace, n.create_time_since_epoch, n.id);

CREATE INDEX execution_update_time IF NOT EXISTS
FOR (n:Execution) ON (n.namespace, n.last_update_time_since_epoch, n.id);

CREATE INDEX execution_type_name IF NOT EXISTS
FOR (n:Execution) ON (n.type);

CREATE INDEX execution_name_alone IF NOT EXISTS
FOR (n:Execution) ON (n.name);

CREATE CONSTRAINT context_id IF NOT EXISTS
FOR (n:Context) REQUIRE (n.namespace, n.id) IS UNIQUE;

CREATE CONSTRAINT context_name IF NOT EXISTS
FOR (n:Context) REQUIRE (n.namespace, n.type_id, n.name) IS UNIQUE;

CREATE CONSTRAINT context_external_id IF NOT EXISTS
FOR (n:Context) REQUIRE (n.namespace, n.external_id) IS UNIQUE;

CREATE INDEX context_id_alone IF NOT EXISTS
FOR (n:Context) ON (n.id);

CREATE INDEX context_create_time IF NOT EXISTS
FOR (n:Context) ON (n.namespace, n.create_time_since_epoch, n.id);

CREATE INDEX context_update_time IF NOT EXISTS
FOR (n:Context) ON (n.namespace, n.last_update_time_since_epoch, n.id);

CREATE INDEX context_type_name IF NOT EXISTS
FOR (n:Context) ON (n.type);

CREATE INDEX context_name_alone IF NOT EXISTS
FOR (n:Context) ON (n.name);

CREATE INDEX artifact_uri IF NOT EXISTS
FOR (n:Artifact) ON (n.uri);

CREATE INDEX artifact_uri_digest IF NOT EXISTS
FOR (n:Artifact) ON (n.uri_digest);

CREATE INDEX artifact_digest IF NOT EXISTS
FOR (n:Artifact) ON (n.digest);

CREATE INDEX artifact_series IF NOT EXISTS
FOR (n:Artifact) ON (n.namespace, n.series, n.version);

CREATE CONSTRAINT type_id IF NOT EXISTS
FOR (n:Type) REQUIRE (n.namespace, n.id) IS UNIQUE;

CREATE CONSTRAINT type_name IF NOT EXISTS
FOR (n:Type) REQUIRE (n.namespace, n.kind, n.name, n.version) IS UNIQUE;

CREATE CONSTRAINT type_external_id IF NOT EXISTS
FOR (n:Type) REQUIRE (n.namespace, n.external_id) IS UNIQUE;

CREATE CONSTRAINT series_key IF NOT EXISTS
FOR (n:Series) REQUIRE (n.namespace, n.type_id, n.name) IS UNIQUE;

CREATE CONSTRAINT heartbeat_key IF NOT EXISTS
FOR (n:Heartbeat) REQUIRE (n.namespace, n.execution_id) IS UNIQUE;
