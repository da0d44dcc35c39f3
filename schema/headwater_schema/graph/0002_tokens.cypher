// Tokens: who may call the server. They belong to the database, not to one namespace.

CREATE CONSTRAINT token_id IF NOT EXISTS
FOR (n:Token) REQUIRE (n.id) IS UNIQUE;
