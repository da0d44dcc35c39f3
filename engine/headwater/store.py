"""The store: binds the services of one namespace, and speaks in users' classes and names."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from copy import copy
from dataclasses import replace
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar, overload

from headwater.errors import FailedPrecondition, InvalidArgument, NotFound
from headwater.graph.session import Graph
from headwater.local.progress import Progress
from headwater.objects import ObjectStore
from headwater.query.moment import Moment, TimeLike, milliseconds, moment
from headwater.query.parts import NodeKey
from headwater.questions import Questions
from headwater.references import NodeLike, key_of
from headwater.runs import Run
from headwater.services.about import About, about
from headwater.services.causes import CauseService
from headwater.services.comparisons import ComparisonService
from headwater.services.corrections import CorrectionService
from headwater.services.cypher import CypherService
from headwater.services.differences import DifferenceService
from headwater.services.door import Caller, Door, Observer
from headwater.services.edges import EdgeService
from headwater.services.exact_names import ExactNames
from headwater.services.exports import ExportService
from headwater.services.garbage import OLDER_THAN_S, Collection, GarbageService
from headwater.services.heartbeats import HeartbeatService
from headwater.services.history import HistoryService
from headwater.services.ids import IdBlocks
from headwater.services.imports import ImportService
from headwater.services.indexes import IndexService
from headwater.services.lineage import LineageService
from headwater.services.names import NameService
from headwater.services.namespaces import (
    Namespace,
    NamespaceCounts,
    NamespaceService,
    check_namespace,
)
from headwater.services.nodes import ArtifactService, NodeService
from headwater.services.paths import PathService
from headwater.services.put import PutService
from headwater.services.removal import RemovalService, Tombstone
from headwater.services.renames import RenameService
from headwater.services.run_questions import RunQuestions
from headwater.services.scope import Scope
from headwater.services.search import SearchService
from headwater.services.selections import SelectionService
from headwater.services.subgraph import SubgraphService
from headwater.services.tokens import TokenService
from headwater.services.types import TypeService
from headwater.settings import Settings
from headwater.typed import Artifact, Context, Execution, TypedNode, TypedT
from headwater_schema import (
    Context as ContextNode,
)
from headwater_schema import (
    Execution as ExecutionNode,
)
from headwater_schema import (
    NodeType,
    PutAnswer,
    PutRequest,
    TypeKind,
)

ArtifactT = TypeVar("ArtifactT", bound=Artifact)
ExecutionT = TypeVar("ExecutionT", bound=Execution)
ContextT = TypeVar("ContextT", bound=Context)


class MetadataStore(Questions):
    """One namespace of the metadata store. Safe to share between threads.

    The services are open to use: `types`, `artifacts`, `executions`, `contexts`, `edges`,
    `puts`, `lineage`, `heartbeats`, `indexes`, `namespaces`, `tokens`, `removal`, `renames`,
    `garbage`, each speaking in the models of `headwater_schema`. The methods here speak in users' classes and names.

    Args:
        graph: the database.
        objects: where payloads and large values lie.
        settings: limits and intervals.
        namespace: the tenant.
        actor: who asks, for the record of changes; else whom the settings name.
        observer: is told of each committed change.
        resources: closed with the store.
    """

    def __init__(
        self,
        graph: Graph,
        objects: ObjectStore | None,
        *,
        settings: Settings,
        namespace: str,
        actor: str | None = None,
        observer: Observer | None = None,
        resources: ExitStack | None = None,
    ) -> None:
        self._resources = resources or ExitStack()
        self._settings = settings
        self._graph = graph
        self._objects = objects
        self._actor = settings.actor if actor is None else actor
        self._observer = observer
        self.namespace = check_namespace(namespace)
        scope = Scope(
            graph=graph,
            objects=objects,
            namespace=namespace,
            door=Door(graph, observer),
            ids=IdBlocks(graph),
            offload_bytes=settings.offload_bytes,
            index_budget=settings.index_budget,
        )
        self._scope = scope
        self.namespaces = NamespaceService(scope)
        self.types = TypeService(scope, self.namespaces)
        self.artifacts = ArtifactService(scope, self.types)
        self.executions = NodeService[ExecutionNode](scope, self.types, TypeKind.EXECUTION)
        self.contexts = NodeService[ContextNode](scope, self.types, TypeKind.CONTEXT)
        self.edges = EdgeService(scope)
        self.puts = PutService(scope, self.namespaces, self.types)
        self.imports = ImportService(scope, self.namespaces, self.types)
        self.exports = ExportService(scope)
        self.history = HistoryService(scope)
        self.lineage = LineageService(
            scope, self.artifacts, self.executions, at_moment=self.history.shown
        )
        self.corrections = CorrectionService(scope)
        self.differences = DifferenceService(scope, self.types, properties_at=self.history.known)
        self.comparisons = ComparisonService(scope)
        self.selections = SelectionService(scope, self.types, self.lineage)
        self.searches = SearchService(scope)
        self.ways = PathService(scope)
        self.causes = CauseService(scope)
        self.run_questions = RunQuestions(scope, self.types, self.history.nodes_at)
        self.subgraphs = SubgraphService(scope, self.artifacts, self.executions)
        self.heartbeats = HeartbeatService(scope)
        self.indexes = IndexService(scope, self.types)
        self.tokens = TokenService(scope)
        self.names = NameService(scope, self.artifacts, self.executions, self.contexts)
        self.removal = RemovalService(scope)
        self.renames = RenameService(scope)
        self.garbage = GarbageService(scope)
        self.exact_names = ExactNames(scope, self.artifacts, self.executions, self.contexts)
        self.queries = CypherService(scope)
        self._registered: dict[type[TypedNode], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<MetadataStore {self._graph.address} namespace={self.namespace!r}>"

    def close(self) -> None:
        """Close the connections. A local server that was started for the store runs on."""
        self._resources.close()

    def in_namespace(self, namespace: str) -> "MetadataStore":
        """Return a store of another namespace over the same connections, closed with this one."""
        return MetadataStore(
            self._graph,
            self._objects,
            settings=self._settings,
            namespace=namespace,
            actor=self._actor,
            observer=self._observer,
        )

    def acting_as(self, actor: str) -> "MetadataStore":
        """Return the same store, for changes that another asks for; closed with this one."""
        other = copy(self)
        other._actor = actor  # noqa: SLF001 - of this class
        return other

    def about(self) -> About:
        """Return which database server and which schema this store stands on."""
        return about(self._scope)

    def list_namespaces(self) -> list[Namespace]:
        """Return all namespaces of the database, by name."""
        return self.namespaces.all()

    def create_namespace(self, name: str, *, reason: str = "") -> Namespace:
        """Return a new namespace; see `NamespaceService.create`. A first write makes one as well."""
        return self.namespaces.create(name, caller=self._caller(reason))

    def drop_namespace(
        self, name: str, *, progress: Progress | None = None, reason: str = ""
    ) -> NamespaceCounts:
        """Return how much a namespace held, after removing it; see `NamespaceService.drop`."""
        dropped = self.namespaces.drop(name, progress=progress, caller=self._caller(reason))
        if name == self.namespace:
            self.types.forget()
            self.namespaces.forget()
            self._scope.ids.forget(name)
        return dropped

    @property
    def settings(self) -> Settings:
        """What another store needs to be opened on the same database, objects and namespace."""
        return replace(self._settings, namespace=self.namespace, actor=self._actor)

    @property
    def objects(self) -> ObjectStore:
        """Where payloads and large values lie.

        Raises:
            FailedPrecondition: the store was opened without an object store.
        """
        return self._scope.object_store

    # Types.

    def register(self, *node_classes: type[TypedNode]) -> None:
        """Register the types that classes declare, all in one call.

        A run registers what it meets by itself. But every new type brings new indexes, after
        which Neo4j plans each statement anew, so on a fresh server it is much quicker (3 times,
        for a pipeline's first run) to register all classes of a pipeline before it starts.
        A stored type gains its class's new properties and keeps those that the class lacks.

        Raises:
            AlreadyExists: the stored type has a property of the same name and another kind.
        """
        new = [known for known in dict.fromkeys(node_classes) if not self._is_registered(known)]
        if new:
            types = [known.node_type() for known in new]
            ids = self.put_types(types, can_add_fields=True, can_omit_fields=True)
            self._registered |= dict(zip(new, ids, strict=True))

    def type_id(self, node_class: type[TypedNode]) -> int:
        """Return the id of the type that a class declares, registering it where it is new."""
        self.register(node_class)
        return self._registered[node_class]

    def put_types(
        self,
        types: Sequence[NodeType],
        *,
        can_add_fields: bool = False,
        can_omit_fields: bool = False,
        reason: str = "",
    ) -> list[int]:
        """Return the ids of types, registered or evolved all or none; see `TypeService.put`."""
        return self.types.put(
            types,
            can_add_fields=can_add_fields,
            can_omit_fields=can_omit_fields,
            caller=self._caller(reason),
        )

    # Nodes.

    def put(
        self, request: PutRequest, *, reason: str = "", valid_at: TimeLike | None = None
    ) -> PutAnswer:
        """Return the ids of a request's nodes, written all or none; see `PutService.put`.

        Args:
            request: what to write.
            reason: for the record of changes.
            valid_at: from when on it is so; events that name no time happened then. None for now.
        """
        return self.puts.put(request, caller=self._caller(reason, valid_at))

    def run(
        self,
        execution: Execution,
        *,
        context: Context | None = None,
        contexts: Iterable[Context] = (),
    ) -> Run:
        """Return a run of a step, recorded from its `with` to its end.

        Args:
            execution: what runs, with its parameters.
            context: what the run and its artifacts belong to, made where it is new.
            contexts: more of them.
        """
        every = [*([context] if context is not None else []), *contexts]
        return Run(self, execution, every, heartbeat_s=self._settings.heartbeat_s)

    def put_context(self, context: ContextT) -> ContextT:
        """Return the context of that type and name, made where there is none."""
        node = context.to_node(self.type_id(type(context)))
        request = PutRequest(contexts=(node,), reuse_contexts=node.id is None)
        ids = self.put(request).context_ids
        return type(context).from_node(self.contexts.by_ids(ids)[0])

    @overload
    def artifact(
        self,
        reference: NodeLike,
        *,
        type: type[ArtifactT],
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> ArtifactT: ...
    @overload
    def artifact(
        self,
        reference: NodeLike,
        *,
        type: str | None = None,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> Artifact: ...
    def artifact(
        self,
        reference: NodeLike,
        *,
        type: type[Artifact] | str | None = None,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> Artifact:
        """Return an artifact.

        Args:
            reference: a name (`clf@3`), a series (`clf`: its latest LIVE version), a uri, a
                digest (`sha256:…`), `artifact:7`, or an object that the store gave before.
            type: class to return it as, or name of its type; needed where several types have
                an artifact of that name.
            as_of: with the properties that were valid at that time.
            known_at: with the properties that the store knew at that time. A name, series, uri
                or digest means what it meant at that moment: `clf` known at a time is the latest
                version that was LIVE then; see `NameService.at` for what that costs.

        Raises:
            NotFound: there is none, or the store did not know it then.
            InvalidArgument: several types have one; `types` lists them.
        """
        found: Artifact = self._get(Artifact, reference, type, moment(as_of, known_at))
        return found

    @overload
    def execution(
        self,
        reference: NodeLike,
        *,
        type: type[ExecutionT],
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> ExecutionT: ...
    @overload
    def execution(
        self,
        reference: NodeLike,
        *,
        type: str | None = None,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> Execution: ...
    def execution(
        self,
        reference: NodeLike,
        *,
        type: type[Execution] | str | None = None,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> Execution:
        """Return an execution by its name, `execution:3`, or an object; see `artifact`."""
        found: Execution = self._get(Execution, reference, type, moment(as_of, known_at))
        return found

    @overload
    def context(
        self,
        reference: NodeLike,
        *,
        type: type[ContextT],
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> ContextT: ...
    @overload
    def context(
        self,
        reference: NodeLike,
        *,
        type: str | None = None,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> Context: ...
    def context(
        self,
        reference: NodeLike,
        *,
        type: type[Context] | str | None = None,
        as_of: TimeLike | None = None,
        known_at: TimeLike | None = None,
    ) -> Context:
        """Return a context by its name, `context:2`, or an object; see `artifact`."""
        found: Context = self._get(Context, reference, type, moment(as_of, known_at))
        return found

    # What ML Metadata refuses.

    def delete(
        self, reference: NodeLike, *, type: str | None = None, reason: str = ""
    ) -> Tombstone:
        """Return the tombstone of an artifact, execution or context, after deleting it.

        Its properties go, and its name and external id are free for others. Its id, type, uri,
        digest and edges stay, so that every lineage through it is whole and shows it as
        DELETED. Deleting it again answers the same, with `new` False. See `RemovalService`.

        Args:
            reference: `artifact:7`, `execution:3`, `context:2`, a whole name, or an object.
            type: name of its type; needed where several types have that name.
            reason: for the record of changes.

        Raises:
            NotFound: there is none.
            InvalidArgument: several have that name, or it is a series.
        """
        key = key_of(reference) or self.exact_names.find(str(reference), type_name=type)
        return self.removal.delete(key, caller=self._caller(reason))

    def rename(
        self, reference: NodeLike, new_name: str, *, type: str | None = None, reason: str = ""
    ) -> Artifact:
        """Return an artifact under another name, which no other of its type has.

        Versions of a series keep their names; see `RenameService.rename`.

        Raises:
            NotFound: there is no such artifact.
            AlreadyExists: the name is taken.
            FailedPrecondition: it is a version of a series, or was deleted.
            InvalidArgument: it is no artifact, or that is no name.
        """
        kinds = [TypeKind.ARTIFACT]
        key = key_of(reference) or self.exact_names.find(
            str(reference), kinds=kinds, type_name=type
        )
        if key.kind is not TypeKind.ARTIFACT:
            raise InvalidArgument(f"Only artifacts can be renamed, asked for {key}.", key=key)
        self.renames.rename(key.id, new_name, caller=self._caller(reason))
        return self.artifact(key)

    def collect_garbage(
        self, *, older_than_s: float = OLDER_THAN_S, dry_run: bool = False
    ) -> Collection:
        """Return what was removed of the object store; see `GarbageService.collect`."""
        return self.garbage.collect(older_than_s=older_than_s, dry_run=dry_run)

    # Payloads.

    def open(self, reference: NodeLike, *, type: str | None = None) -> IO[bytes]:
        """Return an artifact's stored bytes as a stream, verified as it is read to its end.

        Raises:
            FailedPrecondition: the artifact has no stored payload.
            DataLoss: the bytes are missing or not what was stored.
        """
        return self.objects.open(self._digest(reference, type))

    def read_bytes(self, reference: NodeLike, *, type: str | None = None) -> bytes:
        """Return an artifact's stored bytes, verified; see `open`."""
        return self.objects.read_bytes(self._digest(reference, type))

    def fetch(
        self, reference: NodeLike, target: str | PathLike[str], *, type: str | None = None
    ) -> Path:
        """Return the path of a file that holds an artifact's stored bytes, verified; see `open`."""
        path = Path(target)
        self.objects.fetch(self._digest(reference, type), path)
        return path

    def cancel(self, question_id: str) -> int:
        """Return how many reads were ended at the server, of the question with that id; see `Asking`."""
        return self._graph.cancel(question_id)

    # The rest is private.

    def _caller(self, reason: str, valid_at: TimeLike | None = None) -> Caller:
        time = None if valid_at is None else milliseconds(valid_at)
        return Caller(actor=self._actor, reason=reason, valid_at=time)

    def _is_registered(self, node_class: type[TypedNode]) -> bool:
        # Another process may have dropped the namespace and given the id to another type.
        type_id = self._registered.get(node_class)
        known = None if type_id is None else self.types.by_id(type_id)
        version = node_class.type_version or None
        return known is not None and (known.kind, known.name, known.version) == (
            node_class.kind,
            node_class.type_name,
            version,
        )

    def _get(self, base: type[TypedT], reference: NodeLike, wanted: Any, when: Moment) -> Any:  # noqa: ANN401 - typed by the overloads
        given: type[TypedNode] | None = None if isinstance(wanted, str) else wanted
        type_name = wanted if given is None else given.type_name
        known = key_of(reference)
        if known is None:
            names = self._names(when)
            node = names.find_node(base.kind, str(reference), type_name=type_name)
        else:
            if known.kind is not base.kind:
                raise InvalidArgument(f"Asked for an {base.kind.lower()}, found {known}.")
            service: Any = {
                TypeKind.ARTIFACT: self.artifacts,
                TypeKind.EXECUTION: self.executions,
                TypeKind.CONTEXT: self.contexts,
            }[base.kind]
            found = service.by_ids([known.id])
            if not found:
                raise NotFound(
                    f"No {base.kind.lower()} {known.id} in namespace {self.namespace!r}."
                )
            node = found[0]
        if not when.is_now:
            node = self.history.node_at(NodeKey(base.kind, node.id), when)
        if type_name is not None and node.type != type_name:
            raise InvalidArgument(
                f"{base.kind.capitalize()} {node.id} is of type {node.type!r}, asked for {type_name!r}."
            )
        if given not in (None, base) and node.deleted_time_since_epoch is not None:
            raise FailedPrecondition(
                f"{base.kind.capitalize()} {node.id} was deleted, and has no properties any more.",
                hint="Ask for it without its class to see what is left.",
                id=node.id,
            )
        return (given or base).from_node(node)

    def _digest(self, reference: NodeLike, type_name: str | None) -> str:
        artifact = self.artifact(reference, type=type_name)
        if artifact.digest is None:
            raise FailedPrecondition(
                f"Artifact {artifact.name or artifact.id} has no stored payload; its bytes are at "
                f"{artifact.uri or 'no known place'}.",
                id=artifact.id,
            )
        return artifact.digest
