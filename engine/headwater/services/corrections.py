"""Corrections: an edge that turned out not to be so is retracted, and its history stays.

A retracted edge leaves the present graph, so that no question about now crosses it, and lies
under its history type (`WAS_INPUT`) from then on, with all it said, and when it was retracted.
A question about what was known before that moment still finds it.
"""

from typing import Any

from headwater.errors import InvalidArgument, NotFound
from headwater.graph.records import encode_path
from headwater.graph.session import Row, Transaction
from headwater.graph.statements import load
from headwater.services.door import Caller, Written
from headwater.services.scope import Scope
from headwater_schema import EventType
from headwater_schema.changes import Element, ElementChange, ElementKind
from headwater_schema.edges import PathStep
from headwater_schema.stored import RECORDED_AT, VALID_AT

_LINKS = {
    ElementKind.ATTRIBUTION: "correction/retract_attribution",
    ElementKind.ASSOCIATION: "correction/retract_association",
    ElementKind.PARENT_CONTEXT: "correction/retract_parent",
}


class CorrectionService:
    """Retracts and corrects the edges of one namespace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def retract_event(
        self,
        artifact_id: int,
        execution_id: int,
        event_type: EventType | None,
        *,
        caller: Caller | None = None,
    ) -> None:
        """Retract an event: from now on the store knows that it did not happen.

        Args:
            artifact_id: of the event.
            execution_id: of the event.
            event_type: of the event; None where there is one alone.
            caller: who asks.

        Raises:
            NotFound: there is no such event, or it was retracted before.
            InvalidArgument: there are several, and no type is given.
        """
        key = self._key(artifact_id, execution_id, event_type)
        self._scope.door.write_one(
            load("correction/retract_event"),
            self._event(key),
            lambda rows: self._retracted(Element(ElementKind.EVENT, key), rows),
            self._scope.operation("retract", caller),
        )

    def correct_event(
        self,
        artifact_id: int,
        execution_id: int,
        event_type: EventType | None,
        *,
        milliseconds_since_epoch: int | None = None,
        path: tuple[PathStep, ...] | None = None,
        caller: Caller | None = None,
    ) -> None:
        """Correct when an event happened, or which input or output it was.

        What was known before stays known to have been known then.

        Args:
            artifact_id: of the event.
            execution_id: of the event.
            event_type: of the event; None where there is one alone.
            milliseconds_since_epoch: when it happened; None leaves it.
            path: which input or output; None leaves it.
            caller: who asks.

        Raises:
            NotFound: there is no such event.
            InvalidArgument: nothing is to be corrected.
        """
        if milliseconds_since_epoch is None and path is None:
            raise InvalidArgument("Say what to correct: the event's time, its path, or both.")
        key = self._key(artifact_id, execution_id, event_type)
        told: dict[str, Any] = {}
        if milliseconds_since_epoch is not None:
            told["milliseconds_since_epoch"] = milliseconds_since_epoch
        if path is not None:
            told["path"] = encode_path(path)

        def work(tx: Transaction) -> Written[None]:
            element = Element(ElementKind.EVENT, key)
            rows = tx.run(load("correction/retract_event"), **self._event(key))
            gone = next(iter(self._retracted(element, rows).changes))
            event = {**(gone.before or {}), **told}
            tx.run(
                load("correction/put_event"),
                **self._event(key),
                event=event,
                recorded_at=rows[0][1],
            )
            changed = event != gone.before
            return Written(None, [gone._replace(after=event)] if changed else [], rows[0][1])

        self._scope.door.write(work, self._scope.operation("correct", caller))

    def retract_link(
        self, kind: ElementKind, node_id: int, context_id: int, *, caller: Caller | None = None
    ) -> None:
        """Retract that a node belongs to a context, or that a context lies within another.

        Args:
            kind: ATTRIBUTION, ASSOCIATION or PARENT_CONTEXT.
            node_id: of the artifact, the execution or the child context.
            context_id: of the context, or the parent.
            caller: who asks.

        Raises:
            NotFound: there is no such link, or it was retracted before.
            InvalidArgument: no link is of that kind.
        """
        if kind not in _LINKS:
            raise InvalidArgument(f"{kind} is no kind of link.", hint=f"Use {', '.join(_LINKS)}.")
        element = Element(kind, (node_id, context_id))
        self._scope.door.write_one(
            load(_LINKS[kind]),
            {"namespace": self._scope.namespace, "node_id": node_id, "context_id": context_id},
            lambda rows: self._retracted(element, rows),
            self._scope.operation("retract", caller),
        )

    def _key(
        self, artifact_id: int, execution_id: int, event_type: EventType | None
    ) -> tuple[int, int, str]:
        """Return what tells an event from others."""
        if event_type is not None:
            return artifact_id, execution_id, str(event_type)
        rows = self._scope.graph.read(
            load("correction/event_types"),
            namespace=self._scope.namespace,
            artifact_id=artifact_id,
            execution_id=execution_id,
        )
        types = [row[0] for row in rows]
        if len(types) > 1:
            raise InvalidArgument(
                f"There are {len(types)} events between artifact {artifact_id} and execution "
                f"{execution_id}: {', '.join(types)}.",
                hint="Say which type.",
                types=types,
            )
        if not types:
            raise NotFound(
                f"No event between artifact {artifact_id} and execution {execution_id} in "
                f"namespace {self._scope.namespace!r}, or it was retracted before.",
                artifact_id=artifact_id,
                execution_id=execution_id,
            )
        return artifact_id, execution_id, types[0]

    def _event(self, key: tuple[int, int, str]) -> dict[str, Any]:
        names = ("artifact_id", "execution_id", "type")
        return {"namespace": self._scope.namespace, **dict(zip(names, key, strict=True))}

    def _retracted(self, element: Element, rows: list[Row]) -> Written[None]:
        if not rows:
            named = ", ".join(str(part) for part in element.key)
            raise NotFound(
                f"No {element.kind.lower().replace('_', ' ')} ({named}) in namespace "
                f"{self._scope.namespace!r}, or it was retracted before.",
                element=[str(element.kind), *element.key],
            )
        stored, now = rows[0]
        before = {key: stored[key] for key in stored if key not in (RECORDED_AT, VALID_AT)}
        return Written(None, [ElementChange(element, before, None)], now)
