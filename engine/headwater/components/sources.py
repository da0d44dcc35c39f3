"""Sources: where a step's inputs come from, as data that the driver resolves against the store."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headwater.components.signature import InputSpec
from headwater.errors import InvalidArgument
from headwater.typed import Artifact, check_series


@dataclass(frozen=True)
class OutputRef:
    """An output of another step of the same run.

    Attributes:
        step: the step's name.
        key: the output's.
        type: the class of its artifacts.
        many: whether there are several.
        each: whether a step that takes it is run once for each of them.
    """

    step: str
    key: str
    type: type[Artifact]
    many: bool = False
    each: bool = False


@dataclass(frozen=True)
class Latest:
    """The newest LIVE artifacts of the input's type.

    Attributes:
        series: only versions of this series.
        context: only of the context of this name.
        filter_query: only those that match, in MLMD's filter language.
        count: at most so many, newest first.
        other_run: only those that another run of the pipeline made.
    """

    series: str | None = None
    context: str | None = None
    filter_query: str = ""
    count: int | None = 1
    other_run: bool = False


@dataclass(frozen=True)
class Named:
    """The artifact of a name (`clf@3`), a series (its latest), a uri or a digest."""

    name: str


@dataclass(frozen=True)
class Spans:
    """The newest LIVE artifact for each number of a range.

    Attributes:
        first: the first number.
        last: the last.
        key: the declared INT property that has the number.
    """

    first: int
    last: int
    key: str = "span"


@dataclass(frozen=True)
class Given:
    """Artifacts that the store has given before, by id."""

    ids: tuple[int, ...]


@dataclass(frozen=True)
class Several:
    """What several sources find, in their order."""

    sources: tuple["Source", ...]


Source = OutputRef | Latest | Named | Spans | Given | Several
Judge = Callable[[Any], bool]


@dataclass(frozen=True)
class Condition:
    """What must hold of an artifact, or the step is skipped.

    Attributes:
        source: finds the artifact.
        holds: is called with it.
        text: what is asked, for people.
    """

    source: OutputRef
    holds: Judge
    text: str


def latest(
    series: str | None = None,
    *,
    context: str | None = None,
    filter_query: str = "",
    count: int | None = 1,
) -> Latest:
    """Return a source: the newest LIVE artifacts of the input's type when the step begins.

    Args:
        series: only versions of this series.
        context: only of the context of this name.
        filter_query: only those that match, in MLMD's filter language.
        count: at most so many, newest first; None has all, for an input of many.
    """
    _check_count(count)
    return Latest(None if series is None else check_series(series), context, filter_query, count)


def previous(series: str | None = None, *, filter_query: str = "", count: int | None = 1) -> Latest:
    """Return a source: as `latest`, of what other runs than this one made, such as a baseline."""
    _check_count(count)
    name = None if series is None else check_series(series)
    return Latest(name, None, filter_query, count, other_run=True)


def named(name: str) -> Named:
    """Return a source: the artifact of a name, as `store.artifact` understands it."""
    return Named(name)


def spans(first: int, last: int, *, key: str = "span") -> Spans:
    """Return a source: the newest artifact for each number of a range that has one, ascending.

    Args:
        first: the first number.
        last: the last; not before the first.
        key: the declared INT property that has the number.
    """
    if first > last:
        raise InvalidArgument(f"There are no spans from {first} to {last}.", first=first, last=last)
    if not key.isidentifier():
        raise InvalidArgument(f"{key!r:.100} is no property that spans are numbered by.", key=key)
    return Spans(first, last, key)


def each(output: OutputRef) -> OutputRef:
    """Return an output of many, of which the step that takes it is run once for each.

    Raises:
        InvalidArgument: the output has one artifact.
    """
    if not output.many:
        raise InvalidArgument(
            f"Output {output.key!r} of step {output.step!r} has one artifact; there is no each.",
            hint="Annotate the output with Outputs[...].",
        )
    return OutputRef(output.step, output.key, output.type, many=False, each=True)


def source_of(given: Any, spec: InputSpec, *, component: str) -> Source:  # noqa: ANN401 - whatever a user gives
    """Return what a user gave for an input as a source.

    Args:
        given: a source, a step with one output, an artifact, or a list of these.
        spec: the input.
        component: names the component in errors.

    Raises:
        InvalidArgument: it is none of them, its artifacts are of another class, or there are
            several for an input of one.
    """
    source = _source(given, spec, component)
    if _has_many(source) and not spec.many:
        raise InvalidArgument(
            f"Input {spec.key!r} of component {component!r} takes one artifact, found several.",
            hint=f"Annotate it with list[Input[{spec.type.__name__}]], or take `each(...)` of an output.",
            component=component,
            input=spec.key,
        )
    return source


def references(source: Source) -> list[OutputRef]:
    """Return the outputs of other steps that a source needs."""
    match source:
        case OutputRef():
            return [source]
        case Several(sources):
            return [ref for part in sources for ref in references(part)]
        case _:
            return []


def _source(given: Any, spec: InputSpec, component: str) -> Source:  # noqa: ANN401 - as above
    where = f"Input {spec.key!r} of component {component!r}"
    match given:
        case OutputRef():
            if not issubclass(given.type, spec.type):
                raise InvalidArgument(
                    f"{where} takes {spec.type.__name__}, found {given.type.__name__}: output "
                    f"{given.key!r} of step {given.step!r}.",
                    component=component,
                    input=spec.key,
                )
            return given
        case Latest() | Named() | Spans() | Given() | Several():
            return given
        case Artifact():
            return _given(given, spec, where)
        case list() | tuple():
            return Several(tuple(_source(part, spec, component) for part in given))
    only = getattr(given, "only_output", None)
    if isinstance(only, OutputRef):
        return _source(only, spec, component)
    raise InvalidArgument(
        f"{where} takes artifacts, found {type(given).__name__} {given!r:.100}.",
        hint="Give the output of a step (`step.name_of_output`), an artifact, or `latest(...)`.",
        component=component,
        input=spec.key,
    )


def _given(artifact: Artifact, spec: InputSpec, where: str) -> Given:
    if artifact.id is None:
        raise InvalidArgument(
            f"{where} is given an artifact that the store has not seen.",
            hint="Use the object that the store returned.",
        )
    if artifact.type is not None and artifact.type != spec.type.type_name:
        raise InvalidArgument(
            f"{where} takes {spec.type.type_name}, found artifact {artifact.id} of type "
            f"{artifact.type}."
        )
    return Given((artifact.id,))


def _has_many(source: Source) -> bool:
    match source:
        case OutputRef(many=many):
            return many
        case Latest(count=count):
            return count != 1
        case Given(ids):
            return len(ids) > 1
        case Spans() | Several():
            return True
        case Named():
            return False


def _check_count(count: int | None) -> None:
    if count is not None and count < 1:
        raise InvalidArgument(f"At least one artifact is asked for, found {count}.", count=count)
