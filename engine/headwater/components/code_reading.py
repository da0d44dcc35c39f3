"""Code reading: all that a function uses inside the project, each part with its digest.

A part is a function, a class, a value or a whole file, under its name. What a function names is
looked up where Python would, so a part is what it is in this process: a function that was chosen
when the module was imported is the chosen one. Whatever cannot be understood is answered with
whole files: of the module where its name stands, and of what that imports.
"""

import ast
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from headwater.components.canonical import digest_of, type_name
from headwater.components.described import (
    Describer,
    Home,
    Unreadable,
    closure_of,
    home_of,
    own_functions,
    reference,
)
from headwater.components.source_files import (
    MAIN,
    Definition,
    SourceFile,
    SourceFiles,
    body_of,
    bytes_digest,
    code_form,
    imported_modules,
    loaded_names,
    module_file,
    package_of,
    tree_digest,
)
from headwater.errors import InvalidArgument

_NOTHING = object()
_NAMES_OF_MODULES = frozenset({"__name__", "__package__"})


@dataclass(frozen=True)
class _Scope:
    """Where names are looked up.

    Attributes:
        label: of the function or class whose names they are.
        home: its module.
        closure: what it closes over, by name.
        names: the module's names.
        loaded: names that its code looks up outside of itself; None where that is not known.
    """

    label: str
    home: Home
    closure: Mapping[str, object]
    names: Mapping[str, object]
    loaded: frozenset[str] | None = field(default=None)

    def look_up(self, name: str) -> object:
        return self.closure.get(name, self.names.get(name, _NOTHING))

    def label_of(self, name: str) -> str:
        return f"{self.label if name in self.closure else self.home.label}.{name}"


