import importlib
import linecache
import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest

from headwater.components.fingerprint import (
    VERSION,
    Code,
    code_fingerprint,
    digest_of,
)
from headwater.errors import InvalidArgument

STEP = """
    from project import prepare
    from project.shapes import Wide

    RATE = 0.1

    def step(rows):
        return prepare.scaled(rows) * RATE

    def unrelated():
        return 1
"""
PREPARE = """
    from project.clean import stripped

    def scaled(rows):
        return [stripped(row) for row in rows]

    def also_unrelated():
        return 2
"""
CLEAN = """
    def stripped(row):
        return row.strip()
"""
SHAPES = """
    class Shape:
        sides = 0

        def area(self):
            return 0

    class Wide(Shape):
        def width(self):
            return 2
"""


class Project:
    """A package in a folder, which can be edited and imported anew."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        path = self.root / "project" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / "project" / f"{name}.py"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def load(self, name: str = "step", attribute: str = "step") -> Any:
        for known in [key for key in sys.modules if key.partition(".")[0] == "project"]:
            del sys.modules[known]
        importlib.invalidate_caches()
        return getattr(importlib.import_module(f"project.{name}"), attribute)

    def code(self, name: str = "step", attribute: str = "step") -> Code:
        return code_fingerprint(self.load(name, attribute), version=None)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.syspath_prepend(tmp_path)
    # Files are edited within one second and at one length, which cached bytecode cannot see.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made = Project(tmp_path)
    for name, text in (
        ("__init__", ""),
        ("step", STEP),
        ("prepare", PREPARE),
        ("clean", CLEAN),
        ("shapes", SHAPES),
    ):
        made.write(name, text)
    yield made
    for known in [key for key in sys.modules if key.partition(".")[0] == "project"]:
        del sys.modules[known]


# What changes a digest, and what does not


def test_a_step_is_read_with_what_it_uses_and_no_more(project: Project) -> None:
    parts = project.code().parts

    assert set(parts) == {
        "project.step.step",
        "project.step.RATE",
        "project.prepare.scaled",
        "project.prepare.stripped",
        "project.clean.stripped",
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "part"),
    [
        ("clean", "row.strip()", "row.strip().lower()", "project.clean.stripped"),
        ("prepare", "[stripped(row)", "[2 * stripped(row)", "project.prepare.scaled"),
        ("step", "RATE = 0.1", "RATE = 0.2", "project.step.RATE"),
        ("step", "RATE = 0.1", "RATE = '0.1'", "project.step.RATE"),
        ("step", "* RATE", "+ RATE", "project.step.step"),
    ],
)
def test_an_edit_of_what_it_uses_changes_that_part_alone(
    project: Project, name: str, old: str, new: str, part: str
) -> None:
    before = project.code()

    project.edit(name, old, new)
    now = project.code()

    assert now.digest != before.digest
    assert {key for key in before.parts if now.parts[key] != before.parts[key]} == {part}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("step", "return 1", "return 10"),
        ("prepare", "return 2", "return 20"),
        ("shapes", "return 2", "return 20"),
        ("clean", "row.strip()", "row.strip()  # of blanks"),
        ("clean", "row.strip()", "(\n        row.strip()\n    )"),
        ("step", "RATE = 0.1", "RATE = 0.10"),
        ("step", "\nRATE", "\n\n\nOTHER = 1\nRATE"),
    ],
)
def test_an_edit_of_what_it_does_not_use_changes_nothing(
    project: Project, name: str, old: str, new: str
) -> None:
    before = project.code()

    project.edit(name, old, new)

    assert project.code() == before


def test_a_name_that_comes_from_elsewhere_changes_the_digest(project: Project) -> None:
    project.write("other", CLEAN)
    before = project.code()

    project.edit("prepare", "from project.clean", "from project.other")

    assert project.code().digest != before.digest


def test_a_library_under_the_same_name_changes_the_digest(project: Project) -> None:
    project.write("step", "import json as codec\n\ndef step(x):\n    return codec.dumps(x)\n")
    before = project.code()

    project.edit("step", "import json", "import pickle")

    assert project.code().digest != before.digest


@pytest.mark.parametrize(
    ("body", "edited"),
    [
        ("from project import deep", "clean"),
        ("from project.deep import total", "clean"),
        ("import project.deep", "clean"),
        ("from .deep import total", "clean"),
    ],
)
def test_a_module_imported_inside_counts_whole_with_what_it_imports(
    project: Project, body: str, edited: str
) -> None:
    project.write("deep", "from project.clean import stripped\n\ndef total(x):\n    return x\n")
    project.write("step", f"def step(x):\n    {body}\n    return x\n")
    before = project.code()

    project.edit(edited, "row.strip()", "row")
    after_inner = project.code()
    project.edit("deep", "return x", "return 2 * x")

    assert {"project.deep", "project.clean"} <= set(before.parts)
    assert len({before.digest, after_inner.digest, project.code().digest}) == 3


def test_a_module_that_is_a_value_counts_whole(project: Project) -> None:
    project.write(
        "step", "from project import clean\n\ndef step(x):\n    return getattr(clean, x)\n"
    )
    before = project.code()

    project.edit("clean", "row.strip()", "row")

    assert project.code().digest != before.digest


@pytest.mark.parametrize(
    "text",
    [
        "from functools import partial\nSIZE = 1\nused = partial(inner, size=SIZE)",
        "SIZE = 1\nused = inner",
        "from functools import lru_cache\nSIZE = 1\nused = lru_cache(inner)",
        "SIZE = 1\nused = {'it': [inner, len]}['it'][0]",
        "SIZE = 1\nTABLE = {'it': [inner, len]}\ndef used(x):\n    return TABLE['it'][0](x)",
        "SIZE = 1\ndef used(x, inner=inner):\n    return inner(x)",
        "SIZE = 1\ndef used(x):\n    def nested():\n        return inner(x)\n    return nested()",
        "SIZE = 1\nused = lambda x: inner(x)",
        "SIZE = 1\nclass Used:\n    def __call__(self, x):\n        return inner(x)\nused = Used()",
        "SIZE = 1\nclass Used:\n    go = staticmethod(inner)\nused = Used.go",
        """SIZE = 1
