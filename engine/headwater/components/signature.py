"""Signatures: what a component's function takes and makes, read from its annotations.

::

    def train(data: Input[Dataset], model: Output[Model], *, learning_rate: float = 0.1) -> None: ...

has an input, an output and a parameter. `list[Input[T]]` is an input of many artifacts, `Input[T] |
None` one that may be missing, `Outputs[T]` an output of many. All else is a parameter.
"""

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import ValidationError, create_model

from headwater.components.handles import Input, Output, Outputs
from headwater.errors import InvalidArgument
from headwater.typed import Artifact, Execution

TAKEN = frozenset(
    {"name", "component", "sources", "execution", "conditions", "after", "series", "output"}
    | {"only_output", "is_mapped", "when", "following", "making"}
)
"""Names of a step's own attributes, by which an output could not be had."""


@dataclass(frozen=True)
class InputSpec:
    """One input of a component.

    Attributes:
        key: its name.
        type: the class of the artifacts.
        many: whether it takes a list.
        optional: whether it may be missing.
    """

    key: str
    type: type[Artifact]
    many: bool = False
    optional: bool = False


@dataclass(frozen=True)
class OutputSpec:
    """One output of a component.

    Attributes:
        key: its name.
        type: the class of the artifacts.
        many: whether it makes as many as it likes.
    """

    key: str
    type: type[Artifact]
    many: bool = False


@dataclass(frozen=True)
class Signature:
    """What a component takes and makes.

    Attributes:
        inputs: by name.
        outputs: by name.
        execution: class of the executions that record the component; its fields are the parameters.
    """

    inputs: Mapping[str, InputSpec]
    outputs: Mapping[str, OutputSpec]
    execution: type[Execution]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return tuple(n for n in self.execution.model_fields if n not in Execution.model_fields)

    def checked(self, parameters: Mapping[str, Any], *, component: str) -> Execution:
        """Return the execution of a step with those parameters, the defaults filled in.

        Raises:
            InvalidArgument: a parameter is unknown, missing or of another type.
        """
        try:
            return self.execution(**parameters)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or component
            raise InvalidArgument(
                f"Parameter {where!r} of component {component!r}: {first['msg']}, found "
                f"{first['input']!r:.200}.",
                hint=f"Its parameters are {', '.join(self.parameters) or 'none'}.",
                component=component,
                parameter=where,
            ) from error


def read_signature(function: Callable[..., object], *, name: str) -> Signature:
    """Return what a function takes and makes.

    Args:
        function: the function of a component.
        name: of the type of its executions.

    Raises:
        InvalidArgument: a parameter has no annotation, or one that cannot be stored; or takes
            any number of arguments.
    """
    hints = _hints(function)
    inputs: dict[str, InputSpec] = {}
    outputs: dict[str, OutputSpec] = {}
    fields: dict[str, Any] = {}
    for key, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise InvalidArgument(
                f"{name} takes *{key}: which inputs and parameters it has must be written down.",
                hint="Name each of them.",
            )
        if key not in hints:
            raise InvalidArgument(
                f"Parameter {key!r} of {name} has no annotation.",
                hint="Input[...], Output[...], or the type of a parameter.",
                parameter=key,
            )
        spec = _spec(key, hints[key])
        match spec:
            case InputSpec():
                inputs[key] = spec
            case OutputSpec():
                outputs[key] = spec
            case None:
                default = ... if parameter.default is parameter.empty else parameter.default
                fields[key] = (hints[key], default)
    hidden = sorted(outputs.keys() & TAKEN)
    if hidden:
        raise InvalidArgument(
            f"Output {hidden[0]!r} of {name} has the name of something that every step has.",
            hint=f"Call it otherwise; not {', '.join(sorted(TAKEN))}.",
            output=hidden[0],
        )
    return Signature(inputs, outputs, _execution(function, name, fields))


def _hints(function: Callable[..., object]) -> dict[str, Any]:
    try:
        return get_type_hints(function)
    except NameError as error:
        raise InvalidArgument(
            f"An annotation of {function.__qualname__} names {error.name!r}, which is not there "
            "when the module runs.",
            hint="Import it outside of `if TYPE_CHECKING`, and define it at the module's top.",
        ) from error


def _spec(key: str, annotation: Any) -> InputSpec | OutputSpec | None:  # noqa: ANN401 - an annotation
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in (Input, Output, Outputs):
        raise InvalidArgument(
            f"{key!r} is annotated {annotation.__name__} without the class of the artifact.",
            hint=f"{annotation.__name__}[Dataset], where Dataset derives from headwater.Artifact.",
        )
    if origin is Input:
        return InputSpec(key, _artifact_class(key, arguments[0]))
    if origin in (Output, Outputs):
        return OutputSpec(key, _artifact_class(key, arguments[0]), many=origin is Outputs)
    if origin in (list, tuple) and arguments and get_origin(arguments[0]) is Input:
        return InputSpec(key, _artifact_class(key, get_args(arguments[0])[0]), many=True)
    if origin in (Union, types.UnionType):
        others = [option for option in arguments if option is not types.NoneType]
        inner = _spec(key, others[0]) if len(others) == 1 else None
        if isinstance(inner, InputSpec):
            return InputSpec(key, inner.type, inner.many, optional=True)
    return None


def _artifact_class(key: str, given: Any) -> type[Artifact]:  # noqa: ANN401 - an annotation
    if isinstance(given, type) and issubclass(given, Artifact):
        return given
    raise InvalidArgument(
        f"{key!r} is annotated with {given!r}, which is no class of artifacts.",
        hint="Derive it from headwater.Artifact.",
    )


def _execution(
    function: Callable[..., object], name: str, fields: dict[str, Any]
) -> type[Execution]:
    try:
        made: type[Execution] = create_model(
            name,
            __base__=Execution,
            __module__=function.__module__,
            __doc__=inspect.getdoc(function),
            **fields,
        )
    except TypeError as error:
        raise InvalidArgument(
            f"A parameter of component {name} cannot be stored: {error}",
            hint="Rename the parameter, or give it a type that the store has.",
            component=name,
        ) from error
    return made
