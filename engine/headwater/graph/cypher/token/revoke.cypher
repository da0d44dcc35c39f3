// Revokes a token; one that is revoked keeps its time.
// @param id   string
// @param now  int, milliseconds
// @returns id, name, scopes, namespaces, create_time_since_epoch, expire_time_since_epoch, revoke_time_since_epoch
MATCH (token:Token {id: $id})
SET token.revoke_time_since_epoch = coalesce(token.revoke_time_since_epoch, $now)
RETURN token.id AS id, token.name AS name, token.scopes AS scopes, token.namespaces AS namespaces,
       token.create_time_since_epoch AS create_time_since_epoch,
       token.expire_time_since_epoch AS expire_time_since_epoch,
       token.revoke_time_since_epoch AS revoke_time_since_epoch