class CodeReader:
    """Reads what functions use. One reader reads each thing once."""

    def __init__(self) -> None:
        self._files = SourceFiles()
        self._describer = Describer(
            self._files,
            on_function=lambda *found: self._waiting.append(lambda: self._read_function(*found)),
            on_class=lambda *found: self._waiting.append(lambda: self._read_class(*found)),
            on_module=self._read_module,
        )
        self.texts: set[str] = set()
        """Names of the parts that are functions, classes and files; the others are values."""
        self._found: dict[str, set[str]] = {}
        self._waiting: deque[Callable[[], None]] = deque()
        self._files_read: set[str] = set()

    def read(self, function: object) -> dict[str, str]:
        """Return the digest of everything that a function uses, by name.

        Raises:
            InvalidArgument: something has no source, nor a file that could stand in for it.
        """
        home = home_of(getattr(function, "__module__", None) or "__main__")
        name = f"{home.label}.{getattr(function, '__qualname__', type(function).__qualname__)}"
        self._bind(name, function, home)
        self._read_waiting()
        if not self._found:
            self._add(name, reference(name))
        return self._parts()

    def read_named(self, name: str) -> frozenset[str] | None:
        """Return the digests of what the name of a part stands for here; None where nobody knows.

        That is where the name is in no module of the project that can be found. Of several digests
        that of all of them is one too, as `read` gives it.

        Raises:
            InvalidArgument: as `read` does.
        """
        parts = name.split(".")
        known = (n for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in sys.modules)
        count = next(known, 0)
        module = ".".join(parts[:count])
        if module in MAIN:
            # Another script's here; what was its own came with the function.
            return None
        if count and self._files.is_project_module(module):
            self._read_attribute(name, module, parts[count:])
        elif module_file(name) is None:
            return None
        else:
            self._read_module(name)
        self._read_waiting()
        digests = self._found.get(name, set())
        return frozenset({*digests, _joined(digests)} if digests else ())

    def _read_attribute(self, name: str, module: str, attributes: list[str]) -> None:
        value: object = sys.modules[module]
        for attribute in attributes:
            value = getattr(value, attribute, _NOTHING)
        if isinstance(value, ModuleType):
            self._read_module(value.__name__)
        elif value is not _NOTHING:
            self._bind(name, value, home_of(module))

    def _read_waiting(self) -> None:
        while self._waiting:
            self._waiting.popleft()()

    def _parts(self) -> dict[str, str]:
        return {name: _joined(digests) for name, digests in sorted(self._found.items())}

    def _add(self, name: str, described: object) -> None:
        self._found.setdefault(name, set()).add(digest_of(described))

    def _add_text(self, name: str, described: object) -> None:
        self.texts.add(name)
        self._add(name, described)

    def _bind(self, name: str, value: object, home: Home) -> None:
        """Note what a name stands for, where it is not the very thing that has that name."""
        try:
            described = self._describer.describe(value, home)
            if described != reference(name):
                self._add(name, described)
        except (Unreadable, InvalidArgument, RecursionError):
            self._read_instead(name, value, home)

    # Names

    def _resolve(self, tree: ast.AST, scope: _Scope) -> None:
        """Read what the names in a tree stand for."""
        passed: set[int] = set()
        for node in ast.walk(tree):
            chain = _chain(node) if id(node) not in passed else []
            if len(chain) > 1:
                passed |= {id(part) for part in ast.walk(node)}
            if chain and (scope.loaded is None or chain[0] in scope.loaded):
                self._resolve_chain(chain, scope)

    def _resolve_chain(self, chain: list[str], scope: _Scope) -> None:
        """Read what `a.b.c` stands for: the first of it that is not a module or a function's own."""
        value, label, home = scope.look_up(chain[0]), scope.label_of(chain[0]), scope.home
        if value is _NOTHING or chain[0] in _NAMES_OF_MODULES:
            return
        for attribute in chain[1:]:
            if isinstance(value, ModuleType):
                if not self._files.is_project_module(value.__name__):
                    break
                home, inner = home_of(value.__name__), vars(value).get(attribute, _NOTHING)
                name = f"{home.label}.{attribute}"
            elif isinstance(value, FunctionType):
                self._bind(label, value, home)
                name, inner = f"{label}.{attribute}", vars(value).get(attribute, _NOTHING)
            else:
                break
            if inner is _NOTHING:
                break
            value, label = inner, name
        self._bind(label, value, home)

    # Functions and classes

    def _read_function(self, function: FunctionType, label: str, home: Home) -> None:
        code = function.__code__
        closure = closure_of(function)
        scope = _Scope(label, home, closure, function.__globals__, loaded_names(code))
        source = self._files.read(code.co_filename, function.__globals__)
        nodes = [] if source is None else source.find(code.co_qualname, code.co_firstlineno)
        if source is None or not nodes:
            self._add_text(label, code_form(code))
            self._read_instead(label, function, home)
            return
        running = self._unlike(source, code)
        self._add_text(label, (*sorted(tree_digest(node) for node in nodes), *running))
        self._read_defaults(function, label, home)
        self._read_imports(nodes, function.__globals__.get("__package__"))
        around = _Scope(label, home, closure, function.__globals__)
        for node in nodes:
            own = {id(part) for part in body_of(node)}
            for part in ast.iter_child_nodes(node):
                self._resolve(part, scope if id(part) in own else around)
        if running:
            # What runs is not what the file says now, so the names are taken from what runs.
            for name in sorted(loaded_names(code)):
                self._resolve_chain([name], scope)
        if "__wrapped__" in vars(function):
            self._bind(f"{label}.__wrapped__", vars(function)["__wrapped__"], home)

    def _read_defaults(self, function: FunctionType, label: str, home: Home) -> None:
        given = [*enumerate(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items()]
        for place, value in given:
            self._bind(f"{label}.defaults.{place}", value, home)

    def _read_class(self, cls: type, label: str, home: Home) -> None:
        functions = own_functions(cls)
        source, nodes = self._source_of(cls, functions, home)
        if source is None:
            self._read_instead(label, cls, home)
            return
        codes = [function.__code__ for function in functions.values()]
        written = [code for code in codes if code.co_filename == source.name]
        running = {digest for code in written for digest in self._unlike(source, code)}
        self._add_text(label, (*sorted(tree_digest(node) for node in nodes), *sorted(running)))
        closure = {n: v for f in functions.values() for n, v in closure_of(f).items()}
        given = [function.__globals__ for function in functions.values()]
        names = [*([vars(sys.modules[home.module])] if home.module in sys.modules else []), *given]
        scope = _Scope(label, home, closure, names[0] if names else {})
        self._read_imports(nodes, str(scope.names.get("__package__") or ""))
        for node in nodes:
            self._resolve(node, scope)
        self._read_added(cls, label, home, functions)
        self._read_bases(cls, label, home)

    def _read_bases(self, cls: type, label: str, home: Home) -> None:
        try:
            found = [self._describer.describe(base, home) for base in (*cls.__bases__, type(cls))]
        except Unreadable:
            self._read_instead(label, cls, home)
            return
        local = tuple(base for base in found if isinstance(base, tuple) and base[2:])
        if local:
            self._add(f"{label}.bases", local)

    def _read_added(
        self, cls: type, label: str, home: Home, functions: Mapping[str, FunctionType]
    ) -> None:
        """Read what a class has that does not stand in its text."""
        for name, function in functions.items():
            code = function.__code__
            if code.co_qualname.startswith(f"{cls.__qualname__}."):
                continue
            # What a class decorator or a library made is told by the text that asked for it. Of a
            # library's file that is known without reading it: pydantic's takes 15 ms.
            if not self._files.is_project(code.co_filename, function.__module__ or ""):
                continue
            if self._files.read(code.co_filename) is not None:
                self._bind(f"{label}.{name}", function, home)
        if "<locals>" in cls.__qualname__:
            for name, value in vars(cls).items():
                if not name.startswith("__") and name not in functions:
                    self._bind(f"{label}.{name}", value, home)

    def _source_of(
        self, cls: type, functions: Mapping[str, FunctionType], home: Home
    ) -> tuple[SourceFile | None, list[Definition]]:
        """Return the file or cell that defines a class, and where in it."""
        line = vars(cls).get("__firstlineno__")
        paths = [home.file] if home.file is not None else []
        paths += [function.__code__.co_filename for function in functions.values()]
        for path in dict.fromkeys(paths):
            source = self._files.read(path)
            nodes = [] if source is None else source.find(cls.__qualname__, line)
            if nodes:
                return source, nodes
        for source in self._files.cells_defining(cls.__qualname__) if home.file is None else ():
            return source, source.find(cls.__qualname__, line)
        return None, []

    def _unlike(self, source: SourceFile, code: CodeType) -> tuple[str, ...]:
        """Return a digest of code that is not what its source says now, none where it is."""
        form = code_form(code)
        now = source.codes.get(code.co_qualname, [])
        return () if any(code_form(found) == form for found in now) else (digest_of(form),)

    # Whole files

    def _read_instead(self, name: str, value: object, home: Home) -> None:
        """Read the whole file where a name stands whose value cannot be understood."""
        imported = self._library_name(name.rpartition(".")[2], value, home)
        if imported is not None:
            self._add(name, reference(imported))
        elif home.file is None:
            found = f"it is of class {type_name(type(value))}"
            raise _no_source(
                f"{found}, with neither source nor canonical form, and no file stands in for it",
                name,
            )
        else:
            self._read_file(home.file, home.module, home.label)

    def _library_name(self, name: str, value: object, home: Home) -> str | None:
        """Return what a name was imported as, if a library has the very same object."""
        source = None if home.file is None else self._files.read(home.file)
        trees = ast.walk(source.tree) if source is not None else ()
        imports = [node for node in trees if isinstance(node, ast.ImportFrom) and not node.level]
        for module_name, alias in ((node.module, name) for node in imports for name in node.names):
            module = sys.modules.get(module_name or "")
            if (alias.asname or alias.name) != name or module is None:
                continue
            known = getattr(module, alias.name, _NOTHING) is value
            if known and not self._files.is_project_module(module.__name__):
                return f"{module.__name__}.{alias.name}"
        return None

    def _read_imports(self, nodes: list[Definition], package: str | None) -> None:
        for node in nodes:
            for name in sorted(imported_modules(node, package)):
                self._read_module(name)

    def _read_module(self, name: str) -> None:
        """Read the whole file of a module of the project's, of its packages, and their imports."""
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            module = ".".join(parts[:count])
            file = module_file(module)
            if file is None:
                continue
            if not self._files.is_project(file, module):
                return
            self._read_file(file, module, home_of(module).label)

    def _read_file(self, file: str, module: str, label: str) -> None:
        if file in self._files_read:
            return
        self._files_read.add(file)
        known = sys.modules.get(module)
        source = self._files.read(file, None if known is None else vars(known))
        if source is None:
            try:
                self._add_text(label, ("file", bytes_digest(Path(file))))
            except OSError as error:
                raise _no_source(f"its file {file} cannot be opened", label) from error
            return
        self._add_text(label, ("file", tree_digest(source.tree)))
        for name in sorted(imported_modules(source.tree, package_of(module, file))):
            self._waiting.append(lambda name=name: self._read_module(name))  # type: ignore[misc]


def _no_source(what: str, name: str) -> InvalidArgument:
    return InvalidArgument(
        f"{name} cannot be read: {what}.",
        hint="Give the component a version, or hand this over as an input or parameter.",
        name=name,
    )


def _chain(node: ast.AST) -> list[str]:
    """Return the names of `a.b.c`, none for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []


def _joined(digests: set[str]) -> str:
    return next(iter(digests)) if len(digests) == 1 else digest_of(digests)
