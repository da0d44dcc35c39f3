"""Patches: attributes of others' modules and classes, replaced and put back; and when to do it.

Knows no library.
"""

import logging
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NamedTuple

_log = logging.getLogger("headwater")

Patch = Callable[["Patches", ModuleType], None]


class _Replaced(NamedTuple):
    owner: Any
    name: str
    original: Any
    is_own: bool
    replacement: Any


class Patches:
    """What was replaced, and what it was before. Safe to share between threads."""

    def __init__(self) -> None:
        self._replaced: list[_Replaced] = []
        self._lock = threading.Lock()

    def replace(self, owner: Any, name: str, replacement: Any) -> None:  # noqa: ANN401 - anybody's
        """Set an attribute of a module or class, to be put back by `undo`."""
        with self._lock:
            is_own = name in vars(owner)
            self._replaced.append(
                _Replaced(owner, name, vars(owner).get(name), is_own, replacement)
            )
            setattr(owner, name, replacement)

    def replace_function(self, module: ModuleType, name: str, replacement: Any) -> None:  # noqa: ANN401 - a function
        """Set a function in a module and in the one that it says it is of.

        Pickle finds a function by its module and name, and refuses it where another lies there.
        """
        original = vars(module)[name]
        home = sys.modules.get(getattr(original, "__module__", None) or "")
        self.replace(module, name, replacement)
        if home is not None and home is not module and vars(home).get(name) is original:
            self.replace(home, name, replacement)

    def undo(self) -> None:
        """Put everything back, but what somebody else has replaced since."""
        with self._lock:
            for done in reversed(self._replaced):
                if vars(done.owner).get(done.name) is not done.replacement:
                    continue
                if done.is_own:
                    setattr(done.owner, done.name, done.original)
                else:
                    delattr(done.owner, done.name)
            self._replaced.clear()


class PatchingFinder:
    """A finder that finds nothing by itself: it has modules patched when they are imported."""

    def __init__(self, patches: Patches, wanted: Mapping[str, Patch]) -> None:
        self._patches = patches
        self._wanted = wanted

    def start(self) -> None:
        """Patch what is imported already, and from now on what will be."""
        sys.meta_path.insert(0, self)
        for name in self._wanted:
            if name in sys.modules:
                self._patch(sys.modules[name])

    def stop(self) -> None:
        """Patch nothing that is imported from now on."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders find, with the patch after its execution."""
        if name not in self._wanted:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = (
                None if finder is self or not find else find(name, path, target)
            )
            if spec is not None:
                self._patch_after(spec)
                return spec
        return None

    def _patch_after(self, spec: ModuleSpec) -> None:
        loader: Any = spec.loader
        execute = getattr(loader, "exec_module", None)
        if execute is None:
            return

        def exec_module(module: ModuleType) -> None:
            # The loader stays the module's own, with all that others ask of it.
            del loader.exec_module
            execute(module)
            self._patch(module)

        loader.exec_module = exec_module

    def _patch(self, module: ModuleType) -> None:
        try:
            self._wanted[module.__name__](self._patches, module)
        except Exception as error:  # noqa: BLE001 - the user's import must not fail for us
            _log.warning(
                "autolog does not know this %s, and may miss some of it: %s: %s",
                module.__name__,
                type(error).__name__,
                error,
            )
