"""Another process at the same store: what it does is its first argument, and it dies in the middle.

It says on its output what was acknowledged, a line each.
"""

import json
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import headwater
from headwater.errors import Aborted, AlreadyExists
from headwater_schema import (
    Artifact,
    ArtifactType,
    Context,
    ContextType,
    EventPut,
    EventType,
    Execution,
    ExecutionType,
    LinkPut,
    New,
    PutRequest,
)

TYPES = [ArtifactType(name="A"), ExecutionType(name="E"), ContextType(name="C")]
PAYLOAD_BYTES = 600_000


class Data(headwater.Artifact):
    pass


class Step(headwater.Execution):
    pass


def main() -> None:
    given = json.loads(sys.argv[2])
    with headwater.connect(start=False, **given) as store:
        ACTIONS[sys.argv[1]](store)


def put_units(store: headwater.MetadataStore) -> None:
    """Each put is a unit: an execution, two artifacts, their events, a context, its links."""
    artifact_type, execution_type, context_type = store.put_types(TYPES)
    for i in count():
        store.put(
            PutRequest(
                artifacts=(
                    Artifact(type_id=artifact_type, name=f"in{i}"),
                    Artifact(type_id=artifact_type, name=f"out{i}"),
                ),
                executions=(Execution(type_id=execution_type, name=f"e{i}"),),
                contexts=(Context(type_id=context_type, name=f"c{i}"),),
                events=(
                    EventPut(New(0), New(0), EventType.INPUT),
                    EventPut(New(1), New(0), EventType.OUTPUT),
                ),
                attributions=(LinkPut(New(0), New(0)), LinkPut(New(1), New(0))),
                associations=(LinkPut(New(0), New(0)),),
            )
        )
        say(i)


def put_payloads(store: headwater.MetadataStore) -> None:
    for i in count():
        with store.run(Step()) as run:
            made = run.output(Data(name=f"p{i}"), payload=payload(i))
        say({"name": made.name, "digest": made.digest, "i": i})


def race(store: headwater.MetadataStore) -> None:
    """Round by round, at a word, put the same type, context and artifact as the other does."""
    for i in range(10):
        say("ready")
        sys.stdin.readline()
        ids: dict[str, Any] = {"type": store.put_types([ArtifactType(name=f"A{i}")])[0]}
        (context_type,) = store.put_types([ContextType(name=f"C{i}")])
        context = Context(type_id=context_type, name="same")
        answer = store.put(PutRequest(contexts=(context,), reuse_contexts=True))
        ids["context"] = answer.context_ids[0]
        try:
            node = Artifact(type_id=ids["type"], name="same")
            ids["artifact"] = store.put(PutRequest(artifacts=(node,))).artifact_ids[0]
        except (AlreadyExists, Aborted) as error:
            ids["artifact"] = type(error).__name__
        say(ids)


def payload(i: int) -> bytes:
    return i.to_bytes(4, "big") * (PAYLOAD_BYTES // 4)


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


ACTIONS: dict[str, Callable[[headwater.MetadataStore], None]] = {
    "put_payloads": put_payloads,
    "put_units": put_units,
    "race": race,
}

if __name__ == "__main__":
    main()
