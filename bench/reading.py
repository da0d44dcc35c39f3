"""Reading the same large graph through MLMD's interface: the drop-in class beside MLMD itself.

Both sides answer the same requests in turn, with the same read mask, and must count the same. Ours
are run straight on the store, as MLMD's are, and end in the same messages.
"""

import base64
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from peer import environment

import headwater
from headwater.local import down
from headwater.mlmd.calls import Call
from headwater.mlmd.metadata_store import MetadataStore
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.mlmd.proto import metadata_store_service_pb2 as service_pb
from headwater.mlmd.rpcs import RPCS
from headwater.settings import load_settings

NODES = ("artifacts", "executions")
MASKS = {
    "ids and events": (*NODES, "events"),
    "with contexts": (*NODES, "events", "contexts", "attributions", "associations"),
}
PAGES = 100
_HERE = Path(__file__).parent


class Ours:
    """The table of operations straight on a store, and the drop-in class for details.

    A side runs a request and says how long it took, what it counted, and the next token.
    """

    def __init__(self, store):
        self.store = store
        self._client = MetadataStore(store)

    def __call__(self, name, request):
        """Return the seconds, the counts and the token of one request."""
        begin = time.perf_counter()
        if name == "details":
            answer, token = self._client.get_lineage_subgraph(request), ""
        else:
            answer = RPCS[name].run(Call(self.store), request)
            token = getattr(answer, "next_page_token", "")
        seconds = time.perf_counter() - begin
        graph = getattr(answer, "lineage_subgraph", answer)
        found = {f.name: len(v) for f, v in graph.ListFields() if f.is_repeated}
        return seconds, found, token


class Theirs:
    """The real MLMD on its own SQLite file, in an environment of its own."""

    def __init__(self, process):
        self._process = process

    def __call__(self, name, request):
        """Return the seconds, the counts and the token of one request."""
        content = base64.b64encode(request.SerializeToString()).decode()
        self._process.stdin.write(f"{name} {content}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the MLMD worker ended; its error is above")
        answer = json.loads(line)
        return answer["s"], answer["counts"], answer["token"]


@contextmanager
def sides(arguments):
    """Yield both sides on the same content, made by `bench.generate` where none is given."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-") as folder:
        home, sqlite = arguments.home, arguments.sqlite
        if home is None or sqlite is None:
            home, sqlite = Path(folder) / "home", Path(folder) / "mlmd.sqlite"
            nodes = str(arguments.nodes)
            made = ["layered", "--nodes", nodes, "--sqlite", str(sqlite), "--home", str(home)]
            subprocess.run([sys.executable, str(_HERE / "generate.py"), *made], check=True)
        settings = load_settings({"HEADWATER_HOME": str(home)})
        command = [str(environment()), str(_HERE / "mlmd_reader.py"), str(sqlite)]
        pipe = subprocess.PIPE
        with (
            headwater.connect(settings=settings) as store,
            subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
            ) as process,
        ):
            try:
                yield Ours(store), Theirs(process)
            finally:
                process.stdin.close()
        down(settings)


def reading(arguments):
    """Compare lineage subgraphs, a filtered list and pages of a list, request by request."""
    with sides(arguments) as (ours, theirs):
        last = max_id(ours)
        for hops in (8, 20, 50, 100):
            for what, mask in MASKS.items():
                yield _row(
                    f"{what}, {hops} hops", arguments, ours, theirs, subgraph(last, hops, mask)
                )
        details = subgraph(last, 20, ()).lineage_subgraph_query_options
        yield _row("with details, 20 hops", arguments, ours, theirs, details, name="details")
        listed = service_pb.GetArtifactsRequest()
        listed.options.filter_query = "properties.accuracy.double_value > 0.99"
        listed.options.max_result_size = 100
        yield _row(
            "filter on a declared property", arguments, ours, theirs, listed, name="GetArtifacts"
        )
        yield _pages(arguments, ours, theirs)


def max_id(side):
    """Return the id of the newest artifact."""
    request = service_pb.GetArtifactsRequest()
    request.options.max_result_size = 1
    request.options.order_by_field.is_asc = False
    return RPCS["GetArtifacts"].run(Call(side.store), request).artifacts[0].id


def subgraph(artifact_id, hops, mask):
    """Return the request for what lies upstream of an artifact."""
    request = service_pb.GetLineageSubgraphRequest()
    options = request.lineage_subgraph_query_options
    options.starting_artifacts.filter_query = f"id = {artifact_id}"
    options.max_num_hops = hops
    options.direction = pb.LineageSubgraphQueryOptions.UPSTREAM
    request.read_mask.paths.extend(mask)
    return request


def _row(what, arguments, ours, theirs, request, *, name="GetLineageSubgraph"):
    mine, other = [], []
    for turn in range(arguments.rounds + 1):
        seconds, found, _ = ours(name, request)
        peer_seconds, peer_found, _ = theirs(name, request)
        if found != peer_found:
            raise SystemExit(f"{what}: the two sides differ: {found} and {peer_found}")
        if turn:
            mine.append(seconds)
            other.append(peer_seconds)
    return _told(what, mine, other, ", ".join(f"{n:,} {field}" for field, n in found.items()))


def _pages(arguments, ours, theirs):
    seconds = {ours: [], theirs: []}
    for _ in range(max(arguments.rounds // 3, 1)):
        for side, taken in seconds.items():
            request = service_pb.GetArtifactsRequest()
            request.options.max_result_size = 100
            total = 0.0
            for _page in range(PAGES):
                took, _found, token = side("GetArtifacts", request)
                total += took
                request.options.next_page_token = token
            taken.append(total)
    return _told(f"{PAGES * 100:,} artifacts, page by page", seconds[ours], seconds[theirs], "")


def _told(what, mine, other, note):
    a, b = statistics.median(mine), statistics.median(other)
    spread = f"min {min(mine) * 1e3:.1f} and {min(other) * 1e3:.1f} ms, {len(mine)} rounds; {note}"
    return what, f"{a * 1e3:.1f} ms", f"{b * 1e3:.1f} ms", f"{b / a:.2f}x as fast", spread
