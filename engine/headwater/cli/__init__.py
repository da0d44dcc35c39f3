"""The command line: `headwater`. Owns words, tables and exit codes; all else is the store's."""

import sys
from collections.abc import Sequence
from typing import NoReturn

from headwater.cli.app import run

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave the process with its exit code.

    Args:
        arguments: instead of the process's own.
    """
    sys.exit(run(arguments))
