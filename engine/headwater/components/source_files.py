"""Source files: the project's own Python files as syntax trees, and what is defined in them.

A file is the project's unless it belongs to the standard library, lies in `site-packages` or
`dist-packages`, or is headwater itself, whose version the environment has; headwater's demo is a
project. Source comes from `linecache`, which has the cells of notebooks too.

Knows nothing of living objects but modules and code.
"""

import ast
import dis
import importlib.machinery
import linecache
import os
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from types import CodeType

MAIN = frozenset({"__main__", "__mp_main__"})
"""What a script is called while it runs."""

_PACKAGES = frozenset({"site-packages", "dist-packages"})
_HEADWATER = re.compile(r"headwater(?!\.demo\b)(\.|$)|headwater_schema(\.|$)")
_INLINED = re.compile(r"<(?:listcomp|setcomp|dictcomp|genexpr)>\.<locals>\.")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


@dataclass(frozen=True)
class SourceFile:
    """One file, read.

    Attributes:
        name: its path, or what stands for one.
        tree: its syntax.
        definitions: the functions, classes and lambdas in it, by qualified name, in order.
        codes: what it compiles to, by qualified name.
    """

    name: str
    tree: ast.Module
    definitions: dict[str, list[Definition]]
    codes: dict[str, list[CodeType]]

    def find(self, qualified_name: str, line: int | None = None) -> list[Definition]:
        """Return what is defined under a name: all of it where the line does not tell which."""
        named = self.definitions.get(_INLINED.sub("", qualified_name), [])
        exact = [node for node in named if line is not None and first_line(node) == line]
        return exact or named


class SourceFiles:
    """Reads files of the project, each once.

    What has no readable source is None.
    """

    def __init__(self) -> None:
        self._read: dict[str, SourceFile | None] = {}
        self._library_paths = _library_paths()

    def read(self, name: str, names: Mapping[str, object] | None = None) -> SourceFile | None:
        """Return a file by the name that its code objects give it.

        Args:
            name: a path, or `<…>` of what linecache knows.
            names: of the module, whose loader may know the source.
        """
        if name not in self._read:
            self._read[name] = _parsed(name, names)
        return self._read[name]

    def cells_defining(self, name: str) -> Iterator[SourceFile]:
        """Yield the cells of a notebook that define a function or class, the latest first."""
        # An entry that linecache need not check against a file has no modification time.
        kept = [key for key, entry in linecache.cache.items() if len(entry) > 1 and not entry[1]]
        for key in reversed(kept):
            found = self.read(key)
            if found is not None and name in found.definitions:
                yield found

    def is_project(self, file: str, module_name: str) -> bool:
        """Return whether code is the project's.

        Args:
            file: that it comes from.
            module_name: the module that it is, or belongs to.
        """
        if file.startswith("<frozen") or is_headwaters(module_name):
            return False
        if file.startswith("<"):
            home = getattr(sys.modules.get(module_name), "__file__", None)
            return home is None or self._is_project_path(home)
        return self._is_project_path(file)

    def is_project_module(self, name: str) -> bool:
        """Return whether a module that was imported is the project's."""
        module = sys.modules.get(name)
        if module is None or is_headwaters(name):
            return False
        file = getattr(module, "__file__", None)
        return name in MAIN if file is None else self._is_project_path(file)

    def _is_project_path(self, file: str) -> bool:
        for path in {Path(os.path.abspath(file)), Path(os.path.realpath(file))}:  # noqa: PTH100 - resolve() follows links
            if _PACKAGES & set(path.parts):
                return False
            if any(path.is_relative_to(library) for library in self._library_paths):
                return False
        return True


def is_headwaters(module_name: str) -> bool:
    """Return whether a module is headwater's own, and no project built on it."""
    return _HEADWATER.match(module_name) is not None


def _library_paths() -> list[Path]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    found = {sysconfig.get_path(name) for name in names}
    return [Path(form(path)) for path in found if path for form in (str, os.path.realpath)]


def _parsed(name: str, names: Mapping[str, object] | None) -> SourceFile | None:
    linecache.checkcache(name)
    lines = linecache.getlines(name, None if names is None else dict(names))
    if not lines:
        return None
    with warnings.catch_warnings():
        # Python has warned of what is doubtful in the file when it ran.
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse("".join(lines))
        except (SyntaxError, ValueError):
            return None
        codes = list(_codes(tree, name))
    definitions: dict[str, list[Definition]] = {}
    for qualified_name, node in _definitions(tree):
        definitions.setdefault(qualified_name, []).append(node)
    by_name: dict[str, list[CodeType]] = {}
    for code in codes:
        by_name.setdefault(code.co_qualname, []).append(code)
    return SourceFile(name, tree, definitions, by_name)


