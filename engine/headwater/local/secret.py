"""Passwords of the local servers: made at random, kept in files only their owner can read."""

import secrets
from pathlib import Path

from headwater.local.disk import write_whole

_BYTES = 24


def ensure_password(path: Path) -> str:
    """Return the password in the file, made up and written (mode 0600) the first time."""
    if not path.exists():
        write_whole(path, f"{secrets.token_urlsafe(_BYTES)}\n", mode=0o600)
    return read_password(path)


def read_password(path: Path) -> str:
    """Return the password in the file."""
    return path.read_text(encoding="utf-8").strip()
