"""A real MLMD store on SQLite in memory, told what to do over a pipe.

Reads a line `NAME BASE64` from standard input, answers each with `ok BASE64` or `error CODE TEXT`.
"""

import base64
import sys

from ml_metadata import errors, metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as service_pb


def main():
    config = pb.ConnectionConfig()
    config.sqlite.SetInParent()
    store = metadata_store.MetadataStore(config)
    for line in sys.stdin:
        name, content = line.rstrip("\n").split(" ")
        request = getattr(service_pb, f"{name}Request").FromString(base64.b64decode(content))
        response = getattr(service_pb, f"{name}Response")()
        try:
            store._call_method(name, request, response)
        except errors.StatusError as error:
            text = " ".join(error.message.split())[:300]
            print(f"error {error.error_code} {text}", flush=True)
        else:
            print("ok", base64.b64encode(response.SerializeToString()).decode(), flush=True)


if __name__ == "__main__":
    main()
