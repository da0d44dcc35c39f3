"""Descriptions: a value of the project's code as plain values and names of code.

Code that a value holds is handed to those who read it, once. Knows nothing of syntax.
"""

import dataclasses
import functools
import logging
import operator
import re
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from pydantic import BaseModel

from headwater.components.canonical import digest_of
from headwater.components.source_files import MAIN, SourceFiles, code_form, is_headwaters
from headwater.errors import InvalidArgument

_MAX_DEPTH = 30
_OPERATORS = (operator.itemgetter, operator.attrgetter, operator.methodcaller)
_MADE_BY_PYTHON = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_BUILTIN_CODE = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
)


class Unreadable(Exception):
    """Something that is neither code nor has a canonical form."""


@dataclasses.dataclass(frozen=True)
class Home:
    """Where a name stands.

    Attributes:
        module: the module's name in this process.
        label: its name for others: a script is not `__main__` to them.
        file: where its source is, if it is a file.
    """

    module: str
    label: str
    file: str | None


FunctionFound = Callable[[FunctionType, str, Home], None]
ClassFound = Callable[[type, str, Home], None]


def home_of(module_name: str, file: str | None = None) -> Home:
    """Return where the names of a module stand.

    Args:
        module_name: as Python knows it.
        file: whose code it is, where no module of that name was imported.
    """
    module = sys.modules.get(module_name)
    known = getattr(module, "__file__", None)
    path = known or (file if file is not None and Path(file).is_file() else None)
    if module_name not in MAIN:
        return Home(module_name, module_name, path)
    spec = getattr(module, "__spec__", None)
    label = spec.name if spec is not None else Path(path).stem if path else "__main__"
    return Home(module_name, label, path)


def reference(label: str) -> tuple[str, str]:
    """Return the description of code that has a name."""
    return ("code", label)


