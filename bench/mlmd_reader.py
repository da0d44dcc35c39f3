"""MLMD's side of the reading benchmarks: opens a database and runs operations that it is told.

Reads a line `NAME BASE64` from its standard input, answers with JSON: the seconds it took and how
much came back. `details BASE64` is the client's `get_lineage_subgraph`, with all it fetches.
"""

import base64
import json
import sys
import time

import ml_metadata
from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as service_pb


def counts(message):
    """Return how many of each thing a message lists."""
    return {f.name: len(v) for f, v in message.ListFields() if f.label == f.LABEL_REPEATED}


def main():
    """Answer until standard input ends."""
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = sys.argv[1]
    store = ml_metadata.MetadataStore(config)
    for line in sys.stdin:
        name, content = line.split()
        content = base64.b64decode(content)
        begin = time.perf_counter()
        if name == "details":
            options = pb.LineageSubgraphQueryOptions.FromString(content)
            answer = store.get_lineage_subgraph(options)
            token = ""
        else:
            request = getattr(service_pb, f"{name}Request").FromString(content)
            answer = getattr(service_pb, f"{name}Response")()
            store._call_method(name, request, answer)  # noqa: SLF001 - as its methods do
            token = getattr(answer, "next_page_token", "")
        seconds = time.perf_counter() - begin
        graph = getattr(answer, "lineage_subgraph", answer)
        print(json.dumps({"s": seconds, "counts": counts(graph), "token": token}), flush=True)


if __name__ == "__main__":
    main()
