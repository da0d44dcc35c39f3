"""The door: the one function through which every change of the graph goes.

It opens one transaction, knows who asks and why, gets from the work, beside its result, the
list of what it changed, and keeps the record of that change in the same transaction. Liveness
(`heartbeats`) and counters (`ids`) are not changes of the graph and stay outside.
"""

import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from headwater.graph.session import Graph, Row, Transaction
from headwater.graph.statements import Statement, load
from headwater_schema import TypeKind
from headwater_schema.change_records import ChangeHeader, Given, draft
from headwater_schema.changes import ElementChange, ElementKind, property_changes
from headwater_schema.stored import RECORDED_AT, REVISION, VALID_AT

ResultT = TypeVar("ResultT")

_NODES = {ElementKind(kind): f"{kind.lower()}s" for kind in TypeKind}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for a change, and why.

    Attributes:
        actor: who; empty where nobody said.
        reason: why; empty where nobody said.
        request_id: tells this request from every other.
        valid_at: from when on the change is so, in milliseconds; None for now.
    """

    actor: str = ""
    reason: str = ""
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    valid_at: int | None = None


class Written(NamedTuple, Generic[ResultT]):
    """What a piece of work returns to the door.

    Attributes:
        result: what its caller gets.
        changes: the elements it changed.
        recorded_at: when the store learned it, where the work has decided that already.
    """

    result: ResultT
    changes: Iterable[ElementChange]
    recorded_at: int | None = None


class Drafted(NamedTuple):
    """A change as it is known before the database has decided its numbers.

    `made` is what the database gives, 1 or 0, where only it knows whether the change happens.
    """

    change: ElementChange
    made: Given | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What is done at the door.

    Attributes:
        name: what was called, such as `put`.
        namespace: whose elements change.
        caller: who asks.
        now: milliseconds of the caller's clock.
        change_id: of its record, by which it is known whether it was written; empty where each
            record gets an id of its own.
    """

    name: str
    namespace: str
    caller: Caller
    now: int
    change_id: str = ""

    @property
    def valid_at(self) -> int:
        """From when on the change is so, in milliseconds."""
        return self.now if self.caller.valid_at is None else self.caller.valid_at

    def record(self, drafted: Sequence[Drafted]) -> dict[str, Any]:
        """Return the properties of the change's record, but the time and what the database gives."""
        header = ChangeHeader(
            namespace=self.namespace,
            id=self.change_id or new_change_id(self.now),
            operation=self.name,
            request_id=self.caller.request_id,
            actor=self.caller.actor,
            reason=self.caller.reason,
            valid_at=self.valid_at,
        )
        made = {i: each.made for i, each in enumerate(drafted) if each.made is not None}
        record, values = draft(header, [each.change for each in drafted], made=made)
        return {
            "namespace": self.namespace,
            "id": header.id,
            "operation": self.name,
            "request_id": self.caller.request_id,
            "actor": self.caller.actor,
            "reason": self.caller.reason,
            "valid_at": self.valid_at,
            "elements": len(drafted),
            "record": record,
            "values": values,
        }


Observer = Callable[[Caller, Sequence[ElementChange]], None]


class Door:
    """The door of one graph.

    Args:
        graph: the database.
        observer: is told of each committed change, in the thread that made it.
    """

    def __init__(self, graph: Graph, observer: Observer | None = None) -> None:
        self._graph = graph
        self._observer = observer

    def write(
        self,
        work: Callable[[Transaction], Written[ResultT]],
        operation: Operation,
        *,
        recorded: bool | None = None,
    ) -> ResultT:
        """Return the work's result once everything it wrote is committed, or raise and keep nothing.

        The work may run more than once; see `Graph.write`.

        Args:
            work: what writes.
            operation: what it is.
            recorded: False for a batch of an operation that leaves one record at its end, True
                for that end; None where what changed says it.
        """

        def whole(tx: Transaction) -> Written[ResultT]:
            return self._recorded(tx, work(tx), operation, recorded)

        return self._tell(self._graph.write(whole), operation)

    def write_one(
        self,
        statement: Statement,
        parameters: Mapping[str, object],
        outcome: Callable[[list[Row]], Written[ResultT]],
        operation: Operation,
        *,
        recorded: bool | None = None,
    ) -> ResultT:
        """Return the result that the outcome makes of one statement's rows, once committed.

        A round trip less than `write`. An outcome that raises keeps nothing.
        """

        def whole(rows: list[Row], tx: Transaction) -> Written[ResultT]:
            return self._recorded(tx, outcome(rows), operation, recorded)

        return self._tell(self._graph.write_one(statement, parameters, whole), operation)

    def write_guarded(
        self,
        guarded: Statement,
        parameters: Mapping[str, object],
        outcome: Callable[[list[Row]], Written[ResultT]],
        operation: Operation,
    ) -> tuple[ResultT] | None:
        """Return, in one round trip, the result of a guarded statement that holds its own record.

        None where it undid itself; see `Graph.write_guarded`.
        """
        rows = self._graph.write_guarded(guarded, parameters)
        return None if rows is None else (self._tell(outcome(rows), operation),)

    def _recorded(
        self,
        tx: Transaction,
        written: Written[ResultT],
        operation: Operation,
        recorded: bool | None,  # noqa: FBT001 - private
    ) -> Written[ResultT]:
        """Return what was written, its changes as a list, after keeping their record."""
        if recorded is False:
            return written
        changes = [change for change in written.changes if _is_one(change)]
        if not changes and not recorded:
            return written._replace(changes=changes)
        touched: dict[str, list[int]] = {name: [] for name in _NODES.values()}
        drafted = []
        for change in changes:
            if change.element.kind in _NODES and None not in (change.before, change.after):
                touched[_NODES[change.element.kind]].append(int(change.element.key[0]))
                drafted.append(Drafted(_revised(change, operation, written.recorded_at)))
            else:
                drafted.append(Drafted(change))
        tx.run(
            load("change/record"),
            namespace=operation.namespace,
            change=operation.record(drafted),
            recorded_at=written.recorded_at,
            valid_at=operation.valid_at,
            **touched,
        )
        return written._replace(changes=changes)

    def _tell(self, written: Written[ResultT], operation: Operation) -> ResultT:
        if self._observer is not None and (changes := list(written.changes)):
            self._observer(operation.caller, changes)
        return written.result


def _is_one(change: ElementChange) -> bool:
    """Return whether anything is another than it was."""
    return change.before is None or change.after is None or bool(property_changes([change]))


def _revised(change: ElementChange, operation: Operation, recorded_at: int | None) -> ElementChange:
    """Return the change of a node with what `change/record` sets on it."""
    before = change.before or {}
    raised = {
        REVISION: before.get(REVISION, 1) + 1,
        RECORDED_AT: Given(0) if recorded_at is None else recorded_at,
        VALID_AT: max(before.get(VALID_AT, operation.valid_at), operation.valid_at),
    }
    return change._replace(before={REVISION: 1, **before}, after={**(change.after or {}), **raised})


def new_change_id(now: int) -> str:
    """Return a new id whose order is about that of time, which keeps the index that holds it small."""
    return f"{max(now, 0):012x}{os.urandom(8).hex()}"
