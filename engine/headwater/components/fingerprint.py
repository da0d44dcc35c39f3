"""Fingerprints: what a step's result depends on, as data that can be compared.

A step whose fingerprint is that of an earlier one makes what that one made. To be never stale is
worth more than a hit, so what cannot be understood counts by the whole file where it stands.

Not seen are: code found by a computed name (`getattr`, `importlib`, entry points,
`__subclasses__`); files and variables of the environment that are read while a step runs, unless
the component says so by `outside`; what changes modules or classes after they were made (monkey
patching); annotations in quotes; and what an object holds that cannot be understood, such as a
model that was loaded: of that counts the file which makes it.

Libraries are not read, nor is headwater: their versions are in the environment. Docstrings count,
since there are libraries that read them.
"""

import json
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from threading import Lock
from typing import Any, Self

from headwater.components.canonical import digest_of
from headwater.components.code_reading import CodeReader
from headwater.errors import InvalidArgument

__all__ = [
    "Code",
    "Difference",
    "Fingerprint",
    "Versions",
    "code_fingerprint",
    "counted",
    "counting_environment",
    "differences",
    "digest_of",
    "installed_packages",
    "named_code",
]


# Python 3.11 cannot parse in two threads at once: it fails with "AST constructor recursion depth
# mismatch".
_READING = Lock()

VERSION = "@version"
"""Name of the part that a version is; like all that no module has, it begins with an @."""


@dataclass(frozen=True)
class Code:
    """What code a step runs.

    Attributes:
        digest: sha256 of the parts, in hexadecimal.
        parts: digest of each function, class, value and file that was read, by name; or of the
            version alone, under `@version`.
        texts: names of those parts that are functions, classes and files; the others are values.
    """

    digest: str
    parts: Mapping[str, str]
    texts: frozenset[str] = field(default=frozenset(), compare=False)


def code_fingerprint(function: object, *, version: str | None) -> Code:
    """Return what a function's code depends on inside the project, or its version in place of that.

    Read are the functions, classes and values that it names, and those that they name; modules
    whole that are used as values or imported inside of functions, with what they import.

    Args:
        function: the user's code, or an object with its state and that of its class.
        version: given, nothing else counts.

    Raises:
        InvalidArgument: without a version, something has no source, and no file that could stand
            in for it.
    """
    if version is not None:
        own = {VERSION: digest_of(version)}
        return Code(digest_of(own), own)
    with _READING:
        reader = CodeReader()
        parts = reader.read(function)
    return Code(digest_of(parts), parts, frozenset(reader.texts))


def named_code(names: Iterable[str]) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """Return the digests of what names of parts stand for in this process, and which are texts.

    Args:
        names: of `Code.parts`; those that are in no module that is found here are left out.
    """
    found: dict[str, frozenset[str]] = {}
    with _READING:
        reader = CodeReader()
        for name in names:
            try:
                digests = reader.read_named(name)
            except InvalidArgument:
                digests = frozenset()
            if digests is not None:
                found[name] = digests
    return found, frozenset(reader.texts)


def installed_packages() -> dict[str, str]:
    """Return the version of every installed distribution, by its normalized name, in order."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        # Half an installation has no name. Of two, the first on the path is imported.
        name = distribution.metadata["Name"]
        if name:
            plain = name.lower().replace("_", "-").replace(".", "-")
            found.setdefault(plain, distribution.version or "")
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class Versions:
    """What of an environment counts: the versions of Python and of every distribution.

    Attributes:
        digest: sha256 of them, in hexadecimal.
        by_name: Python's under `python`, `implementation` and `machine`; those of distributions
            that have one of these names under `package:python`, and so on. Empty where the digest
            alone is known.
    """

    digest: str
    by_name: Mapping[str, str]

    @classmethod
    def of(cls, by_name: Mapping[str, str]) -> Self:
        """Return those versions with their digest."""
        return cls(digest_of(dict(by_name)), by_name)


def counting_environment() -> Versions:
    """Return what of this process's environment counts."""
    return counted(
        implementation=sys.implementation.name,
        machine=platform.machine(),
        python=platform.python_version(),
        packages=installed_packages(),
    )