class Describer:
    """Describes values; what code they hold is told once each.

    Args:
        files: which of them are the project's.
        on_function: is given each function of the project, its label and home.
        on_class: is given each class of the project, its label and home.
        on_module: is given the name of each module.
    """

    def __init__(
        self,
        files: SourceFiles,
        *,
        on_function: FunctionFound,
        on_class: ClassFound,
        on_module: Callable[[str], None],
    ) -> None:
        self._files = files
        self._on_function = on_function
        self._on_class = on_class
        self._on_module = on_module
        # The objects are kept, so that no other gets the id of one.
        self._told: dict[int, object] = {}
        self._open: set[int] = set()

    def describe(self, value: Any, home: Home, depth: int = 0) -> object:  # noqa: ANN401, PLR0911 - one case a kind
        """Return a value in terms of plain values and names of code.

        Args:
            value: what a name stands for.
            home: where that name stands.
            depth: how deep in another value it was found.

        Raises:
            Unreadable: something in it is neither, or it holds itself.
        """
        if depth > _MAX_DEPTH:
            raise Unreadable
        match value:
            case ModuleType():
                self._on_module(value.__name__)
                return ("module", home_of(value.__name__).label)
            case type():
                return self._class(value, home, depth)
            case FunctionType():
                return self._function(value, home, depth)
            case list() | tuple() | set() | frozenset() | dict() | types.MappingProxyType():
                return self._container(value, home, depth)
            case _ if (parts := _parts_of_code(value)) is not None:
                return (type(value).__name__, *self._each(parts, home, depth))
            case _ if isinstance(value, _BUILTIN_CODE):
                return self._builtin(value, home, depth)
            case _:
                return self._value(value, home, depth)

    def _each(self, values: Iterable[object], home: Home, depth: int) -> tuple[object, ...]:
        return tuple(self.describe(value, home, depth + 1) for value in values)

    # Code

    def _class(self, cls: type, home: Home, depth: int) -> tuple[object, ...]:
        named = home_of(cls.__module__, home.file if cls.__module__ == home.module else None)
        label = f"{named.label}.{cls.__qualname__}"
        is_project = self._is_project_class(cls)
        if is_project and id(cls) not in self._told:
            self._told[id(cls)] = cls
            self._on_class(cls, label, named)
        if not cls.__flags__ & _MADE_BY_PYTHON or _by_name(cls) is cls:
            return reference(label)
        if not is_project and cls.__module__ in sys.modules:
            # Made by a library as it was told, such as by pydantic's create_model.
            raise Unreadable
        return (*reference(label), *self._local_class(cls, named, depth))

    def _local_class(self, cls: type, home: Home, depth: int) -> tuple[object, ...]:
        """Return what tells a class from others of the same name."""
        if id(cls) in self._open:
            return ()
        self._open.add(id(cls))
        try:
            own = [(name, v) for name, v in vars(cls).items() if not name.startswith("__")]
            return tuple((name, self.describe(value, home, depth + 1)) for name, value in own)
        finally:
            self._open.discard(id(cls))

    def _is_project_class(self, cls: type) -> bool:
        module = cls.__module__
        if module in sys.modules:
            return self._files.is_project_module(module)
        # Executed, not imported; some classes written in C name no module that there is.
        codes = [function.__code__ for function in own_functions(cls).values()]
        return any(self._files.is_project(code.co_filename, module) for code in codes)

    def _function(self, function: FunctionType, home: Home, depth: int) -> object:
        file = function.__code__.co_filename
        module = function.__globals__.get("__name__") or Path(file).name
        own = home_of(module, file)
        label = f"{own.label}.{function.__code__.co_qualname}"
        if not self._files.is_project(file, module):
            return self._library_function(function, label, home, depth)
        if id(function) not in self._told:
            self._told[id(function)] = function
            self._on_function(function, label, own)
        if _by_name(function) is function:
            return reference(label)
        # Of one name there can be several: lambdas, and functions made by functions.
        form = digest_of(code_form(function.__code__))
        return (*reference(label), form, *self._closed_over(function, own, depth))

    def _library_function(
        self, function: FunctionType, label: str, home: Home, depth: int
    ) -> object:
        # What a decorator of a library made says that it is of the module where it was used.
        own_module = function.__module__ or ""
        if not self._files.is_project_module(own_module) and _by_name(function) is function:
            return reference(label)
        own = vars(function)
        if isinstance(own.get("registry"), types.MappingProxyType) and "dispatch" in own:
            # functools.singledispatch; the rest of its closure is a cache.
            return (*reference(label), self.describe(own["registry"], home, depth + 1))
        wrapped = [own["__wrapped__"]] if "__wrapped__" in own else []
        given = [
            *wrapped,
            *(function.__defaults__ or ()),
            *(function.__kwdefaults__ or {}).values(),
        ]
        described = self._each(given, home, depth)
        return (*reference(label), *described, *self._closed_over(function, home, depth))

    def _closed_over(self, function: FunctionType, home: Home, depth: int) -> tuple[object, ...]:
        """Return what tells a function from others of the same text."""
        if function.__closure__ is None or id(function) in self._open:
            return ()
        self._open.add(id(function))
        try:
            held = closure_of(function).items()
            return tuple((name, self.describe(value, home, depth + 1)) for name, value in held)
        finally:
            self._open.discard(id(function))

    def _builtin(self, value: Any, home: Home, depth: int) -> object:  # noqa: ANN401 - of several types
        # One that was written in C for the project counts by the file that it was built into.
        if self._files.is_project_module(getattr(value, "__module__", None) or ""):
            self._on_module(value.__module__)
        bound = getattr(value, "__self__", None)
        name = ("builtin", getattr(value, "__module__", None) or "", value.__qualname__)
        if bound is None or isinstance(bound, ModuleType):
            return name
        return (*name, self.describe(bound, home, depth + 1))

    # Values

    def _container(self, value: Any, home: Home, depth: int) -> object:  # noqa: ANN401 - of several types
        described: list[object] = [self._class(type(value), home, depth)]
        match value:
            case list() | tuple():
                described += self._each(value, home, depth)
            case set() | frozenset():
                described += sorted(self._each(value, home, depth), key=digest_of)
            case _:
                pairs = [self._each(pair, home, depth) for pair in value.items()]
                # The order counts: a registry's is the order in which its entries are tried.
                described += pairs
                described.append(
                    self.describe(getattr(value, "default_factory", None), home, depth)
                )
        state = getattr(value, "__dict__", None)
        return (*described, self._state(state, home, depth)) if state else tuple(described)

    def _value(self, value: Any, home: Home, depth: int) -> object:  # noqa: ANN401, PLR0911 - one case a kind
        match value:
            case Enum():
                return (*self._each([type(value), value.value], home, depth), value.name)
            case re.Pattern():
                return ("pattern", value.pattern, value.flags)
            case logging.Logger():
                return ("logger", value.name)
            case BaseModel():
                return (
                    self._class(type(value), home, depth),
                    self._state(dict(value), home, depth),
                )
            case typing.TypeVar() | typing.ParamSpec() | typing.NewType():
                return ("typing", value.__name__)
            case _ if dataclasses.is_dataclass(value):
                names = [field.name for field in dataclasses.fields(value)]
                state = {name: getattr(value, name) for name in names if hasattr(value, name)}
                return (self._class(type(value), home, depth), self._state(state, home, depth))
            case _ if type(value) is object:
                return ("object",)
            case _:
                return self._object(value, home, depth)

    def _object(self, value: Any, home: Home, depth: int) -> object:  # noqa: ANN401 - anything
        try:
            return (self._class(type(value), home, depth), digest_of(value))
        except InvalidArgument:
            pass
        classes = [cls for cls in type(value).__mro__ if cls is not object]
        if not all(self._is_project_class(c) or is_headwaters(c.__module__) for c in classes):
            raise Unreadable
        state = dict(getattr(value, "__dict__", {}))
        for name in (slot for cls in classes for slot in _slots(cls)):
            if hasattr(value, name):
                state[name] = getattr(value, name)
        return (self._class(type(value), home, depth), self._state(state, home, depth))

    def _state(self, state: Mapping[str, Any], home: Home, depth: int) -> object:
        return tuple((name, self.describe(state[name], home, depth + 1)) for name in sorted(state))


