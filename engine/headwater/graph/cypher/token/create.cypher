// Stores a new token by its id; run again, it changes nothing.
// @param id          string
// @param name        string
// @param scopes      list<string>
// @param namespaces  list<string> or null, which allows all
// @param hash        string, argon2id of the secret
// @param now         int, milliseconds
// @param expires     int, milliseconds, or null
// @returns id
MERGE (token:Token {id: $id})
  ON CREATE SET token.name = $name, token.scopes = $scopes, token.namespaces = $namespaces,
                token.hash = $hash, token.create_time_since_epoch = $now,
                token.expire_time_since_epoch = $expires
RETURN token.id AS id
