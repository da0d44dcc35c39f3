"""Rules of a difference: what tells runs apart without being a difference, and what a property is about.

Two runs of one pipeline differ in every id, time and generated name. What is listed in
`IDENTITY` is therefore passed over, and counted; a caller adds to it. Of two strings that
differ in the run's own id alone (`/runs/8f3a91/model`) the same is true: a *token* is an
external id, a value of an ignored property, or a name that looks generated, of the node, of
what made it, or of a context that only this side has.
"""

import json
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from headwater.query.difference_parts import Aspect, Fact
from headwater.query.parts import ENVIRONMENT_TYPE, RUN_TYPE
from headwater.query.stand_ins import CACHED
from headwater_schema import ExecutionState, TypeKind

CODE = "code"
"""Begins the property of findings about the code of steps; the name of the part follows."""

IDENTITY = (
    *("run", "run_id", "*_run_id", "run_name", "run_number", "*_run_name", "run_uuid", "runid"),
    *("uuid", "*_uuid", "guid", "*_guid", "job_id", "*_job_id", "task_id", "*_task_id", "build_id"),
    *("execution_id", "invocation_id", "session_id", "request_id", "trace_id", "span_id"),
    *("correlation_id", "pid", "process_id", "thread_id", "pod", "pod_*", "worker_id", "attempt*"),
    *("timestamp", "*_timestamp", "*_time", "*_at", "started", "finished", "ended", "created"),
    *("updated", "duration", "duration_*", "*_duration", "*_duration_*", "elapsed", "elapsed_*"),
    *("runtime_s", "runtime_ms", "wall_time*", "heartbeat*", "last_heartbeat*"),
    # What headwater's own steps say of themselves: what is in them is told by its own name, or,
    # of code, by the names of its parts.
    *("fingerprint", "cached_from"),
)
"""Names of properties, as patterns, whose values tell runs apart and are no difference."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ENVIRONMENT = frozenset(
    [
        "python",
        "pip",
        "conda",
        "numpy",
        "scipy",
        "sklearn",
        "scikit",
        "pandas",
        "torch",
        "pytorch",
        "tensorflow",
        "tfx",
        "keras",
        "jax",
        "xgboost",
        "lightgbm",
        "catboost",
        "spark",
        "java",
        "cuda",
        "cudnn",
        "gpu",
        "gpus",
        "cpu",
        "cpus",
        "driver",
        "os",
        "kernel",
        "platform",
        "host",
        "hostname",
        "machine",
        "env",
        "environment",
        "package",
        "packages",
        "requirements",
        "library",
        "libraries",
        "image",
        "docker",
        "container",
        "hardware",
        "cluster",
        "region",
        "interpreter",
        "glibc",
        "arch",
        "architecture",
    ]
)
_CODE = frozenset(
    [
        "commit",
        "git",
        "sha",
        "revision",
        "code",
        "script",
        "branch",
        "repo",
        "repository",
        "version",
        "module",
        "entrypoint",
        "notebook",
    ]
)
_METRICS = frozenset(
    [
        "accuracy",
        "auc",
        "loss",
        "f1",
        "precision",
        "recall",
        "rmse",
        "mae",
        "mse",
        "r2",
        "score",
        "metric",
        "metrics",
        "error",
        "perplexity",
        "bleu",
        "rouge",
        "ndcg",
    ]
)
_SETTINGS = frozenset(
    ["threshold", "weight", "target", "min", "max", "limit", "tolerance", "early", "patience"]
)
_VOLATILE = re.compile(
    r"@\d+$"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d(?:[T _]?\d\d[:\-.]?\d\d(?:[:\-.]?\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|(?<![0-9a-zA-Z])(?=[0-9a-f]*\d)[0-9a-f]{6,}(?![0-9a-zA-Z])"
    r"|\d{8,}"
)
_MARK = "\N{HORIZONTAL ELLIPSIS}"
_MIN_TOKEN = 4
_MIN_GENERATED = 6
_ENVIRONMENT_SAYS = frozenset({"python_version", "packages_digest"})
"""Properties of headwater's own environments, in which all that counts of them is a property."""
_METRIC_NAMES = re.compile(r"metric|evaluation", re.IGNORECASE)


