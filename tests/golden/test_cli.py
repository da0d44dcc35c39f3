"""Texts that people read, kept as files; `make golden` writes them anew."""

import os
import re
from pathlib import Path

import pytest

from support.reference import reference

ROOT = Path(__file__).parents[2]


def check(path: Path, text: str) -> None:
    """Compare a text with its file, or write the file where HEADWATER_GOLDEN says so."""
    if os.environ.get("HEADWATER_GOLDEN") == "rewrite":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if not path.exists():
        pytest.fail(f"{path.relative_to(ROOT)} is missing; make it with `make golden`")
    assert text == path.read_text(encoding="utf-8")


def test_the_reference_is_that_of_the_commands() -> None:
    check(ROOT / "docs" / "cli.md", reference())


def test_the_reference_names_no_machine() -> None:
    text = reference()

    assert str(Path.home()) not in text
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", text)
