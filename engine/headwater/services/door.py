"""The door: the one function through which every change of the graph goes.

It opens one transaction, knows who asks and why, and gets from the work, beside its result,
the list of what it changed. Liveness (`heartbeats`) and counters (`ids`) are not changes of
the graph and stay outside.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from headwater.graph.session import Graph, Row, Transaction
from headwater.graph.statements import Statement
from headwater_schema.changes import ElementChange

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for a change, and why.

    Attributes:
        actor: who; empty where nobody said.
        reason: why; empty where nobody said.
        request_id: tells this request from every other.
    """

    actor: str = ""
    reason: str = ""
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)


class Written(NamedTuple, Generic[ResultT]):
    """What a piece of work returns to the door: its result, and the elements it changed.

    The changes may be a generator: they are made only where somebody is told of them.
    """

    result: ResultT
    changes: Iterable[ElementChange]


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
        self, work: Callable[[Transaction], Written[ResultT]], *, caller: Caller | None = None
    ) -> ResultT:
        """Return the work's result once everything it wrote is committed, or raise and keep nothing.

        The work may run more than once; see `Graph.write`.
        """
        return self._tell(self._graph.write(work), caller)

    def write_one(
        self,
        statement: Statement,
        parameters: Mapping[str, object],
        outcome: Callable[[list[Row]], Written[ResultT]],
        *,
        caller: Caller | None = None,
        guarded: Statement | None = None,
    ) -> ResultT:
        """Return the result that the outcome makes of one statement's rows, once committed.

        A round trip less than `write`, two less where the statement can be given in its guarded
        form, see `Graph.write_guarded`. An outcome that raises keeps nothing.
        """
        rows = None if guarded is None else self._graph.write_guarded(guarded, parameters)
        if rows is not None:
            return self._tell(outcome(rows), caller)
        return self._tell(self._graph.write_one(statement, parameters, outcome), caller)

    def _tell(self, written: Written[ResultT], caller: Caller | None) -> ResultT:
        if self._observer is not None and (changes := list(written.changes)):
            self._observer(caller or Caller(), changes)
        return written.result
