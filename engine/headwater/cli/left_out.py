"""What of the driver's optional imports is kept out of a command, and let in for users' code.

Neo4j's driver imports these where they are installed, for forms that no command uses; that takes
2 s of every command. Users' code may need them.
"""

import sys

_NAMES = ("numpy", "pandas", "pyarrow")


def leave_out() -> None:
    """Let imports of these packages fail, but for those that are imported already."""
    for name in _NAMES:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type] # None is how to say "do not import"


def let_in() -> None:
    """Let these packages be imported again; before a user's module is."""
    for name in _NAMES:
        if sys.modules.get(name, sys) is None:
            del sys.modules[name]
