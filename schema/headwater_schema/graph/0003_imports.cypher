// Imports: one state, and later record, for each source that was brought into a namespace.

CREATE CONSTRAINT import_source IF NOT EXISTS
FOR (n:Import) REQUIRE (n.namespace, n.source) IS UNIQUE;
