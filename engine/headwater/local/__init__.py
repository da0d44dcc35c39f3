"""The Neo4j and the MinIO that headwater runs itself, on this machine, for one home.

Owns their files, processes, locks, ports and passwords. Prints nothing, speaks neither
Cypher nor S3, and reaches Neo4j's driver through `headwater.graph.probe` alone.
"""

from headwater.local.logs import follow_log, log_lines
from headwater.local.neo4j_server import Compiler
from headwater.local.progress import Progress
from headwater.local.servers import down, up
from headwater.local.status import LocalStatus, ServerStatus, status

__all__ = [
    "Compiler",
    "LocalStatus",
    "Progress",
    "ServerStatus",
    "down",
    "follow_log",
    "log_lines",
    "status",
    "up",
]
