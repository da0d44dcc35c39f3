"""Twins: two runs of one generated pipeline that differ in one injected change, and in all that runs differ in.

Layered, with diamonds; several artifacts of one type and name a step; steps that only their
parameters tell apart; run ids in parameters, uris and names; digests that follow from what was
read, so that one change alters all that lies downstream; raw data that both runs share.
"""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from headwater.query.difference import Diff
from headwater.query.difference_parts import Aspect, Fact, Provenance, fact_of
from headwater.query.parts import LineageEvent, NodeKey
from headwater_schema import (
    Artifact,
    ArtifactBaseType,
    ArtifactType,
    Context,
    ContextType,
    EventPut,
    EventType,
    Execution,
    ExecutionType,
    LinkPut,
    New,
    PathStep,
    PutRequest,
    StoredPayload,
    TypeKind,
)
from headwater_schema.nodes import Node

ROOTS = 4
_TRIES = 100
CHANGES = ("extra", "digest", "swap", "code", "missing", "parameter", "environment")
ARTIFACT_TYPES = ("Examples", "Features", "Statistics", "Model", "Evaluation")
EXECUTION_TYPES = ("Ingest", "Transform", "Describe", "Train", "Evaluate", "Collect")
CONTEXT_TYPES = ("Pipeline", "PipelineRun", "Node")
TYPES = (
    *(
        ArtifactType(name=n, base_type=ArtifactBaseType.MODEL if n == "Model" else None)
        for n in ARTIFACT_TYPES
    ),
    *(ExecutionType(name=n) for n in EXECUTION_TYPES),
    *(ContextType(name=n) for n in CONTEXT_TYPES),
)
MAKES = {
    "Transform": "Features",
    "Describe": "Statistics",
    "Train": "Model",
    "Evaluate": "Evaluation",
    "Collect": "Model",
}


class Made(NamedTuple):
    """An artifact by what makes it: number of the step (negative: a shared root), and of the output."""

    step: int
    output: int = 0


@dataclass(frozen=True)
class Step:
    """A step of a pipeline.

    Attributes:
        number: tells steps apart; stays with the step when others come or go.
        type: of the execution.
        naming: `name`, `node` (a context that both runs share) or `none`.
        outputs: how many artifacts it makes.
        inputs: role and artifact.
        parameters: what is set.
        code: commit.
        environment: python and the like.
    """

    number: int
    type: str
    naming: str
    outputs: int
    inputs: tuple[tuple[str, Made], ...]
    parameters: dict[str, Any]
    code: str = "4be1f0c"
    environment: dict[str, str] = field(default_factory=lambda: {"python_version": "3.11.9"})
    salts: tuple[int, ...] = ()


Pipeline = tuple[Step, ...]


class Change(NamedTuple):
    """What was injected: which of `CHANGES`, at which step, and for an artifact at which output."""

    kind: str
    step: int
    detail: Any = None


@dataclass(frozen=True)
class Twins:
    """A pipeline before and after a change."""

    left: Pipeline
    right: Pipeline
    change: Change


def randomly(seed: int) -> random.Random:
    """Return a source of the same choices for the same seed."""
    return random.Random(seed)  # noqa: S311 - not for secrets


