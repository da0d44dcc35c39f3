"""Driver: fetches a step's inputs from the store, and registers that it runs.

"Whatever input is needed for the executor is provided by the driver, which gets it from the
metadata store."
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from headwater.components.contexts import RunContexts
from headwater.components.signature import InputSpec, OutputSpec
from headwater.components.sources import (
    Given,
    Latest,
    Named,
    OutputRef,
    Several,
    Source,
    Spans,
)
from headwater.errors import InvalidArgument, NotFound
from headwater.typed import Artifact, Execution
from headwater_schema import Artifact as ArtifactNode
from headwater_schema import (
    ArtifactState,
    EventPut,
    EventType,
    ExecutionState,
    FirstBeat,
    LinkPut,
    ListOptions,
    New,
    OrderField,
    PathStep,
    PutRequest,
)

if TYPE_CHECKING:
    from headwater.store import MetadataStore

Artifacts = Mapping[str, Sequence[Artifact]]
"""Artifacts by the input or output that they are of."""


@dataclass(frozen=True)
class Registered:
    """A step that the store knows to run, and what the publisher needs of it.

    Attributes:
        execution_id: of its execution.
        execution: as it was registered.
        contexts: of the run.
        outputs: what it is to make.
        series: the series of each output.
        pending: the artifact of each output that has one, PENDING, by output.
    """

    execution_id: int
    execution: Execution
    contexts: RunContexts
    outputs: Mapping[str, OutputSpec] = field(default_factory=dict)
    series: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, int] = field(default_factory=dict)


class Driver:
    """Resolves inputs and registers executions; derive a class to find inputs in another way."""

    def inputs(
        self,
        store: "MetadataStore",
        sources: Mapping[str, Source],
        specs: Mapping[str, InputSpec],
        made: Mapping[tuple[str, str], Sequence[int]],
    ) -> dict[str, list[Artifact]]:
        """Return the artifacts of each input, as instances of the classes of their inputs.

        Args:
            store: where they are.
            sources: where to look, by input.
            specs: the inputs.
            made: ids of what other steps of the run made, by step and output.

        Raises:
            NotFound: an input that is not optional has no artifact; `input` names it.
            InvalidArgument: an input of one has several, or one of another type.
        """
        found: dict[str, list[Artifact]] = {}
        for key, spec in specs.items():
            source = sources.get(key)
            nodes = [] if source is None else self.find(store, source, spec, made)
            if not nodes and not spec.optional:
                raise NotFound(
                    f"Input {key!r} has no {spec.type.type_name}: {_told(source)} finds none.",
                    hint="Make one first, or let the input be optional: Input[...] | None.",
                    input=key,
                )
            if len(nodes) > 1 and not spec.many:
                raise InvalidArgument(
                    f"Input {key!r} takes one artifact, {_told(source)} finds {len(nodes)}.",
                    input=key,
                )
            found[key] = nodes
        return found

    def find(
        self,
        store: "MetadataStore",
        source: Source,
        spec: InputSpec,
        made: Mapping[tuple[str, str], Sequence[int]],
    ) -> list[Artifact]:
        """Return what one source finds, in its order."""
        match source:
            case OutputRef():
                # The output's own class, which may derive from the input's.
                wanted = replace(spec, type=source.type)
                return _by_ids(store, made.get((source.step, source.key), ()), wanted)
            case Given(ids):
                return _by_ids(store, ids, spec)
            case Named(name):
                return [store.artifact(name, type=spec.type)]
            case Latest():
                own = {i for ids in made.values() for i in ids} if source.other_run else set()
                return _latest(store, source, spec, own)
            case Spans():
                return _spans(store, source, spec)
            case Several(sources):
                return [
                    artifact for part in sources for artifact in self.find(store, part, spec, made)
                ]
            case _:
                assert_never(source)

    def register(
        self,
        store: "MetadataStore",
        execution: Execution,
        *,
        inputs: Artifacts,
        declared: Sequence[int],
        environment_id: int | None,
        outputs: Mapping[str, OutputSpec],
        series: Mapping[str, str],
        contexts: RunContexts,
        first_beat: FirstBeat,
    ) -> Registered:
        """Return the execution, after recording in one transaction that it runs.

        It reads its inputs (INPUT), names what a condition looked at (DECLARED_INPUT), runs in an
        environment (INTERNAL_INPUT), and each of its outputs of one artifact is there, PENDING,
        by a PENDING_OUTPUT event.

        Args:
            store: where it is recorded.
            execution: its parameters, name and custom properties.
            inputs: what it reads.
            declared: ids of artifacts that a condition of its looked at.
            environment_id: of the artifact that says where it runs.
            outputs: what it is to make.
            series: the series of each output.
            contexts: of the run.
            first_beat: of the process that works on it.

        Raises:
            AlreadyExists: an execution of that name or external id is there.
        """
        store.register(type(execution), *(spec.type for spec in outputs.values()))
        running = execution.model_copy(update={"last_known_state": ExecutionState.RUNNING})
        waiting = [key for key, spec in outputs.items() if not spec.many]
        nodes = [
            ArtifactNode(type_id=store.type_id(outputs[key].type), state=ArtifactState.PENDING)
            for key in waiting
        ]
        answer = store.put(
            PutRequest(
                executions=(running.to_node(store.type_id(type(execution))),),
                artifacts=tuple(nodes),
                series={i: series[key] for i, key in enumerate(waiting)},
                events=(
                    *input_events(New(0), inputs, declared, environment_id),
                    *pending_events(waiting),
                ),
                associations=tuple(LinkPut(New(0), i) for i in contexts.ids),
                attributions=(*new_links(len(nodes), contexts), *read_links(inputs, contexts)),
                first_beats={0: first_beat},
            )
        )
        pending = dict(zip(waiting, answer.artifact_ids, strict=True))
        execution_id = answer.execution_ids[0]
        return Registered(execution_id, execution, contexts, outputs, series, pending)


def input_events(
    execution: New | int,
    inputs: Artifacts,
    declared: Sequence[int],
    environment_id: int | None,
) -> list[EventPut]:
    """Return the events by which an execution reads; an artifact read twice has one, by its first key."""
    events: dict[tuple[int, EventType], EventPut] = {}
    for key, artifacts in inputs.items():
        for index, artifact in enumerate(artifacts):
            step = path_of(key, index if len(artifacts) > 1 else None)
            found = EventPut(artifact.id or 0, execution, EventType.INPUT, step)
            events.setdefault((artifact.id or 0, EventType.INPUT), found)
    read = {artifact_id for artifact_id, _ in events}
    for artifact_id in dict.fromkeys(declared):
        if artifact_id not in read:
            declaring = EventPut(artifact_id, execution, EventType.DECLARED_INPUT)
            events[artifact_id, EventType.DECLARED_INPUT] = declaring
    if environment_id is not None:
        running_in = EventPut(environment_id, execution, EventType.INTERNAL_INPUT)
        events[environment_id, EventType.INTERNAL_INPUT] = running_in
    return list(events.values())


def pending_events(keys: Sequence[str]) -> list[EventPut]:
    """Return the events of outputs that a new execution is still to make, new artifacts in order."""
    return [
        EventPut(New(i), New(0), EventType.PENDING_OUTPUT, path_of(key))
        for i, key in enumerate(keys)
    ]


def new_links(count: int, contexts: RunContexts) -> list[LinkPut]:
    """Return the attributions of so many new artifacts to the contexts of a run."""
    return [LinkPut(New(i), context) for i in range(count) for context in contexts.ids]


def read_links(inputs: Artifacts, contexts: RunContexts) -> list[LinkPut]:
    """Return the attributions of what an execution reads to the contexts of its run."""
    ids = dict.fromkeys(a.id or 0 for artifacts in inputs.values() for a in artifacts)
    return [LinkPut(artifact_id, context) for artifact_id in ids for context in contexts.ids]


def path_of(key: str, index: int | None = None) -> tuple[PathStep, ...]:
    """Return the path of an event: the input or output, and which of several."""
    steps = (PathStep(key=key),)
    return steps if index is None else (*steps, PathStep(index=index))


def _by_ids(store: "MetadataStore", ids: Sequence[int], spec: InputSpec) -> list[Artifact]:
    nodes = {node.id: node for node in store.artifacts.by_ids(ids)}
    missing = [artifact_id for artifact_id in ids if artifact_id not in nodes]
    if missing:
        raise NotFound(f"There is no artifact with id {missing[0]}.", id=missing[0])
    return [_typed(nodes[artifact_id], spec) for artifact_id in ids]


def _latest(
    store: "MetadataStore", source: Latest, spec: InputSpec, own: Collection[int]
) -> list[Artifact]:
    context_id = None
    if source.context is not None:
        context_id = store.context(source.context).id
    found: list[Artifact] = []
    for node in _newest(store, spec, source.filter_query, context_id):
        if source.series is not None and node.series != source.series:
            continue
        if node.id in own:
            continue
        found.append(_typed(node, spec))
        if source.count is not None and len(found) == source.count:
            break
    return found


def _spans(store: "MetadataStore", source: Spans, spec: InputSpec) -> list[Artifact]:
    query = f"properties.{source.key}.int_value BETWEEN {source.first} AND {source.last}"
    newest: dict[int, Artifact] = {}
    for node in _newest(store, spec, query, None):
        newest.setdefault(node.properties[source.key], _typed(node, spec))
    return [newest[number] for number in sorted(newest)]


def _newest(
    store: "MetadataStore", spec: InputSpec, filter_query: str, context_id: int | None
) -> Iterator[ArtifactNode]:
    token = ""
    while True:
        options = ListOptions(
            max_result_size=100,
            order_by=OrderField.CREATE_TIME,
            is_asc=False,
            next_page_token=token,
            filter_query=filter_query,
        )
        page = store.artifacts.page(
            options,
            type_name=spec.type.type_name,
            context_id=context_id,
            state=ArtifactState.LIVE,
        )
        yield from page.items
        token = page.next_page_token
        if not token:
            return


def _typed(node: ArtifactNode, spec: InputSpec) -> Artifact:
    if node.type != spec.type.type_name:
        raise InvalidArgument(
            f"Input {spec.key!r} takes {spec.type.type_name}, found artifact {node.id} of type "
            f"{node.type}.",
            input=spec.key,
        )
    return spec.type.from_node(node)


def _told(source: Source | None) -> str:
    match source:
        case None:
            return "nothing was given, which"
        case OutputRef(step=step, key=key):
            return f"output {key!r} of step {step!r}"
        case _:
            return repr(source)
