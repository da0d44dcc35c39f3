"""The server: MLMD's RPCs over gRPC, and health, version and metrics over HTTP.

Owns ports, TLS, who may call, limits, statuses and the end of a server. Knows nothing of what
an RPC does (`headwater.mlmd`) nor of Cypher. Needs the extra `server`.
"""
