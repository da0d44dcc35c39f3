"""Handles: what a component's function is given for each of its inputs and outputs.

`Input[Dataset]` and `Output[Model]` are both the annotation of a parameter and the class of what
the function receives. A handle knows where bytes lie, and nothing of the graph: what is made of
an output's is the publisher's business.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from headwater.components.payloads import Payloads
from headwater.errors import FailedPrecondition, InvalidArgument
from headwater.typed import Artifact

ArtifactT = TypeVar("ArtifactT", bound=Artifact)

FORMAT_KEY = "payload_format"
"""Custom property of an artifact: the format that its payload was saved in."""

Fetch = Callable[[str, Path], object]
"""Writes the object of a digest to a path."""


class Input(Generic[ArtifactT]):
    """An artifact that a component reads.

    Its payload is fetched when it is first asked for, and verified; it lies in a folder of the
    step's own, so a function may change the file.

    Attributes:
        artifact: the artifact, with its properties.
        key: the name of the input.
    """

    def __init__(
        self, artifact: ArtifactT, *, key: str, folder: Path, fetch: Fetch, payloads: Payloads
    ) -> None:
        self.artifact = artifact
        self.key = key
        self._folder = folder
        self._fetch = fetch
        self._payloads = payloads
        self._path: Path | None = None

    def __repr__(self) -> str:
        return f"<Input {self.key}: {self.artifact.name or self.artifact.id}>"

    @property
    def format(self) -> str | None:
        """The format that the payload was saved in; None where it was not saved by a component."""
        found = self.artifact.custom_properties.get(FORMAT_KEY)
        return found if isinstance(found, str) else None

    @property
    def path(self) -> Path:
        """Where the payload lies on this machine: a file, or a folder if it was saved as one.

        Raises:
            FailedPrecondition: the artifact has no stored payload, and its uri is no path here.
            DataLoss: the bytes are missing or not what was stored.
        """
        if self._path is None:
            self._path = self._fetched()
        return self._path

    def load(self, kind: type | None = None) -> Any:  # noqa: ANN401 - what the format holds
        """Return the payload as an object.

        Args:
            kind: the class wanted, where the format can be read as several, such as
                `pandas.DataFrame` or `pyarrow.Table`; None takes what the format says first.

        Raises:
            InvalidArgument: no loader reads that format, or none as that class.
            FailedPrecondition, DataLoss: as `path` does.
        """
        return self._payloads.load(self.path, format=self.format, kind=kind)

    def open(self) -> IO[bytes]:
        """Return the payload's bytes as a stream."""
        return self.path.open("rb")

    def read_bytes(self) -> bytes:
        """Return the payload's bytes."""
        return self.path.read_bytes()

    def _fetched(self) -> Path:
        artifact = self.artifact
        if artifact.digest is not None:
            target = self._folder / f"{self.key}{self._payloads.suffix(self.format)}"
            self._folder.mkdir(parents=True, exist_ok=True)
            self._fetch(artifact.digest, target)
            return self._payloads.unpacked(target, format=self.format)
        place = (artifact.uri or "").removeprefix("file://")
        if place.startswith("/") and Path(place).exists():
            return Path(place)
        raise FailedPrecondition(
            f"Input {self.key!r} has no stored payload: artifact {artifact.name or artifact.id} is "
            f"at {artifact.uri or 'no known place'}.",
            hint="Read it from its uri in the component, or save its payload where it is made.",
            id=artifact.id,
        )


@dataclass(frozen=True)
class Made:
    """What a component made of one output: what the publisher needs, and can be sent to it.

    Attributes:
        key: the name of the output.
        element: which of several, of an output that has many; "" else.
        properties: declared properties that were set, by field.
        custom: custom properties that were set.
        uri: where the user keeps the bytes; None where we do.
        path: the payload on this machine; None where nothing was saved.
        format: the format of the payload.
    """

    key: str
    element: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)
    uri: str | None = None
    path: Path | None = None
    format: str | None = None


