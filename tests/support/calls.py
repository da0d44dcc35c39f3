"""Calls of components by themselves, with real handles and a real object store, and no graph."""

import hashlib
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from headwater.components import PAYLOADS, Component, Executor
from headwater.components.executor import Call
from headwater.components.handles import FORMAT_KEY, Made
from headwater.objects import DirectoryStore
from headwater.typed import Artifact


@dataclass
class Calls:
    """Calls components, and keeps what they make in an object store.

    Attributes:
        objects: where payloads are.
        folder: where calls work.
    """

    objects: DirectoryStore
    folder: Path
    _numbers: Any = field(default_factory=count)

    def __call__(self, component: Component, **given: Any) -> dict[str, Any]:
        """Return what a component makes of inputs and parameters, by output."""
        signature = component.signature
        parameters = {k: v for k, v in given.items() if k not in signature.inputs}
        execution = signature.checked(parameters, component=component.name)
        place = self.folder / str(next(self._numbers))
        call = Call(
            component.name,
            component.function,
            {name: getattr(execution, name) for name in signature.parameters},
            signature.inputs,
            {key: [given[key]] for key in signature.inputs if given.get(key) is not None},
            signature.outputs,
            place,
        )
        made = Executor().execute(call, self.objects.fetch)
        return {one.key: self._kept(signature.outputs[one.key].type, one) for one in made}

    def load(self, artifact: Artifact) -> Any:
        """Return an artifact's payload as an object."""
        return PAYLOADS.load(self.path(artifact), format=_format(artifact))

    def path(self, artifact: Artifact) -> Path:
        """Return where an artifact's payload lies: a copy, of a folder its own."""
        assert artifact.digest is not None
        target = self.folder / f"fetched-{next(self._numbers)}{PAYLOADS.suffix(_format(artifact))}"
        self.objects.fetch(artifact.digest, target)
        return PAYLOADS.unpacked(target, format=_format(artifact))

    def _kept(self, kind: type[Artifact], made: Made) -> Artifact:
        custom = dict(made.custom) | ({FORMAT_KEY: made.format} if made.format else {})
        stored = None if made.path is None else self.objects.put(made.path)
        return kind(
            **made.properties,
            custom_properties=custom,
            uri=made.uri,
            digest=None if stored is None else stored.digest,
        )


def content(artifact: Artifact) -> str:
    """Return a digest of all that a component can see of an artifact."""
    seen = (artifact.digest, sorted(artifact.properties.items()), artifact.custom_properties)
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def _format(artifact: Artifact) -> str | None:
    found = artifact.custom_properties.get(FORMAT_KEY)
    return found if isinstance(found, str) else None
