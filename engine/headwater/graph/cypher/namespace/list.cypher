// All namespaces by name.
// @returns name, create_time_since_epoch, state
MATCH (namespace:Namespace)
RETURN namespace.name AS name, namespace.create_time_since_epoch AS create_time_since_epoch,
       namespace.state AS state
ORDER BY name
