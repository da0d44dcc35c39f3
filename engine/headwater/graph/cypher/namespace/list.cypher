// All namespaces by name.
// @returns name, create_time_since_epoch
MATCH (namespace:Namespace)
RETURN namespace.name AS name, namespace.create_time_since_epoch AS create_time_since_epoch
ORDER BY name
