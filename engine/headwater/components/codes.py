"""Codes: what of a component's code counts for its results, and whether it is the same elsewhere."""

from headwater.components.component import Component
from headwater.components.driver import Driver
from headwater.components.executor import Executor
from headwater.components.fingerprint import Code, code_fingerprint, digest_of, named_code
from headwater.errors import FailedPrecondition, InvalidArgument

_TOLD = 5


def code_of(component: Component) -> Code:
    """Return what a component's results depend on of its code, and which component it is.

    Raises:
        InvalidArgument: its code cannot be read, and it has no version.
    """
    signature = component.signature
    read = code_fingerprint(component.function, version=component.version)
    parts = {
        **read.parts,
        "component": digest_of(
            [
                component.name,
                [[key, spec.type.type_name, spec.many] for key, spec in signature.inputs.items()],
                [[key, spec.type.type_name, spec.many] for key, spec in signature.outputs.items()],
            ]
        ),
    }
    for part, usual in ((component.executor, Executor), (component.driver, Driver)):
        if type(part) is not usual:
            own = code_fingerprint(type(part), version=None)
            parts |= {f"{usual.__name__.lower()}.{name}": d for name, d in own.parts.items()}
    if component.version is not None:
        parts["function"] = digest_of(
            [component.function.__module__, component.function.__qualname__]
        )
    return Code(digest_of(parts), parts)


def check_code(component: Component, expected: Code) -> None:
    """Check that a component is here, in another process, what it was where the run has read it.

    Files may have been edited since, another machine may have other ones, and a worker that lasts
    holds modules as they were when it imported them. What such a step made would be found later
    under the fingerprint of code that did not run.

    Args:
        component: as it was found here.
        expected: its code as the run has read it.

    Raises:
        FailedPrecondition: it differs; `parts` names where.
    """
    known = None if component.place is None else (component.place, expected.digest)
    parts = _checked.get(known) if known is not None else None
    if parts is None:
        parts = _differing(component, expected)
        if known is not None:
            _checked[known] = parts
    if parts:
        more = f" and {len(parts) - _TOLD} more" if len(parts) > _TOLD else ""
        raise FailedPrecondition(
            f"Component {component.name!r} is not here what it was where its run began: "
            f"{', '.join(parts[:_TOLD])}{more} differ.",
            hint="Give the workers the code of the run, and restart those that last.",
            component=component.name,
            parts=parts,
        )


_checked: dict[tuple[tuple[str, str], str], tuple[str, ...]] = {}
"""What differs of a component, by its place and the digest that was expected."""


def _differing(component: Component, expected: Code) -> tuple[str, ...]:
    if component.place is None:
        # The function itself came with the task; what it imports is this process's own.
        here = named_code(expected.parts)
        names = here.keys() & expected.parts.keys()
        return tuple(sorted(name for name in names if here[name] != expected.parts[name]))
    try:
        found = code_of(component)
    except InvalidArgument as error:
        return (f"{component.name} ({error.message})",)
    if found.digest == expected.digest:
        return ()
    every = found.parts.keys() | expected.parts.keys()
    return tuple(
        sorted(name for name in every if found.parts.get(name) != expected.parts.get(name))
    )
