// All tokens without their hashes, in the order in which they were made.
// @returns id, name, scopes, namespaces, create_time_since_epoch, expire_time_since_epoch, revoke_time_since_epoch
MATCH (token:Token)
WHERE token.id IS NOT NULL
RETURN token.id AS id, token.name AS name, token.scopes AS scopes, token.namespaces AS namespaces,
       token.create_time_since_epoch AS create_time_since_epoch,
       token.expire_time_since_epoch AS expire_time_since_epoch,
       token.revoke_time_since_epoch AS revoke_time_since_epoch
ORDER BY create_time_since_epoch, id