class Base:
    def go(self, x):
        return inner(x)
class Used(Base):
    pass
used = Used().go""",
        "import contextlib\nSIZE = 1\n@contextlib.contextmanager\ndef used(x):\n    yield inner(x)",
        """import functools
SIZE = 1
@functools.singledispatch
def used(x):
    return x
@used.register
def _(x: int):
    return inner(x)""",
        "import threading\nSIZE = 1\nclass Odd(threading.local):\n    pass\nused = Odd()",
        "SIZE = 1\ndef used(x):\n    return [inner(y) for y in x]",
    ],
)
def test_a_function_is_found_however_it_is_held(project: Project, text: str) -> None:
    inner = "def inner(x, size=0):\n    return x + SIZE\n"
    project.write("step", f"{inner}{text}\n\ndef step(x):\n    return used(x)\n")
    before = project.code()

    project.edit("step", "x + SIZE", "x - SIZE")
    edited = project.code()
    project.edit("step", "SIZE = 1", "SIZE = 2")

    assert len({before.digest, edited.digest, project.code().digest}) == 3


def test_a_closure_counts_with_what_it_holds(project: Project) -> None:
    project.write(
        "step",
        "def make(size):\n    def inner(x):\n        return x * size\n    return inner\n\n"
        "up, down = make(1), make(2)\n\ndef step(x):\n    return up(x) - down(x)\n",
    )
    before = project.code()

    one, two = (
        code_fingerprint(project.load("step", name), version=None) for name in ("up", "down")
    )
    project.edit("step", "make(1), make(2)", "make(2), make(1)")

    assert one.digest != two.digest
    assert project.code().digest != before.digest


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (
            "one, two = lambda x: x + 1, lambda x: x + 2",
            "x + 1, lambda x: x + 2",
            "x + 2, lambda x: x + 1",
        ),
        (
            "def f(x):\n    return 1\none = f\ndef f(x):\n    return 2\ntwo = f",
            "return 1\none = f\ndef f(x):\n    return 2",
            "return 2\none = f\ndef f(x):\n    return 1",
        ),
        (
            "def make(n):\n    class C:\n        size = n\n    return C\none, two = make(1), make(2)",
            "make(1), make(2)",
            "make(2), make(1)",
        ),
        (
            (
                "def make(n):\n    class C:\n        def go(self):\n            return n\n"
                "    return C()\none, two = make(1), make(2)"
            ),
            "make(1), make(2)",
            "make(2), make(1)",
        ),
        (
            (
                "from pydantic import create_model\n"
                "one, two = create_model('A', x=(int, 1)), create_model('A', x=(int, 2))"
            ),
            "x=(int, 1)), create_model('A', x=(int, 2))",
            "x=(int, 2)), create_model('A', x=(int, 1))",
        ),
    ],
)
def test_things_of_one_name_are_told_apart(project: Project, text: str, old: str, new: str) -> None:
    project.write("step", f"{text}\n\ndef step(x):\n    return one, two\n")
    before = project.code()

    project.edit("step", old, new)

    assert project.code().digest != before.digest


def test_a_project_in_a_zip_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = set()
    for number, text in enumerate(("return 1", "return 1  # one", "return 2")):
        archive = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(
                "zipped.py", f"def inner():\n    {text}\n\ndef step(x):\n    return inner()\n"
            )
        with monkeypatch.context() as patch:
            patch.syspath_prepend(archive)
            patch.delitem(sys.modules, "zipped", raising=False)
            digests.add(
                code_fingerprint(importlib.import_module("zipped").step, version=None).digest
            )

    assert len(digests) == 2


def test_a_file_that_is_no_source_counts_by_its_bytes(project: Project) -> None:
    project.write("step", "def step(x):\n    from project import built\n    return built\n")
    built = project.root / "project" / f"built{EXTENSION_SUFFIXES[0]}"
    digests = set()

    for content in (b"one", b"two"):
        built.write_bytes(content)
        digests.add(project.code().digest)

    assert len(digests) == 2


def test_a_decorator_counts_and_so_does_what_it_decorates(project: Project) -> None:
    project.write(
        "step",
        "import functools\nTIMES = 2\n\ndef twice(f):\n    @functools.wraps(f)\n"
        "    def wrapper(x):\n        return TIMES * f(x)\n    return wrapper\n\n"
        "@twice\ndef step(x):\n    return x + 1\n",
    )
    digests = {project.code().digest}

    for old, new in (
        ("TIMES * f(x)", "f(TIMES * x)"),
        ("x + 1", "x + 3"),
        ("TIMES = 2", "TIMES = 4"),
    ):
        project.edit("step", old, new)
        digests.add(project.code().digest)

    assert len(digests) == 4


def test_a_name_that_is_local_in_the_body_still_counts_as_a_decorator(project: Project) -> None:
    project.write(
        "step",
        "def mark(f):\n    f.speed = 1\n    return f\n\n"
        "@mark\ndef step(x):\n    mark = x\n    return mark\n",
    )
    before = project.code()

    project.edit("step", "f.speed = 1", "f.speed = 2")

    assert project.code().digest != before.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [("return 0", "return 9"), ("return 2", "return 9"), ("sides = 0", "sides = 9")],
)
def test_a_class_counts_with_its_bases(project: Project, old: str, new: str) -> None:
    project.write(
        "step", "from project.shapes import Wide\n\ndef step(x):\n    return Wide().area()\n"
    )
    before = project.code()

    project.edit("shapes", old, new)

    assert project.code().digest != before.digest


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("re.compile('a')", "re.compile('b')"),
        ("re.compile('a')", "re.compile('a', re.I)"),
        ("{'a': (1, [2, {3}])}", "{'a': (1, [2, {4}])}"),
        ("frozenset({1, 'x'})", "frozenset({1, 'y'})"),
        ("Colour.RED", "Colour.BLUE"),
        ("Point(1, 2)", "Point(1, 3)"),
        ("Odd(1)", "Odd(2)"),
        ("b'1'", "'1'"),
        ("1", "True"),
        ("None", "0"),
        ("pathlib.Path('a')", "pathlib.Path('b')"),
        ("threading.Lock()", "threading.RLock()"),
    ],
)
def test_values_of_constants_count(project: Project, one: str, two: str) -> None:
    text = (
        "import enum, dataclasses, pathlib, re, threading\n\nUNRELATED = 1\n\n"
        "class Colour(enum.Enum):\n    RED = 1\n    BLUE = 2\n\n"
        "@dataclasses.dataclass\nclass Point:\n    x: int\n    y: int\n\n"
        "class Odd:\n    def __init__(self, x):\n        self.x = x\n\n"
        f"VALUE = {one}\n\ndef step(x):\n    return VALUE\n"
    )
    project.write("step", text)
    before = project.code()

    project.edit("step", f"VALUE = {one}", f"VALUE = {two}")
    changed = project.code()
    project.edit("step", f"VALUE = {two}", f"VALUE = {one}")

    assert changed.digest != before.digest
    assert project.code() == before


def test_what_cannot_be_understood_counts_by_its_whole_file(project: Project) -> None:
    project.write(
        "step",
        "import threading\nfrom project.clean import stripped\nODD = threading.Lock()\n\n"
        "def step(x):\n    with ODD:\n        return x\n\ndef unrelated():\n    return 1\n",
    )
    before = project.code()

    project.edit("step", "return 1", "return 2")
    here = project.code()
    project.edit("clean", "row.strip()", "row")

    assert len({before.digest, here.digest, project.code().digest}) == 3


def test_a_logger_and_an_object_of_a_library_count_by_their_names(project: Project) -> None:
    project.write(
        "step",
        "import logging\nfrom pydantic import BaseModel\nfrom typing import Literal\n"
        "log = logging.getLogger('x')\n\nclass Row(BaseModel):\n    kind: Literal['a']\n\n"
        "def step(x):\n    log.info('%s', Row(kind=x))\n\ndef unrelated():\n    return 1\n",
    )
    before = project.code()

    project.edit("step", "return 1", "return 2")

    assert project.code() == before


def test_a_file_edited_after_it_was_imported_is_not_taken_for_what_runs(project: Project) -> None:
    step = project.load()
    project.edit("step", "* RATE", "+ RATE")

    running = code_fingerprint(step, version=None)

    assert running.digest != project.code().digest


def test_a_version_stands_in_for_the_code(project: Project) -> None:
    step = project.load()
    project.write("step", "def step(x):\n    return x\n")

    codes = [code_fingerprint(f, version=v) for f in (step, project.load()) for v in ("1", "2")]

    assert [code.parts.keys() for code in codes] == [{VERSION}] * 4
    assert codes[0] == codes[2]
    assert codes[0].digest != codes[1].digest


def _run_cell(names: dict[str, Any], number: int, text: str) -> None:
    name = f"<ipython-input-{number}-cell>"
    source = textwrap.dedent(text)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), names)  # noqa: S102 - as a notebook does


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    monkeypatch.setattr(linecache, "cache", dict(linecache.cache))

    def run(*texts: str) -> dict[str, Any]:
        names: dict[str, Any] = {"__name__": "cells_of_a_notebook"}
        for number, text in enumerate(texts):
            _run_cell(names, number, text)
        return names

    return run


def test_cells_of_a_notebook_are_read(cells: Callable[..., dict[str, Any]]) -> None:
    first = ("SIZE = 1", "class Row:\n    def size(self):\n        return SIZE")
    step = "def step(x):\n    return Row().size() + x"

    before = code_fingerprint(cells(*first, step)["step"], version=None)
    same_again = code_fingerprint(cells(*first, f"# a comment\n{step}")["step"], version=None)
    other = code_fingerprint(cells("SIZE = 2", first[1], step)["step"], version=None)

    assert same_again == before
    assert other.digest != before.digest


def test_a_value_of_a_notebook_that_nothing_stands_in_for_is_refused(
    cells: Callable[..., dict[str, Any]],
) -> None:
    names = cells("import threading\nLOCK = threading.Lock()", "def step(x):\n    return LOCK")

    with pytest.raises(InvalidArgument, match="version") as raised:
        code_fingerprint(names["step"], version=None)

    assert raised.value.name == "cells_of_a_notebook.LOCK"


def test_a_function_without_source_is_refused() -> None:
    names: dict[str, Any] = {}
    exec("def step(x):\n    return x", names)  # noqa: S102 - the case itself

    with pytest.raises(InvalidArgument, match="version"):
        code_fingerprint(names["step"], version=None)


def test_a_file_that_was_executed_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plugin.py"
    digests = set()
    for text in ("return 1", "return 1  # one", "return 2"):
        path.write_text(
            f"class C:\n    x = 1\n\ndef inner():\n    {text}\n\ndef step(x):\n    return inner(), C\n"
        )
        names: dict[str, Any] = {}
        exec(compile(path.read_text(), str(path), "exec"), names)  # noqa: S102 - the case itself
        digests.add(code_fingerprint(names["step"], version=None).digest)

    assert len(digests) == 2


def test_a_function_that_calls_itself_is_read(project: Project) -> None:
    project.write(
        "step",
        "def make():\n    def inner(x):\n        return x and inner(x - 1)\n    return inner\n\n"
        "loop = make()\n\ndef step(x):\n    return x and step(loop(x))\n",
    )

    assert "project.step.make.<locals>.inner" in project.code().parts


PROGRAM = """
import sys
from headwater.components.fingerprint import code_fingerprint, digest_of
from project.step import step
print(code_fingerprint(step, version=None).digest, digest_of({"a", "b", "c"}))
"""


def test_processes_agree_whatever_their_hash_seed(project: Project) -> None:
    project.edit("step", "RATE = 0.1", "RATE = {'a', 'b', 'c', ('d', 1)}")
    project.edit("step", "* RATE", "in {'x', 'y', 'z'} or RATE")

    said = {
        subprocess.run(  # noqa: S603 - this very Python
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(project.root)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert said == {f"{project.code().digest} {digest_of({'a', 'b', 'c'})}\n"}
