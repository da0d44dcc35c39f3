"""The rules of CONTRIBUTING.md that a machine can hold."""

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("engine", "schema", "tests", "bench")
SKIPPED = {"__pycache__", "build", "dist"}
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 60


def _files() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return [path for path in ROOT.rglob("*") if path.is_file() and _is_ours(path)]
    listed = subprocess.run(  # noqa: S603 - a fixed command
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def _is_ours(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return not SKIPPED & set(parts) and not any(part.startswith(".") for part in parts[:-1])


FILES = _files()


def _under(*folders: str, suffix: str) -> list[Path]:
    roots = [ROOT / folder for folder in folders]
    return [
        path
        for path in FILES
        if path.suffix == suffix and any(path.is_relative_to(root) for root in roots)
    ]


def _names(paths: Iterator[Path]) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(_text(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_source_roots_and_tests_are_not_packages() -> None:
    roots = {ROOT / "engine", ROOT / "schema"}

    found = [
        path
        for path in _under(*CODE, suffix=".py")
        if path.name == "__init__.py"
        and (path.parent in roots or path.is_relative_to(ROOT / "tests"))
    ]

    assert _names(iter(found)) == []


def test_no_file_is_longer_than_600_lines() -> None:
    files = _under(*CODE, suffix=".py")

    long = (path for path in files if len(_text(path).splitlines()) > MAX_FILE_LINES)

    assert _names(long) == []


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in _under(*CODE, suffix=".py")
        for function in _functions(path)
        if (function.end_lineno or 0) - function.lineno >= MAX_FUNCTION_LINES
    ]

    assert long == []


def test_no_module_is_named_for_what_is_left_over() -> None:
    left_over = {"utils", "util", "common", "helpers", "helper", "misc"}

    named = (
        path
        for path in _under(*CODE, suffix=".py")
        if left_over & set(path.relative_to(ROOT).with_suffix("").parts)
    )

    assert _names(named) == []


def test_every_cypher_file_begins_by_saying_what_it_does() -> None:
    files = _under("engine", "schema", suffix=".cypher")

    assert _names(path for path in files if not re.match(r"// \S", _text(path))) == []


def test_no_cypher_file_is_a_template() -> None:
    files = _under("engine", "schema", suffix=".cypher")
    marks = re.compile(r"\$\{|\{\{|%\(|%s\b")

    assert _names(path for path in files if marks.search(_text(path))) == []


def test_make_alone_prints_every_target_without_colour_when_piped() -> None:
    makefile = _text(ROOT / "Makefile")
    make = shutil.which("make")
    assert make is not None
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)

    printed = subprocess.run(  # noqa: S603 - a fixed command
        [make, "--no-print-directory"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert [line.split()[0] for line in printed.splitlines()] == phony.split()
    assert "\033" not in printed


def test_no_file_names_a_path_of_one_machine() -> None:
    homes = re.compile(r"(?<![\w.-])/(?:work|root)/|/home/(?!headwater\b)\w+/|/Users/\w+/")

    assert _names(path for path in FILES if homes.search(_text(path))) == []


def test_the_lock_names_no_registry() -> None:
    lock = _text(ROOT / "requirements.lock")

    assert "--hash=sha256:" in lock
    assert "http" not in lock


def test_notebooks_are_kept_without_outputs() -> None:
    notebooks = [path for path in FILES if path.suffix == ".ipynb"]

    ran = (
        path
        for path in notebooks
        if any(cell.get("outputs") for cell in json.loads(_text(path))["cells"])
    )

    assert _names(ran) == []
