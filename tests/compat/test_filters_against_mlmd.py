"""The same random filters over the same content, on the real MLMD and on ours."""

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

import headwater
from headwater.errors import HeadwaterError
from headwater.mlmd.calls import Call
from headwater.mlmd.proto import metadata_store_pb2 as pb
from headwater.mlmd.proto import metadata_store_service_pb2 as service_pb
from headwater.mlmd.rpcs import RPCS
from headwater_schema import TypeKind
from support.filters import Drawn, any_filter
from support.real_mlmd import real_mlmd

EXAMPLES = int(os.environ.get("HEADWATER_TEST_FILTERS", "150"))
WORKER = Path(__file__).parent / "mlmd_env" / "real_worker.py"

Message = Any


class Real:
    """The real store, at the other end of a pipe."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout

    def __call__(self, name: str, request: Message) -> Message | str:
        """Return the response, or the text of the error."""
        content = base64.b64encode(request.SerializeToString()).decode()
        self._in.write(f"{name} {content}\n")
        self._in.flush()
        state, _, rest = self._out.readline().rstrip("\n").partition(" ")
        if state == "error":
            return rest
        assert state == "ok", "the real store ended"
        return RPCS[name].response.FromString(base64.b64decode(rest))


@pytest.fixture
def real() -> Iterator[Real]:
    process = subprocess.Popen(  # noqa: S603 - our own environment
        [real_mlmd(), str(WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        yield Real(process)
        assert process.stdin is not None
        process.stdin.close()


def content() -> Iterator[tuple[str, Message]]:
    """Yield the puts that make the content; all succeed, so both stores give the same ids."""
    kinds = {"a": pb.INT, "b": pb.STRING}
    for kind in ("Artifact", "Execution", "Context"):
        for name in ("T", "a"):
            made = getattr(pb, f"{kind}Type")(name=name, properties=kinds)
            request = getattr(service_pb, f"Put{kind}TypeRequest")(**{f"{kind.lower()}_type": made})
            yield f"Put{kind}Type", request
    texts = ["", "a", "b", "ab", "A", "100%", "a_b", "it's", "`", "é"]
    contexts = [
        pb.Context(type_id=14 + i % 2, name=texts[1 + i], properties=values(i)) for i in range(6)
    ]
    yield "PutContexts", service_pb.PutContextsRequest(contexts=contexts)
    parents = [pb.ParentContext(child_id=c, parent_id=p) for c, p in ((1, 2), (2, 3), (1, 3))]
    yield "PutParentContexts", service_pb.PutParentContextsRequest(parent_contexts=parents)
    for i in range(8):
        pairs = []
        for j in range(i % 3 + 1):
            artifact = pb.Artifact(
                type_id=10 + j % 2, uri=texts[(i + j) % 10], properties=values(i)
            )
            if (i + j) % 2:
                artifact.state = (i + j) % 5
            if i % 3 == 0:
                artifact.name = f"{texts[j + 1]}{i}"
            event = pb.Event(type=1 + (i + 2 * j) % 6, milliseconds_since_epoch=i)
            pairs.append({"artifact": artifact, "event": event})
        execution = pb.Execution(type_id=12 + i % 2, custom_properties=values(i + 1))
        if i % 4:
            execution.last_known_state = i % 7
        reused = [pb.Context(id=1 + (i + k) % 6) for k in range(i % 3)]
        yield (
            "PutExecution",
            service_pb.PutExecutionRequest(
                execution=execution,
                artifact_event_pairs=pairs,
                contexts=reused,
                options={"force_reuse_context": True},
            ),
        )


def values(i: int) -> dict[str, Message]:
    """Return some of the properties that both types declare."""
    made = {}
    if i % 3:
        made["a"] = pb.Value(int_value=i % 4)
    if i % 2:
        made["b"] = pb.Value(string_value=("a", "ab", "", "it's")[i % 4])
    return made


def same_ids(store: headwater.MetadataStore, expected: list[Message | str]) -> Call:
    """Return a namespace with the content in it, under the same ids as the real store's.

    Ids that were taken ahead are dropped after a second without a put, which a fresh server
    that plans each statement anew can take; then there is a gap, and another try.
    """
    for attempt in range(8):
        call = Call(store.in_namespace(f"{store.namespace}-{attempt}"))
        if [RPCS[name].run(call, request) for name, request in content()] == expected:
            return call
    raise AssertionError("the ids always had a gap")


def test_filters_answer_as_mlmd_does(store: headwater.MetadataStore, real: Real) -> None:
    call = same_ids(store, [real(name, request) for name, request in content()])
    answered = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(any_filter(upstream=True))
    def compare(drawn: tuple[TypeKind, Drawn]) -> None:
        nonlocal answered
        kind, filter_query = drawn[0], drawn[1].text
        assume("key\\`" not in filter_query)  # upstream cannot read a backquote within a name
        name = f"Get{kind.capitalize()}s"
        options = pb.ListOperationOptions(filter_query=filter_query, max_result_size=100)
        request = getattr(service_pb, f"{name}Request")(options=options)
        theirs = real(name, request)
        try:
            found = RPCS[name].run(call, request)
        except HeadwaterError as error:
            found = str(error)
        # Upstream rewrites enums in the text, which it cannot everywhere; ours stand anywhere.
        assume("cannot be rewritten" not in str(theirs))
        assert isinstance(theirs, str) == isinstance(found, str), (filter_query, theirs, found)
        if not isinstance(theirs, str):
            answered += 1
            ids = [[node.id for node in getattr(a, f"{kind.lower()}s")] for a in (theirs, found)]
            assert ids[0] == ids[1], filter_query

    compare()
    assert answered > EXAMPLES // 4