class Rules:
    """What one comparison passes over, and how it names what it finds.

    Args:
        ignore: patterns of property names to add to `IDENTITY`, as in a shell: `host`, `*_token`.
        metric_types: artifact types whose base is `mlmd.Metrics`.
        model_types: artifact types whose base is `mlmd.Model`.
    """

    def __init__(
        self,
        ignore: Iterable[str] = (),
        *,
        metric_types: Iterable[str] = (),
        model_types: Iterable[str] = (),
    ) -> None:
        self.patterns = (*IDENTITY, *ignore)
        self._metric_types = frozenset(metric_types)
        self._model_types = frozenset(model_types)
        self._ignored: dict[str, bool] = {}
        self._aspects: dict[tuple[TypeKind, str, str, bool], Aspect] = {}

    def ignores(self, name: str) -> bool:
        """Return whether a property of that name only tells runs apart."""
        known = self._ignored.get(name)
        if known is None:
            plain = name.rpartition(".")[2].lower()
            known = any(fnmatchcase(plain, p.lower()) or name == p for p in self.patterns)
            self._ignored[name] = known
        return known

    def aspect(self, fact: Fact, name: str, value: Any) -> Aspect:  # noqa: ANN401 - any property value
        """Return what a property of a node is about, by its name, its kind and the node's type."""
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        given = (fact.key.kind, fact.type, name, numeric)
        if given not in self._aspects:
            self._aspects[given] = self._aspect(*given)
        return self._aspects[given]

    def _aspect(self, kind: TypeKind, type_name: str, name: str, numeric: bool) -> Aspect:  # noqa: FBT001 - a key of the cache
        words = {word.lower() for word in _WORDS.findall(name)}
        if name == "state":
            return Aspect.STATE
        # An artifact that only says what a step ran in: its properties count as the step's own.
        if kind is TypeKind.ARTIFACT and type_name != ENVIRONMENT_TYPE:
            measured = type_name in self._metric_types or _METRIC_NAMES.search(type_name)
            model = type_name in self._model_types or (
                "model" in type_name.lower() and words & _METRICS
            )
            ours = name in ("digest", "uri", "size_bytes", "name")
            return Aspect.METRICS if numeric and not ours and (measured or model) else Aspect.DATA
        if words & _ENVIRONMENT or (type_name == ENVIRONMENT_TYPE and not words & _CODE):
            return Aspect.ENVIRONMENT
        if words & _CODE and not words & {"data", "dataset"}:
            return Aspect.CODE
        if numeric and words & _METRICS and not words & _SETTINGS:
            return Aspect.METRICS
        return Aspect.PARAMETERS

    def tokens(self, facts: Iterable[Fact]) -> tuple[str, ...]:
        """Return the texts that only say which run it was, longest first."""
        found: set[str] = set()
        for fact in facts:
            if fact.external_id is not None and len(fact.external_id) >= _MIN_TOKEN:
                found.add(fact.external_id)
            if fact.name is not None and _looks_generated(fact.name):
                found.add(fact.name)
            found |= {
                value
                for name, value in fact.values.items()
                if isinstance(value, str) and len(value) >= _MIN_TOKEN and self.ignores(name)
            }
        return tuple(sorted(found, key=lambda token: (-len(token), token)))

    def comparable(self, fact: Fact, tokens: Sequence[str], *, made: bool) -> dict[str, Any]:
        """Return what of a node's values must be equal on both sides, in a form that hashes.

        Args:
            fact: the node.
            tokens: see `tokens`.
            made: whether an execution made it; then its uri is where the run wrote it.
        """
        values = {
            name: canonical(value, tokens)
            for name, value in fact.values.items()
            if not self.ignores(name)
        }
        if fact.key.kind is TypeKind.EXECUTION and values.get("state") == CACHED:
            # That it was not run again says of what run it is, not what came of it.
            values["state"] = str(ExecutionState.COMPLETE)
        if fact.type == RUN_TYPE:
            # What it asked for, its steps have as their parameters.
            values.pop("command", None)
        if fact.type == ENVIRONMENT_TYPE and values.keys() >= _ENVIRONMENT_SAYS:
            # Its bytes also have the command line, which any change of a parameter changes.
            values.pop("digest", None)
            values.pop("uri", None)
            values.pop("size_bytes", None)
        elif "digest" in values:
            values.pop("uri", None)
            values.pop("size_bytes", None)
        elif made and isinstance(fact.values.get("uri"), str) and "uri" in values:
            values["uri"] = place(fact.values["uri"], tokens)
        return values


def code_of(fact: Fact) -> dict[str, str] | None:
    """Return the digest of each part of the code that a step ran, by name; None where none is known.

    Source: `headwater.components.fingerprint`, which every step of a pipeline that ran has.
    """
    try:
        code = json.loads(fact.values["fingerprint"])["code"]
        told = ((name.removeprefix("@"), digest) for name, digest in code["parts"].items())
        parts = {f"{CODE} {name}": str(digest) for name, digest in told}
        return parts or {CODE: str(code["digest"])}
    except (LookupError, TypeError, ValueError, AttributeError):
        # Whoever calls a property of his own so means something else by it.
        return None


def canonical(value: Any, tokens: Sequence[str]) -> Any:  # noqa: ANN401 - any property value
    """Return a value in a form that hashes and is equal for equal values; a bool is no number."""
    match value:
        case bool():
            return ("bool", value)
        case str():
            return replaced(value, tokens)
        case float() if value != value:  # noqa: PLR0124 - NaN is the one value unlike itself
            return ("nan",)
        case list():
            return ("list", *(canonical(item, tokens) for item in value))
        case dict():
            return ("dict", *((key, canonical(value[key], tokens)) for key in sorted(value)))
        case _:
            return value


def replaced(text: str, tokens: Sequence[str]) -> str:
    """Return a text with a mark in place of each token."""
    for token in tokens:
        if token in text:
            text = text.replace(token, _MARK)
    return text


def place(uri: str, tokens: Sequence[str]) -> str:
    """Return where a run wrote something, without what tells that run from others."""
    return re.sub(r"(?<=/)\d+(?=/|$)", _MARK, _VOLATILE.sub(_MARK, replaced(uri, tokens)))


def stable_name(fact: Fact, tokens: Sequence[str]) -> str | None:
    """Return a node's name as another run would have it; None where nothing of it stays."""
    if fact.series is not None:
        return _without_volatile(fact.series, tuple(tokens))
    return None if fact.name is None else _without_volatile(fact.name, tuple(tokens))


@lru_cache(maxsize=100_000)
def _without_volatile(name: str, tokens: tuple[str, ...]) -> str | None:
    kept = _VOLATILE.sub(_MARK, replaced(name, [t for t in tokens if t != name]))
    return kept if any(character.isalnum() for character in kept) else None


def _looks_generated(name: str) -> bool:
    return len(name) >= _MIN_GENERATED and any(character.isdigit() for character in name)
