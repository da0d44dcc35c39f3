"""Random operations on the real MLMD and on our server, through the real client: the same answers."""

import json
import os
import subprocess
from pathlib import Path

import headwater
from server.calling import serving
from support.real_mlmd import real_mlmd

OPERATIONS = int(os.environ.get("HEADWATER_TEST_OPERATIONS", "2000"))
SEED = int(os.environ.get("HEADWATER_TEST_SEED", "0"))
SCRIPT = Path(__file__).parent / "mlmd_env" / "differential.py"


def test_random_operations_answer_as_mlmd_does(store: headwater.MetadataStore) -> None:
    with serving(store) as server:
        port = str(server.grpc_address.port)
        ran = subprocess.run(  # noqa: S603 - our own environment
            [real_mlmd(), str(SCRIPT), port, str(OPERATIONS), str(SEED)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr[-3000:]
    answer = json.loads(ran.stdout)
    assert answer["operations"] >= OPERATIONS
    # Whole, as pytest would cut it.
    assert not answer["differences"], json.dumps(answer["differences"], indent=1)
    succeeded = {name.removesuffix(" ok") for name in answer["counts"] if name.endswith(" ok")}
    assert len(succeeded) > 30, "too few of the operations ever succeed"