def counted(
    *, implementation: str, machine: str, python: str, packages: Mapping[str, str]
) -> Versions:
    """Return what counts of an environment that is described.

    Args:
        implementation: of Python, as `sys.implementation` names it.
        machine: such as x86_64.
        python: such as 3.12.4.
        packages: version of every installed distribution, by name.
    """
    own = {"implementation": implementation, "machine": machine, "python": python}
    named = {
        f"package:{name}" if name in own else name: version for name, version in packages.items()
    }
    return Versions.of({**own, **named})


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in two fingerprints.

    Attributes:
        field: `parameters.learning_rate`, `code.project.prepare.clean`, `inputs.data`,
            `environment.pandas`.
        before: what it was: a digest, several with commas between, or a version; None where
            there was none.
        now: what it is; likewise.
    """

    field: str
    before: str | None
    now: str | None


@dataclass(frozen=True)
class Fingerprint:
    """All that the result of a step depends on.

    Attributes:
        code: what it runs.
        parameters: digest of each parameter, by name.
        inputs: digests of the artifacts of each input, in their order, by input.
        environment: what of the environment counts.
    """

    code: Code
    parameters: Mapping[str, str]
    inputs: Mapping[str, tuple[str, ...]]
    environment: Versions

    @property
    def outside(self) -> dict[str, tuple[str, ...]]:
        """Those of the inputs that are not in the store; see `Component.outside_digests`."""
        return {name: found for name, found in self.inputs.items() if name.startswith("@")}

    @cached_property
    def digest(self) -> str:
        """The sha256 of all of it, in hexadecimal."""
        inputs = {name: tuple(digests) for name, digests in self.inputs.items()}
        parts = (self.code.digest, dict(self.parameters), inputs, self.environment.digest)
        return digest_of(parts)

    def as_json(self) -> str:
        """Return it as one compact line of JSON, the same for equal ones; see `from_json`.

        Of the environment it has the digest alone: the versions are some hundred, and the same for
        every execution that shares an `Environment`.
        """
        return json.dumps(
            {
                "code": {"digest": self.code.digest, "parts": dict(self.code.parts)},
                "environment": self.environment.digest,
                "inputs": {name: list(digests) for name, digests in self.inputs.items()},
                "parameters": dict(self.parameters),
            },
            separators=(",", ":"),
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the fingerprint that `as_json` wrote, without the names of versions.

        Raises:
            InvalidArgument: the text is none.
        """
        try:
            return cls._from_parsed(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidArgument(
                f"Not a fingerprint: {text!r:.100}.", hint="Give what as_json returned."
            ) from error

    @classmethod
    def _from_parsed(cls, said: Any) -> Self:  # noqa: ANN401 - parsed JSON
        inputs = {
            name: tuple(_texts(enumerate(digests)).values())
            for name, digests in said["inputs"].items()
        }
        return cls(
            code=Code(
                digest=_texts([("digest", said["code"]["digest"])])["digest"],
                parts=_texts(said["code"]["parts"].items()),
            ),
            parameters=_texts(said["parameters"].items()),
            inputs=inputs,
            environment=Versions(_texts([("digest", said["environment"])])["digest"], {}),
        )


def differences(before: Fingerprint, now: Fingerprint) -> list[Difference]:
    """Return what is not the same: code, parameters, inputs, environment, each by name."""
    found = [*_differences("code", before.code.parts, now.code.parts)]
    if not found and before.code.digest != now.code.digest:
        found.append(Difference("code", before.code.digest, now.code.digest))
    found += _differences("parameters", before.parameters, now.parameters)
    found += _differences("inputs", _flat(before.inputs), _flat(now.inputs))
    one, other = before.environment, now.environment
    if one.digest != other.digest:
        if one.by_name and other.by_name:
            found += _differences("environment", one.by_name, other.by_name)
        else:
            found.append(Difference("environment", one.digest, other.digest))
    return found


def _differences(
    field: str, before: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[Difference]:
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            shown = name.removeprefix("@")
            yield Difference(f"{field}.{shown}", before.get(name), now.get(name))


def _flat(inputs: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {name: ",".join(digests) for name, digests in inputs.items()}


def _texts(pairs: Any) -> dict[Any, str]:  # noqa: ANN401 - of parsed JSON
    texts = dict(pairs)
    if not all(isinstance(text, str) for text in texts.values()):
        raise TypeError("a digest is text")
    return texts
