"""Codes: what of a component's code counts for its results, and whether it is the same elsewhere."""

import logging
from typing import NamedTuple

from headwater.components.component import Component
from headwater.components.driver import Driver
from headwater.components.executor import Executor
from headwater.components.fingerprint import Code, code_fingerprint, digest_of, named_code
from headwater.errors import FailedPrecondition, InvalidArgument

_TOLD = 5
_log = logging.getLogger("headwater")


def code_of(component: Component) -> Code:
    """Return what a component's results depend on of its code, and which component it is.

    Raises:
        InvalidArgument: its code cannot be read, and it has no version.
    """
    signature = component.signature
    read = code_fingerprint(component.function, version=component.version)
    parts = {
        **read.parts,
        "@component": digest_of(
            [
                component.name,
                [[key, spec.type.type_name, spec.many] for key, spec in signature.inputs.items()],
                [[key, spec.type.type_name, spec.many] for key, spec in signature.outputs.items()],
            ]
        ),
    }
    texts = {*read.texts}
    for prefix, part in _own_parts(component).items():
        # With what it was told when it was made.
        own = code_fingerprint(part, version=None)
        parts |= {f"{prefix}.{name}": digest for name, digest in own.parts.items()}
        texts |= {f"{prefix}.{name}" for name in own.texts}
    if component.version is not None:
        parts["@function"] = digest_of(
            [component.function.__module__, component.function.__qualname__]
        )
    return Code(digest_of(parts), parts, frozenset(texts))


def _own_parts(component: Component) -> dict[str, object]:
    """Return what of a component counts besides its function, where it is the user's own."""
    found: dict[str, object] = {}
    if type(component.executor) is not Executor:
        found["@executor"] = component.executor
    if type(component.driver) is not Driver:
        found["@driver"] = component.driver
    if component.version is None and component.outside is not None:
        found["@outside"] = component.outside
    return found


def check_code(component: Component, expected: Code) -> bool:
    """Check that a component is here, in another process, what it was where the run has read it.

    Files may have been edited since, another machine may have other ones, and a worker that lasts
    holds modules as they were when it imported them. What such a step made would be found later
    under the fingerprint of code that did not run.

    Values may differ where code does not: the path of a checkout, the time of a start, what was
    opened once and kept. Such a step may run, and must not be found by its fingerprint.

    Args:
        component: as it was found here.
        expected: its code as the run has read it.

    Returns:
        Whether values are the same too.

    Raises:
        FailedPrecondition: functions, classes or files differ; `parts` names them.
    """
    known = None if component.place is None else (component.place, expected.digest)
    found = _compared.get(known) if known is not None else None
    if found is None:
        found = _compare(component, expected)
        if known is not None:
            _compared[known] = found
    if found.texts:
        more = f" and {len(found.texts) - _TOLD} more" if len(found.texts) > _TOLD else ""
        raise FailedPrecondition(
            f"Component {component.name!r} is not here what it was where its run began: "
            f"{', '.join(found.texts[:_TOLD])}{more} differ.",
            hint="Give the workers the code of the run, and restart those that last; or give the "
            "component a version, and change that with its code.",
            component=component.name,
            parts=found.texts,
        )
    if found.values:
        _log.warning(
            "Component %r is run, and not kept for later runs: %s differ from where its run began.",
            component.name,
            ", ".join(found.values[:_TOLD]),
        )
    return not found.values


class _Differing(NamedTuple):
    """Names of the parts that differ."""

    texts: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


_compared: dict[tuple[tuple[str, str], str], _Differing] = {}
"""What differs of a component, by its place and the digest that was expected."""

_first: dict[str, str] = {}
"""Digest of each value when this process read it first, before a step could change it."""


def _compare(component: Component, expected: Code) -> _Differing:
    if component.place is None:
        # The function itself came with the task; what it imports is this process's own.
        here, texts = named_code(expected.parts)
    else:
        try:
            read = code_of(component)
        except InvalidArgument as error:
            return _Differing(texts=(f"{component.name} ({error.message})",))
        texts = read.texts
        missing: dict[str, frozenset[str]] = dict.fromkeys(expected.parts, frozenset())
        here = missing | {name: frozenset([digest]) for name, digest in read.parts.items()}
    for name, digests in here.items():
        for digest in digests:
            _first.setdefault(name, digest)
    differing = [
        name
        for name, digests in here.items()
        if name in expected.parts
        and expected.parts[name] not in digests
        and (name in texts or _first.get(name) != expected.parts[name])
    ]
    return _Differing(
        tuple(sorted(name for name in differing if name in texts)),
        tuple(sorted(name for name in differing if name not in texts)),
    )
