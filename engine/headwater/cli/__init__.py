"""The command line: `headwater`. Owns words, tables and exit codes; all else is the store's."""

import sys
from collections.abc import Sequence
from typing import NoReturn

from headwater.cli.app import run

__all__ = ["main"]

_LEFT_OUT = ("numpy", "pandas", "pyarrow")
"""Packages that Neo4j's driver imports where they are installed, for forms that no command uses;
that takes 2 s of every command. `main` has the process to itself."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave the process with its exit code.

    Args:
        arguments: instead of the process's own.
    """
    for name in _LEFT_OUT:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type] # None is how to say "do not import"
    sys.exit(run(arguments))
