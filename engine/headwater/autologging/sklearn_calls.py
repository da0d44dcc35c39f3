"""scikit-learn: fits of estimators, each with what it was given and the model it made.

All classes derived from BaseEstimator are patched, those of other libraries and the user's own
too, when they are defined. A fit that scikit-learn itself calls is part of what called it.
"""

import functools
import io
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, cast

from headwater.autologging.calls import SWITCH, Nesting
from headwater.autologging.pandas_calls import tags_of
from headwater.autologging.patches import Patches
from headwater.autologging.recorder import Recorder
from headwater.autologging.seen import Scalar, SeenFit

_METHODS = ("fit", "fit_predict", "fit_transform")
_MIXINS = ("ClusterMixin", "OutlierMixin", "TransformerMixin")
# What lays itself around a transformer's fit_transform when the class is defined, after we did.
_SET_OUTPUT = "sklearn.utils._set_output"
_MAX_TEXT = 2_000
_MAX_INT = 2**63
_FITS = Nesting()


class _ConditionalMethod:
    """A method that only some instances have, as a Pipeline's fit_predict, recorded where it is."""

    def __init__(self, original: Any) -> None:  # noqa: ANN401 - a descriptor
        functools.update_wrapper(cast("Any", self), original)
        self._original = original

    def __get__(self, instance: object, owner: type | None = None) -> Any:  # noqa: ANN401 - a method
        bound = self._original.__get__(instance, owner)
        if instance is None:
            return bound

        @functools.wraps(bound)
        def fit(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the user's
            return around_fit(lambda _, *a, **k: bound(*a, **k), instance, args, kwargs)

        return fit


def patch_sklearn(patches: Patches, base: ModuleType) -> None:
    """Have fits of all estimators recorded, given `sklearn.base`."""
    estimator = base.BaseEstimator
    for known in (*(getattr(base, name) for name in _MIXINS), estimator, *_subclasses(estimator)):
        _patch_class(patches, known)
    original = vars(estimator).get("__init_subclass__")

    def __init_subclass__(cls: type[Any], /, **kwargs: Any) -> None:  # noqa: ANN401, N807 - a hook of Python's
        if original is None:
            super(estimator, cls).__init_subclass__(**kwargs)
        else:
            original.__get__(None, cls)(**kwargs)
        _patch_class(patches, cls)

    patches.replace(estimator, "__init_subclass__", classmethod(__init_subclass__))


def around_fit(
    fit: Callable[..., Any], estimator: object, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:  # noqa: ANN401 - what the fit gives
    """Return what the fit gives, after recording it if it is the user's own."""
    with _FITS.entered() as is_outermost:
        recorder = SWITCH.recorder if is_outermost else None
        if recorder is None or _is_called_by_sklearn():
            return fit(estimator, *args, **kwargs)
        began_s = time.perf_counter()
        try:
            value = fit(estimator, *args, **kwargs)
        except Exception as error:
            _record(recorder, _Fitted(estimator, _data(args, kwargs), began_s, error))
            raise
        _record(recorder, _Fitted(estimator, _data(args, kwargs), began_s, None))
        return value


def _subclasses(known: type[Any]) -> Iterator[type[Any]]:
    derived: type[Any]
    for derived in known.__subclasses__():
        yield derived
        yield from _subclasses(derived)


def _patch_class(patches: Patches, cls: type) -> None:
    for name in _METHODS:
        original = vars(cls).get(name)
        if original is None or isinstance(original, _ConditionalMethod):
            continue
        if hasattr(original, "_headwater_fit"):
            continue
        is_plain = callable(original) and not isinstance(original, type)
        patches.replace(
            cls, name, _recorded(original) if is_plain else _ConditionalMethod(original)
        )


def _recorded(original: Callable[..., Any]) -> Callable[..., Any]:
    # Classes of a script's own are pickled whole for other processes, this function with them: it
    # may hold nothing but the original.
    @functools.wraps(original)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the user's
        return around_fit(original, self, args, kwargs)

    fit._headwater_fit = True  # type: ignore[attr-defined] # noqa: SLF001 - a mark of ours
    return fit


def _is_called_by_sklearn() -> bool:
    """Return whether scikit-learn's own code called, be it in a thread of its own."""
    frame = sys._getframe(2)  # noqa: SLF001 - inspect.stack reads source files, which takes milliseconds
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if (module == "sklearn" or module.startswith("sklearn.")) and module != _SET_OUTPUT:
            return True
        frame = frame.f_back  # type: ignore[assignment] # None at the end
    return False


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A call that has ended: of what, with which data, begun when, and how it failed."""

    estimator: object
    data: list[Any]
    began_s: float
    error: Exception | None


def _data(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    given = [*args[:2], kwargs.get("X"), kwargs.get("y")]
    return [value for value in given if value is not None]


def _record(recorder: Recorder, fitted: _Fitted) -> None:
    training_time_s = time.perf_counter() - fitted.began_s
    try:
        seen = _seen(recorder, fitted, training_time_s)
        recorder.submit(lambda record: record.fitted(seen))
    except Exception as error:  # noqa: BLE001 - the user's fit must not fail for us
        recorder.warn("record a fit", error)


def _seen(recorder: Recorder, fitted: _Fitted, training_time_s: float) -> SeenFit:
    estimator, data, error = fitted.estimator, fitted.data, fitted.error
    tags = [recorder.own_tags(tags_of([table])) for table in data]
    rows, columns = _shape(data[0]) if data else (None, None)
    properties = _scalars(_parameters(estimator)) | _found(estimator, error)
    keeps_payload = recorder.keeps_payloads and error is None
    return SeenFit(
        estimator=type(estimator).__name__,
        module=type(estimator).__module__,
        scikit_learn=sys.modules["sklearn"].__version__,
        training_time_s=training_time_s,
        ended_ms=time.time_ns() // 1_000_000,
        rows=rows,
        columns=columns,
        properties={**properties, "inputs_known": bool(tags) and all(tags)},
        tags=tuple(dict.fromkeys(tag for every in tags for tag in every)),
        error="" if error is None else _text(f"{type(error).__name__}: {error}"),
        payload=_payload(estimator) if keeps_payload else None,
    )


def _parameters(estimator: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the user's
    parameters: Mapping[str, Any] = estimator.get_params(deep=False)
    return parameters


def _found(estimator: object, error: Exception | None) -> dict[str, Scalar]:
    """Return what a search found best."""
    best = getattr(estimator, "best_params_", None)
    if error is not None or not isinstance(best, Mapping):
        return {}
    named = {f"best_{name}": value for name, value in best.items()}
    return _scalars({**named, "best_score": getattr(estimator, "best_score_", None)})


def _scalars(values: Mapping[str, Any]) -> dict[str, Scalar]:
    plain = {str(name): _plain(value) for name, value in values.items()}
    return {name: value for name, value in plain.items() if value is not None}


def _plain(value: Any) -> Scalar | None:  # noqa: ANN401 - the user's
    """Return a scalar as the store keeps it, None for all else."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        value = value.item()
    match value:
        case bool() | float():
            return value
        case int():
            return value if -_MAX_INT <= value < _MAX_INT else str(value)
        case str():
            return _text(str(value))
        case _:
            return None


def _text(text: str) -> str:
    return text[:_MAX_TEXT].encode(errors="replace").decode()


def _shape(table: Any) -> tuple[int | None, int | None]:  # noqa: ANN401 - the user's
    shape = getattr(table, "shape", None)
    if shape is None:
        return (len(table) if hasattr(table, "__len__") else None), None
    return int(shape[0]), int(shape[1]) if len(shape) > 1 else 1


def _payload(estimator: object) -> bytes:
    import joblib  # type: ignore[import-untyped] # noqa: PLC0415 - a dependency of scikit-learn's

    stream = io.BytesIO()
    joblib.dump(estimator, stream)
    return stream.getvalue()
