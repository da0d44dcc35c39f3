"""Questions about runs: which used a parameter or a commit, and which are alike."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

from headwater.errors import InvalidArgument
from headwater.graph.indexes import indexable, list_indexes
from headwater.graph.records import rows_of
from headwater.graph.session import Row
from headwater.graph.statements import load
from headwater.query.causes import decode_position, encode_position
from headwater.query.moment import NOW, Moment
from headwater.query.parts import NodeKey
from headwater.query.run_lists import RunList, RunRow
from headwater.query.run_values import Sought, by_index, by_start, sought
from headwater.services.paths import at_moment, check_exist
from headwater.services.scope import Scope
from headwater.services.types import TypeService
from headwater_schema import Artifact, Execution, PropertyKind, ProtoValue, TypeKind, kind_of
from headwater_schema.stored import LABELS

CODE_KEYS = ("code_commit", "git_commit", "commit", "code_version")
"""Properties, declared or custom, of an execution or of an artifact that it reads, which say from
which commit its code is."""

SHORTEST_COMMIT = 7
"""A commit may be abbreviated to no fewer hexadecimal digits, asked or stored."""

SiblingsBy = Literal["context", "inputs", "type"]
NodesAt = Callable[[TypeKind, Sequence[int], Moment], Sequence[Artifact | Execution]]
"""Gives those of some nodes that were there at a moment, with the properties they had then."""

_HEX = re.compile(rf"[0-9a-fA-F]{{{SHORTEST_COMMIT},64}}")
_CURSOR = {"namespace", "asks", "what", "moment", "after"}
Times = dict[int, int]


class _Found(NamedTuple):
    """Nodes by id, with their creation times, and those of which it is not known."""

    times: Times
    undecided: tuple[NodeKey, ...] = ()


class RunQuestions:
    """Asks which executions of one namespace did something.

    Args:
        scope: the namespace.
        types: its types.
        nodes_at: gives nodes as they were. Without it, nodes whose properties were changed after
            the moment of a question are told in the answer as undecided.
    """

    def __init__(self, scope: Scope, types: TypeService, nodes_at: NodesAt | None = None) -> None:
        self._scope = scope
        self._types = types
        self._nodes_at = nodes_at

    def with_parameter(
        self,
        name: str,
        value: Any,  # noqa: ANN401 - any property value
        *,
        limit: int = 100,
        moment: Moment = NOW,
    ) -> RunList:
        """Return the executions that have a value under a property, declared or custom.

        Numbers are compared as numbers: 1 finds an INT 1 and a DOUBLE 1.0. A dict or list finds
        the equal STRUCT, a `ProtoValue` the same message. A declared property is found by its
        index, if it has one; a custom property without one by looking at every execution.

        Args:
            name: key of the property.
            value: of any kind that a property can hold.
            limit: most executions in the answer.
            moment: of which state of the world.

        Raises:
            InvalidArgument: no property can hold the value, or the limit is not positive.
        """
        try:
            kind_of(value)
        except ValueError as error:
            raise InvalidArgument(f"No property has this value: {error}.", name=name) from error
        if kind_of(value) is PropertyKind.PROTO:
            what = {"name": name, "proto": value.model_dump(mode="json")}
        else:
            what = {"name": name, "value": value}
        return self._page("parameter", what, value, limit, moment)

    def with_code(self, commit: str, *, limit: int = 100, moment: Moment = NOW) -> RunList:
        """Return the executions whose code is of a commit: by their own word or an input's.

        Looks at the properties of `CODE_KEYS`. Hexadecimal commits of 7 digits or more match
        where one is the beginning of the other, so an abbreviated one finds the whole, with
        what may be added to it (`-dirty`), and a whole one finds the abbreviated. Any other text
        matches exactly.

        Args:
            commit: as in `git log`, whole or abbreviated, or another name of a version.
            limit: most executions in the answer.
            moment: of which state of the world.

        Raises:
            InvalidArgument: the commit is empty, or the limit is not positive.
        """
        if not commit:
            raise InvalidArgument("A commit was asked for without a name.")
        return self._page("code", {"commit": commit}, commit, limit, moment)

    def siblings(
        self,
        run: NodeKey,
        by: SiblingsBy = "context",
        *,
        limit: int = 100,
        moment: Moment = NOW,
    ) -> RunList:
        """Return the other executions of a run's type, in all its versions, that are like it.

        Args:
            run: an execution.
            by: `context`: that share a context with it; `inputs`: that read an artifact that
                it reads; `type`: all of them.
            limit: most executions in the answer.
            moment: of which state of the world.

        Raises:
            NotFound: there is no such execution.
            InvalidArgument: it is no execution, there is no such likeness, or the limit is not
                positive.
        """
        if run.kind is not TypeKind.EXECUTION:
            raise InvalidArgument(f"Siblings are asked of an execution, not of {run}.", key=run)
        if by not in get_args(SiblingsBy):
            raise InvalidArgument(
                f"Siblings are alike by context, inputs or type, asked for {by!r:.100}.", by=by
            )
        check_exist(self._scope, [run])
        return self._page("siblings", {"id": run.id, "by": by}, None, limit, moment)

    def resume(self, cursor: str, *, limit: int = 100) -> RunList:
        """Return the next page of one of these questions.

        Pages of siblings, and of a question at a moment, are all of one state of the world; pages
        of values now are each of the state now, and hold nothing newer than the page before.

        Raises:
            InvalidArgument: it is no cursor of such a question, or one of another namespace.
        """
        said = decode_position(cursor, _CURSOR, self._scope.namespace)
        what = said["what"]
        value = what.get("commit", what.get("value"))
        if "proto" in what:
            value = ProtoValue.model_validate_json(json.dumps(what["proto"]))
        after = int(said["after"][0]), int(said["after"][1])
        return self._page(said["asks"], what, value, limit, Moment(*said["moment"]), after=after)

    # From what was found to a page

    def _page(
        self,
        asks: str,
        what: Mapping[str, Any],
        value: Any,  # noqa: ANN401 - any property value
        limit: int,
        moment: Moment,
        *,
        after: tuple[int, int] | None = None,
    ) -> RunList:
        if limit < 1:
            raise InvalidArgument(f"A page holds at least 1 execution, asked for {limit}.")
        match asks:
            case "parameter":
                search = sought(value, plain_bytes=self._scope.offload_bytes)
                found = self._holding(TypeKind.EXECUTION, [what["name"]], search, value, moment)
            case "code":
                found = self._of_code(value, moment)
            case _:
                found, moment = self._siblings(int(what["id"]), what["by"], moment)
        places = sorted(((time, node_id) for node_id, time in found.times.items()), reverse=True)
        rest = [place for place in places if after is None or place < after]
        page = rest[:limit]
        left_out = len(rest) - len(page)
        cursor = None
        if left_out:
            cursor = encode_position(
                {
                    "namespace": self._scope.namespace,
                    "asks": asks,
                    "what": what,
                    "moment": moment,
                    "after": page[-1],
                }
            )
        rows = self._rows([node_id for _, node_id in page])
        return RunList(rows, len(places), left_out, cursor, found.undecided)

    def _rows(self, ids: list[int]) -> tuple[RunRow, ...]:
        if not ids:
            return ()
        chunks = self._read("run/rows", ids=ids)
        return tuple(
            RunRow(node_id, type_name, name, state, time or 0)
            for _, node_id, type_name, name, state, time in rows_of(chunks)
        )

    # Siblings

    def _siblings(self, run_id: int, by: str, moment: Moment) -> tuple[_Found, Moment]:
        ((asked_at, ids, times),) = self._scope.graph.read(
            at_moment(f"run/siblings_by_{by}", moment),
            namespace=self._scope.namespace,
            id=run_id,
            **_times(moment),
        )
        known_at = asked_at if moment.known_at is None else moment.known_at
        return _Found(_placed(ids, times)), Moment(moment.as_of, known_at)

    # Values

    def _of_code(self, commit: str, moment: Moment) -> _Found:
        search = Sought(("_",), (commit,))
        if _HEX.fullmatch(commit):
            whole = commit.lower()
            shorter = tuple(whole[:n] for n in range(SHORTEST_COMMIT, len(whole) + 1))
            search = Sought(("_",), (commit, *shorter), whole)
        own = self._holding(TypeKind.EXECUTION, CODE_KEYS, search, commit, moment)
        read = self._holding(TypeKind.ARTIFACT, CODE_KEYS, search, commit, moment)
        times = dict(own.times)
        if read.times:
            ((ids, created),) = self._scope.graph.read(
                at_moment("run/readers", moment),
                namespace=self._scope.namespace,
                ids=list(read.times),
                **_times(moment),
            )
            times |= _placed(ids, created)
        return _Found(times, (*own.undecided, *read.undecided))

    def _holding(
        self,
        kind: TypeKind,
        keys: Sequence[str],
        search: Sought,
        value: Any,  # noqa: ANN401 - any property value
        moment: Moment,
    ) -> _Found:
        times = self._holding_now(kind, keys, search)
        if moment.is_now:
            return _Found(times)
        parameters = _times(moment)
        ((ids, created),) = self._read("run/unchanged_at", kind, ids=list(times), **parameters)
        times = _placed(ids, created)
        ((changed,),) = self._read("run/changed_at", kind, **parameters)
        if self._nodes_at is None:
            return _Found(times, tuple(NodeKey(kind, node_id) for node_id in changed))
        for node in self._nodes_at(kind, changed, moment) if changed else ():
            held = (
                bag.get(key) for bag in (node.properties, node.custom_properties) for key in keys
            )
            if any(_same(one, value, search) for one in held if one is not None):
                times[node.id or 0] = node.create_time_since_epoch or 0
        return _Found(times)

    def _holding_now(self, kind: TypeKind, keys: Sequence[str], search: Sought) -> Times:
        indexed = {i.key for i in list_indexes(self._scope.graph) if i.label == LABELS[kind]}
        declared = {key for node_type in self._types.all(kind) for key in node_type.properties}
        stored = [f"c{mark}{key}" for key in keys for mark in search.marks]
        stored += [f"p{mark}{key}" for key in keys if key in declared for mark in search.marks]
        rows: list[Row] = []
        for key in stored:
            if key in indexed and indexable(key):
                rows += self._sought(kind, key, search)
        scanned = [key for key in stored if key not in indexed or not indexable(key)]
        if scanned:
            rows += self._read(
                "run/with_custom",
                kind,
                keys=scanned,
                values=list(search.values),
                start=search.start,
            )
        return {k: v for ids, times in rows for k, v in _placed(ids, times).items()}

    def _sought(self, kind: TypeKind, key: str, search: Sought) -> Iterable[Row]:
        # The key is the store's own, from the list of its indexes, not the one that was sent.
        graph, namespace = self._scope.graph, self._scope.namespace
        rows = graph.read(by_index(kind, key), namespace=namespace, values=list(search.values))
        if search.start is not None:
            rows += graph.read(by_start(kind, key), namespace=namespace, start=search.start)
        return rows

    def _read(self, name: str, kind: TypeKind | None = None, **parameters: Any) -> list[Row]:  # noqa: ANN401 - of a statement
        statement = load(name, None if kind is None else LABELS[kind])
        return self._scope.graph.read(statement, namespace=self._scope.namespace, **parameters)


def _same(held: Any, value: Any, search: Sought) -> bool:  # noqa: ANN401 - property values
    if isinstance(held, str) and isinstance(value, str):
        begins = search.start is not None and held.startswith(search.start)
        return begins or held == value or (search.start is not None and held in search.values)
    numbers = (PropertyKind.INT, PropertyKind.DOUBLE)
    if kind_of(held) in numbers and kind_of(value) in numbers:
        return bool(held == value)
    return kind_of(held) is kind_of(value) and sought(held).values == sought(value).values


def _times(moment: Moment) -> dict[str, int]:
    return {} if moment.is_now else moment.parameters


def _placed(ids: Collection[int], times: Collection[int | None]) -> Times:
    return {node_id: time or 0 for node_id, time in zip(ids, times, strict=True)}