class Output(Generic[ArtifactT]):
    """An artifact that a component makes.

    Nothing of it is stored before the function has returned.

    Attributes:
        key: the name of the output.
        type: the class of the artifact.
        uri: where the function has put the bytes itself; None where `save` or `path` is used.
    """

    def __init__(
        self,
        kind: type[ArtifactT],
        *,
        key: str,
        folder: Path,
        payloads: Payloads,
        element: str = "",
    ) -> None:
        self.key = key
        self.type = kind
        self.uri: str | None = None
        self._element = element
        self._folder = folder
        self._payloads = payloads
        self._values: dict[str, Any] = {}
        self._custom: dict[str, Any] = {}
        self._saved: tuple[Path, str | None] | None = None
        self._path: Path | None = None

    def __repr__(self) -> str:
        return f"<Output {self.key}: {self.type.__name__}>"

    def set(self, **values: Any) -> None:  # noqa: ANN401 - property values
        """Set properties: declared ones of the artifact's class, any others as custom ones.

        They are checked against the class when the step is published.
        """
        declared = self.type.node_type().properties
        fields = {info.alias or name for name, info in self.type.model_fields.items()}
        for key, value in values.items():
            target = self._values if key in declared or key in fields else self._custom
            target[key] = value

    def save(self, value: object, *, format: str | None = None) -> None:
        """Save an object as the payload, in place of one that was saved before.

        Args:
            value: a data frame, a table, an array, bytes, text, JSON values, a path to a file or
                folder, or anything that joblib can write.
            format: the name of a registered format; None takes the first that takes the value.

        Raises:
            InvalidArgument: there is no such format, or it does not take the value.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._saved = self._payloads.save(value, self._folder / self._stem, format=format)

    @property
    def path(self) -> Path:
        """A place for the payload that nothing is at yet: write a file or make a folder there."""
        if self._path is None:
            self._path = self._folder / "written" / self._stem
            self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._path

    def made(self) -> Made:
        """Return what was made.

        Raises:
            InvalidArgument: both `save` and `path` were used.
        """
        written = self._path is not None and self._path.exists()
        if written and self._saved is not None:
            raise InvalidArgument(
                f"Output {self.key!r} was both saved and written to its path.",
                hint="Use one of them.",
            )
        path, named = self._saved or (None, None)
        if written and self._path is not None:
            tar = self._path.with_name(f"{self._path.name}.tar")
            path, named = self._payloads.packed(self._path, tar)
        return Made(
            self.key,
            self._element,
            dict(self._values),
            dict(self._custom),
            self.uri,
            path,
            named,
        )

    @property
    def _stem(self) -> str:
        return f"{self.key}-{self._element}" if self._element else self.key


class Outputs(Generic[ArtifactT]):
    """Several artifacts that a component makes, as many as it likes; each has an element's name."""

    def __init__(
        self, kind: type[ArtifactT], *, key: str, folder: Path, payloads: Payloads
    ) -> None:
        self.key = key
        self.type = kind
        self._folder = folder
        self._payloads = payloads
        self._elements: dict[str, Output[ArtifactT]] = {}

    def __iter__(self) -> Iterator[Output[ArtifactT]]:
        return iter(self._elements.values())

    def __len__(self) -> int:
        return len(self._elements)

    def new(self, element: str | None = None) -> Output[ArtifactT]:
        """Return a new output.

        Args:
            element: tells it from the others; None numbers it.

        Raises:
            InvalidArgument: there is one of that name.
        """
        name = str(len(self._elements)) if element is None else element
        if not name or "/" in name or name in self._elements:
            raise InvalidArgument(
                f"{name!r} cannot be an element of output {self.key!r}"
                f"{': there is one' if name in self._elements else ''}.",
                hint="Give each element a name of its own, without slashes.",
            )
        made = Output(
            self.type, key=self.key, folder=self._folder, payloads=self._payloads, element=name
        )
        self._elements[name] = made
        return made
