// Changes: one record for each write, found by its id and in the order in which it was recorded.

CREATE CONSTRAINT change_id IF NOT EXISTS
FOR (n:Change) REQUIRE (n.namespace, n.id) IS UNIQUE;

CREATE INDEX change_recorded_at IF NOT EXISTS
FOR (n:Change) ON (n.namespace, n.recorded_at);