def _parts_of_code(value: Any) -> tuple[object, ...] | None:  # noqa: ANN401, PLR0911 - one case a type
    """Return what something is made of that only binds or wraps code."""
    match value:
        case types.MethodType():
            return (value.__func__, value.__self__)
        case functools.partial():
            return (value.func, value.args, value.keywords)
        case staticmethod() | classmethod():
            return (value.__func__,)
        case property():
            return (value.fget, value.fset, value.fdel)
        case functools.cached_property():
            return (value.func,)
        case functools._lru_cache_wrapper():  # noqa: SLF001 - the type has no other name
            return (value.__wrapped__,)
        case _ if isinstance(value, _OPERATORS):
            made = value.__reduce__()
            return tuple(made) if isinstance(made, tuple) else None
        case _ if typing.get_origin(value) is not None:
            return (typing.get_origin(value), typing.get_args(value))
        case _:
            return None


def own_functions(cls: type) -> dict[str, FunctionType]:
    """Return the functions that lie in a class, by name, taken out of what wraps them."""
    found: dict[str, FunctionType] = {}
    for name, value in vars(cls).items():
        inner = (value, *(getattr(value, part, None) for part in ("__func__", "func")))
        accessors = [getattr(value, part, None) for part in ("fget", "fset", "fdel")]
        for place, part in enumerate((*inner, *accessors)):
            if isinstance(part, FunctionType):
                found[name if place < len(inner) else f"{name}.{place - len(inner)}"] = part
    return found


def closure_of(function: FunctionType) -> dict[str, Any]:
    """Return what a function closes over, by name, without what is not set yet."""
    found: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def _by_name(known: FunctionType | type) -> object:
    """Return what a module has under the name of a function or class."""
    found: object = sys.modules.get(known.__module__ or "")
    for name in known.__qualname__.split("."):
        found = getattr(found, name, None)
    return found


def _slots(cls: type) -> list[str]:
    given = vars(cls).get("__slots__", ())
    names = [given] if isinstance(given, str) else list(given)
    prefix = f"_{cls.__name__.lstrip('_')}"
    return [f"{prefix}{name}" if name.startswith("__") else name for name in names]