def _definitions(tree: ast.Module) -> Iterator[tuple[str, Definition]]:
    waiting: list[tuple[str, ast.AST]] = [("", node) for node in reversed(tree.body)]
    while waiting:
        prefix, node = waiting.pop()
        inner: list[ast.AST] = []
        inside = prefix
        if isinstance(node, Definition):
            qualified_name = prefix + getattr(node, "name", "<lambda>")
            yield qualified_name, node
            locals_ = "" if isinstance(node, ast.ClassDef) else "<locals>."
            inside = f"{qualified_name}.{locals_}"
            inner = body_of(node)
        own = {id(child) for child in inner}
        outer = [child for child in ast.iter_child_nodes(node) if id(child) not in own]
        waiting += [(inside, child) for child in reversed(inner)]
        waiting += [(prefix, child) for child in reversed(outer)]


def body_of(node: Definition) -> list[ast.AST]:
    """Return what stands inside of a definition."""
    return [node.body] if isinstance(node, ast.Lambda) else list(node.body)


def first_line(node: Definition) -> int:
    """Return the line where a definition begins for Python: that of its first decorator."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def tree_digest(tree: ast.AST) -> str:
    """Return the sha256 of a syntax tree, the same whatever its comments and layout.

    Docstrings count: there are libraries that read them (a command line made of one, a prompt).
    """
    return sha256(ast.dump(tree).encode("utf-8", "surrogatepass")).hexdigest()


def code_form(code: CodeType) -> tuple[object, ...]:
    """Return what a code object does, without where it stood, in a canonical form's types."""
    constants = tuple(
        code_form(constant) if isinstance(constant, CodeType) else _constant(constant)
        for constant in code.co_consts
    )
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_name, code.co_flags, code.co_code, constants, names)


def _constant(value: object) -> object:
    return "..." if value is Ellipsis else value


def _codes(tree: ast.Module, file: str) -> Iterator[CodeType]:
    """Yield all code that a file compiles to."""
    try:
        waiting = [compile(tree, file, "exec", dont_inherit=True)]
    except SyntaxError:  # a cell of a notebook may await outside of functions
        return
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def loaded_names(code: CodeType) -> frozenset[str]:
    """Return the names that code, and the code in it, looks up outside of itself."""
    found = set(code.co_freevars)
    waiting = [code]
    while waiting:
        inner = waiting.pop()
        found |= {
            step.argval
            for step in dis.get_instructions(inner)
            if "GLOBAL" in step.opname or step.opname == "LOAD_NAME"
        }
        waiting += [constant for constant in inner.co_consts if isinstance(constant, CodeType)]
    return frozenset(found)


def bytes_digest(path: Path) -> str:
    """Return the sha256 of a file that is no Python source, such as an extension module."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def package_of(module_name: str, file: str) -> str:
    """Return the package that the relative imports of a module are relative to."""
    package = getattr(sys.modules.get(module_name), "__package__", None)
    if package is not None:
        return str(package)
    return module_name if Path(file).stem == "__init__" else module_name.rpartition(".")[0]


def imported_modules(tree: ast.AST, package: str | None) -> set[str]:
    """Return the full names of the modules that a tree imports, and of what may be one.

    Args:
        tree: of a file, or a part of it.
        package: that relative imports are relative to.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            home = _absolute(node, package)
            names |= {home, *(f"{home}.{alias.name}" for alias in node.names)} if home else set()
    return names


def _absolute(node: ast.ImportFrom, package: str | None) -> str:
    if not node.level:
        return node.module or ""
    parents = (package or "").split(".")
    kept = parents[: len(parents) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def module_file(name: str) -> str | None:
    """Return the file of a module, imported or not; None where it has none or cannot be found.

    Nothing is imported on the way.
    """
    module = sys.modules.get(name)
    if module is not None:
        return getattr(module, "__file__", None)
    locations: list[str] | None = None
    found: importlib.machinery.ModuleSpec | None = None
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        found = _spec(".".join(parts[:count]), locations)
        if found is None:
            return None
        locations = list(found.submodule_search_locations or ())
    return found.origin if found is not None and found.has_location else None


def _spec(name: str, locations: list[str] | None) -> importlib.machinery.ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        found: importlib.machinery.ModuleSpec | None = find and find(name, locations)
        if found is not None:
            return found
    return None
