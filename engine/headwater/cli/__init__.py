"""The command line: `headwater`. Owns words, tables and exit codes; all else is the store's."""

import sys
from collections.abc import Sequence
from typing import NoReturn

from headwater.cli.app import run
from headwater.cli.left_out import leave_out

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave the process, which is all its own, with its exit code.

    Args:
        arguments: instead of the process's own.
    """
    leave_out()
    sys.exit(run(arguments))