def pipeline(rng: random.Random, *, nodes: int) -> Pipeline:
    """Return a layered pipeline of about so many artifacts and executions, ending in one model."""
    steps: list[Step] = []
    layers: list[list[Made]] = [[Made(-1 - root) for root in range(ROOTS)]]
    unread: dict[Made, None] = dict.fromkeys(layers[0])
    width = max(2, round((nodes / 2.7) ** 0.5 * 0.8))
    while sum(1 + step.outputs for step in steps) < nodes * 0.93:
        layer: list[Made] = []
        for _ in range(rng.randint(max(1, width // 2), width)):
            near = layers[-1] if rng.random() < 0.8 else rng.choice(layers)
            pool = [*[m for m in near if m in unread], *near, *rng.choice(layers)]
            wanted = list(dict.fromkeys([*pool[: rng.randint(1, 3)], rng.choice(pool)]))
            step = _step(rng, len(steps), wanted)
            steps.append(step)
            for made in wanted:
                unread.pop(made, None)
            layer += [Made(step.number, output) for output in range(step.outputs)]
        unread |= dict.fromkeys(layer)
        layers.append(layer)
    while len(unread) > 1 or not steps:
        wanted = list(unread)[: rng.randint(4, 12)]
        step = replace(_step(rng, len(steps), wanted), type="Collect", outputs=1, naming="name")
        steps.append(step)
        for made in wanted:
            del unread[made]
        unread[Made(step.number)] = None
    return tuple(steps)


def _step(rng: random.Random, number: int, inputs: Sequence[Made]) -> Step:
    roles = ("examples", "schema", "base") if rng.random() < 0.5 else ("data",)
    return Step(
        number,
        rng.choice(("Transform", "Transform", "Describe", "Train", "Evaluate")),
        rng.choice(("name", "name", "node", "none")),
        rng.choice((1, 1, 1, 2, 3)),
        tuple((roles[i % len(roles)], made) for i, made in enumerate(inputs)),
        {"seed": number, "rate": rng.choice((0.1, 0.01)), "mode": rng.choice(("fast", "exact"))},
    )


def twins(seed: int, *, nodes: int = 1_000, kind: str | None = None) -> Twins:
    """Return two pipelines that differ in one change, at a random place unless it is given."""
    rng = randomly(seed)
    before = pipeline(rng, nodes=nodes)
    kind = kind or rng.choice(CHANGES)
    at = rng.randrange(len(before))
    step = before[at]
    match kind:
        case "digest":
            output = rng.randrange(step.outputs)
            salts = tuple(int(i == output) for i in range(step.outputs))
            changed = replace(step, salts=salts)
            change = Change(kind, at, output)
        case "code":
            changed, change = replace(step, code="99ab3d2"), Change(kind, at, "git_commit")
        case "parameter":
            parameters = {**step.parameters, "rate": 0.5}
            changed, change = replace(step, parameters=parameters), Change(kind, at, "rate")
        case "environment":
            environment = {"python_version": "3.12.1"}
            changed = replace(step, environment=environment)
            change = Change(kind, at, "python_version")
        case "swap":
            while (swapped := _swapped(rng, before)) is None:
                before = pipeline(rng, nodes=nodes)
            return swapped
        case _:
            return _with_step(rng, before, at, kind)
    return Twins(before, (*before[:at], changed, *before[at + 1 :]), change)


def _swapped(rng: random.Random, before: Pipeline) -> Twins | None:
    """Return twins of which one reads something else; None where nothing else seems to be there."""
    for _ in range(_TRIES):
        step = rng.choice(before)
        place = rng.randrange(len(step.inputs))
        role, old = step.inputs[place]
        others = [
            Made(other.number, output)
            for other in before[: step.number]
            for output in range(other.outputs)
            if old.step >= 0
            and MAKES[other.type] == MAKES[before[old.step].type]
            and other.number != old.step
        ]
        others = [made for made in others if made not in [m for _, m in step.inputs]]
        if others:
            new = rng.choice(others)
            inputs = (*step.inputs[:place], (role, new), *step.inputs[place + 1 :])
            after = tuple(replace(s, inputs=inputs) if s is step else s for s in before)
            return Twins(before, after, Change("swap", step.number, (role, old, new)))
    return None


def _with_step(rng: random.Random, before: Pipeline, at: int, kind: str) -> Twins:
    step = before[at]
    place = rng.randrange(len(step.inputs))
    role, old = step.inputs[place]
    number = len(before)
    extra = replace(_step(rng, number, [old]), outputs=1)
    inputs = (*step.inputs[:place], (role, Made(number)), *step.inputs[place + 1 :])
    longer = (*before[:at], extra, replace(step, inputs=inputs), *before[at + 1 :])
    sides = (before, longer) if kind == "extra" else (longer, before)
    return Twins(*sides, Change(kind, number))


class Run(NamedTuple):
    """A pipeline that ran, as one request; positions of nodes by what they are in the pipeline."""

    request: PutRequest
    artifacts: dict[Made, int]
    executions: dict[int, int]


TypeIds = dict[tuple[TypeKind, str], int]


def shared(types: TypeIds) -> PutRequest:
    """Return the request of what both runs share: raw data, the pipeline and its nodes' contexts."""
    return PutRequest(
        artifacts=tuple(
            Artifact(
                type_id=types[TypeKind.ARTIFACT, "Examples"], uri=f"s3://raw/{i}", name=f"raw-{i}"
            )
            for i in range(ROOTS)
        )
    )


def run(
    steps: Pipeline,
    types: TypeIds,
    *,
    name: str,
    roots: Sequence[int],
    salt: str = "",
    start_ms: int = 1_700_000_000_000,
) -> Run:
    """Return the request that records a run of a pipeline, whose steps come sources first.

    The run's `name` goes into names, uris and parameters; `salt` begins the names that the runs
    of one pipeline share; `roots` are the ids of the shared raw data.
    """
    digests: dict[Made, str] = {Made(-1 - i): f"raw {i}" for i in range(len(roots))}
    nodes: dict[str, list[Any]] = {"artifacts": [], "executions": [], "contexts": []}
    nodes["contexts"] = _contexts(types, name, salt)
    events: list[EventPut] = []
    links: list[LinkPut] = []
    series: dict[int, str] = {}
    payloads: dict[int, StoredPayload] = {}
    places: dict[Made, int] = {}
    executions: dict[int, int] = {}
    for step in steps:
        at = start_ms + step.number * 1_000
        executions[step.number] = place = len(nodes["executions"])
        nodes["executions"].append(_execution(step, types, name, at))
        links += [LinkPut(New(place), New(0)), LinkPut(New(place), New(1))]
        if step.naming == "node":
            links.append(LinkPut(New(place), New(len(nodes["contexts"]))))
            nodes["contexts"].append(
                Context(
                    type_id=types[TypeKind.CONTEXT, "Node"], name=f"{salt}nightly.{step.number}"
                )
            )
        for index, (role, made) in enumerate(step.inputs):
            ref = roots[-1 - made.step] if made.step < 0 else New(places[made])
            path = (PathStep(key=role), PathStep(index=index))
            events.append(EventPut(ref, New(place), EventType.INPUT, path, at))
        for output in range(step.outputs):
            made = Made(step.number, output)
            digest = digests[made] = _digest(step, output, digests)
            places[made] = number = len(nodes["artifacts"])
            nodes["artifacts"].append(_artifact(step, types, name, digest, output))
            if step.naming == "name":
                series[number] = f"{salt}{MAKES[step.type].lower()}-s{step.number}"
            payloads[number] = StoredPayload(f"sha256:{digest}", int(digest[:6], 16))
            path = (PathStep(key="out"), PathStep(index=output))
            events.append(EventPut(New(number), New(place), EventType.OUTPUT, path, at + 900))
    request = PutRequest(
        artifacts=tuple(nodes["artifacts"]),
        executions=tuple(nodes["executions"]),
        contexts=tuple(nodes["contexts"]),
        events=tuple(events),
        associations=tuple(links),
        series=series,
        payloads=payloads,
        reuse_contexts=True,
    )
    return Run(request, places, executions)


def _digest(step: Step, output: int, digests: dict[Made, str]) -> str:
    read = [digests[made] for _, made in step.inputs]
    salt = step.salts[output] if step.salts else 0
    content = (step.parameters, step.code, step.environment, read, output, salt)
    return hashlib.sha256(repr(content).encode()).hexdigest()


def _contexts(types: TypeIds, name: str, salt: str) -> list[Any]:
    user = {"user": "ada"}
    return [
        Context(type_id=types[TypeKind.CONTEXT, "Pipeline"], name=f"{salt}nightly"),
        Context(type_id=types[TypeKind.CONTEXT, "PipelineRun"], name=name, custom_properties=user),
    ]


def _execution(step: Step, types: TypeIds, name: str, at: int) -> Execution:
    return Execution(
        type_id=types[TypeKind.EXECUTION, step.type],
        name=f"{step.type.lower()}-s{step.number} {name}" if step.naming == "name" else None,
        custom_properties={
            **step.parameters,
            **step.environment,
            "git_commit": step.code,
            "run_id": name,
            "output_dir": f"/scratch/{name}/{step.number}",
            "started_at": at,
            "duration_s": int(hashlib.sha256(name.encode()).hexdigest()[:4], 16) / 1_000,
        },
    )


def _artifact(step: Step, types: TypeIds, name: str, digest: str, output: int) -> Artifact:
    type_name = MAKES[step.type]
    share = int(digest[:8], 16) / 2**32
    values: dict[str, Any] = {"rows": int(share * 10_000)}
    if type_name in ("Model", "Evaluation"):
        values = {"accuracy": share}
    return Artifact(
        type_id=types[TypeKind.ARTIFACT, type_name],
        uri=f"s3://runs/{name}/{step.number}/{output}",
        custom_properties=values,
    )


def imagined_types() -> TypeIds:
    """Return ids for `TYPES` as no store gave them."""
    return {(t.kind, t.name): 10 + i for i, t in enumerate(TYPES)}


class Imagined(NamedTuple):
    """A run's history without a store, and which node is which."""

    provenance: Provenance
    artifacts: dict[Made, NodeKey]
    executions: dict[int, NodeKey]


def imagined(made: Run, id_of: Callable[[TypeKind, int], int]) -> Imagined:
    """Return the history of a run's last artifact; new nodes' ids by kind and position."""
    names = {number: name for (_, name), number in imagined_types().items()}
    request = made.request
    facts: dict[NodeKey, Fact] = {}
    new: tuple[tuple[TypeKind, tuple[Node, ...]], ...] = (
        (TypeKind.ARTIFACT, request.artifacts),
        (TypeKind.EXECUTION, request.executions),
        (TypeKind.CONTEXT, request.contexts),
    )

    def key(kind: TypeKind, ref: int | New) -> NodeKey:
        if not isinstance(ref, New):
            return NodeKey(kind, ref)
        name = request.contexts[ref.position].name or "" if kind is TypeKind.CONTEXT else ""
        if "nightly" in name:
            return NodeKey(kind, -1 - int(name.rpartition(".")[2]) if "." in name else 0)
        return NodeKey(kind, id_of(kind, ref.position))

    for kind, nodes in new:
        for position, node in enumerate(nodes):
            own = key(kind, New(position))
            stored: dict[str, Any] = {
                "id": own.id,
                "type": names[node.type_id or 0],
                "name": node.name,
                **{f"c_{k}": v for k, v in node.custom_properties.items()},
            }
            if isinstance(node, Artifact):
                stored["uri"] = node.uri
                if position in request.series:
                    stored |= {
                        "series": request.series[position],
                        "name": f"{request.series[position]}@1",
                    }
                stored["digest"] = request.payloads[position].digest
            facts[own] = fact_of(kind, stored)
    events = _flow(request, key)
    for event in events:
        if event.artifact_id < 0:
            facts.setdefault(
                event.artifact, Fact(event.artifact, "Examples", f"raw{event.artifact_id}")
            )
    members = [
        (key(TypeKind.EXECUTION, link.node), key(TypeKind.CONTEXT, link.context))
        for link in request.associations
    ]
    last = key(TypeKind.ARTIFACT, New(len(request.artifacts) - 1))
    return Imagined(
        upstream(Provenance(last, facts, events, members)),
        {m: key(TypeKind.ARTIFACT, New(p)) for m, p in made.artifacts.items()},
        {s: key(TypeKind.EXECUTION, New(p)) for s, p in made.executions.items()},
    )


def _flow(request: PutRequest, key: Callable[[TypeKind, int | New], NodeKey]) -> list[LineageEvent]:
    return [
        LineageEvent(
            key(TypeKind.ARTIFACT, e.artifact).id,
            key(TypeKind.EXECUTION, e.execution).id,
            str(e.type),
            e.milliseconds_since_epoch,
            "[" + ",".join(step.model_dump_json(exclude_none=True) for step in e.path) + "]",
        )
        for e in request.events
    ]


def upstream(whole: Provenance) -> Provenance:
    """Return the part of a graph that is upstream of its root, with the contexts of that."""
    before: dict[NodeKey, list[NodeKey]] = {}
    for event in whole.events:
        before.setdefault(event.target, []).append(event.source)
    seen, ahead = {whole.root}, [whole.root]
    while ahead:
        new = set(before.get(ahead.pop(), ())) - seen
        seen |= new
        ahead += new
    members = [(node, context) for node, context in whole.members if node in seen]
    seen |= {context for _, context in members}
    return Provenance(
        whole.root,
        {key: fact for key, fact in whole.nodes.items() if key in seen},
        [event for event in whole.events if event.target in seen],
        members,
    )


def names_first(
    diff: Diff,
    change: Change,
    *,
    lefts: tuple[dict[Made, NodeKey], dict[int, NodeKey]],
    rights: tuple[dict[Made, NodeKey], dict[int, NodeKey]],
) -> bool:
    """Return whether the first difference is the injected change, at its very place."""
    if not diff.causes:
        return False
    first = diff.differences[0]
    places = first.left, first.right
    match change.kind:
        case "digest":
            made = Made(change.step, change.detail)
            wanted = (lefts[0][made], rights[0][made])
            return places == wanted and first.aspect is Aspect.DATA and first.property == "digest"
        case "extra":
            return places == (None, rights[1][change.step]) and first.property == "step"
        case "missing":
            return places == (lefts[1][change.step], None) and first.property == "step"
        case "swap":
            role, _, _ = change.detail
            here = (lefts[1][change.step], rights[1][change.step])
            return places == here and first.property == f"input {role}"
    aspects = {
        "code": Aspect.CODE,
        "parameter": Aspect.PARAMETERS,
        "environment": Aspect.ENVIRONMENT,
    }
    here = (lefts[1][change.step], rights[1][change.step])
    return places == here and (first.aspect, first.property) == (
        aspects[change.kind],
        change.detail,
    )
