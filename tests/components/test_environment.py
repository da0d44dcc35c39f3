import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

import headwater
from headwater.components.environment import Captured, Environment, capture, record
from headwater.components.working_tree import (
    MAX_DIFF_BYTES,
    MAX_UNTRACKED_FILES,
    WorkingTree,
    working_tree,
)
from headwater.masking import MASK, masked
from headwater_schema import ArtifactState


class Repository:
    """A real repository in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet")
        self.git("config", "user.name", "nobody")
        self.git("config", "user.email", "nobody@localhost")

    def git(self, *arguments: str) -> str:
        git = shutil.which("git")
        assert git is not None
        done = subprocess.run(  # noqa: S603 - the machine's git
            [git, *arguments], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, name: str, content: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A change")
        return self.git("rev-parse", "HEAD")

    def commit_of_one_file(self) -> str:
        self.write("a.py", "1\n")
        return self.commit()

    def tree(self) -> WorkingTree:
        found = working_tree(self.root)
        assert found is not None
        return found


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    # The user's own settings, such as signed commits, are none of these tests' business.
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    root = tmp_path / "repository"
    root.mkdir()
    return Repository(root)


# Working trees


def test_a_clean_tree_is_its_commit(repository: Repository) -> None:
    repository.write("a.py", "1\n")
    commit = repository.commit()

    assert repository.tree() == WorkingTree(
        commit, "", None, 0, diff_is_cut=False, untracked={}, untracked_left_out=0
    )
    assert not repository.tree().is_dirty


def test_a_path_inside_finds_the_tree_that_holds_it(repository: Repository) -> None:
    repository.write("inner/a.py", "1\n")
    repository.commit()
    repository.write("b.py", "2\n")

    trees = [working_tree(repository.root / name) for name in ("inner", "inner/a.py")]

    assert trees == [repository.tree()] * 2
    assert set(repository.tree().untracked) == {"b.py"}


def test_edits_staged_or_not_are_in_the_diff(repository: Repository) -> None:
    repository.write("a.py", "one\n")
    repository.write("b.py", "two\n")
    repository.commit()
    repository.write("a.py", "three\n")
    repository.write("b.py", "four\n")
    repository.git("add", "b.py")

    tree = repository.tree()

    assert {"-one", "+three", "-two", "+four"} <= set(tree.diff.splitlines())
    assert tree.diff_digest == sha256(tree.diff.encode()).hexdigest()
    assert tree.is_dirty


def test_settings_of_git_do_not_change_a_diff(repository: Repository) -> None:
    repository.write("a.py", "".join(f"{n}\n" for n in range(30)))
    repository.commit()
    repository.write("a.py", "".join(f"{n}\n" for n in range(29)))
    before = repository.tree()

    for setting in (
        "diff.noprefix=true",
        "color.ui=always",
        "diff.external=false",
        "diff.context=9",
    ):
        repository.git("config", *setting.split("="))

    assert repository.tree() == before


def test_a_diff_is_cut_and_its_digest_is_that_of_the_whole(repository: Repository) -> None:
    repository.write("a.txt", "")
    repository.commit()
    trees = []
    for ending in ("one", "two"):
        repository.write("a.txt", "x" * MAX_DIFF_BYTES + ending)
        trees.append(repository.tree())

    assert [len(tree.diff) for tree in trees] == [MAX_DIFF_BYTES] * 2
    assert all(tree.diff_is_cut and tree.diff_size_bytes > MAX_DIFF_BYTES for tree in trees)
    assert trees[0].diff_digest != trees[1].diff_digest


def test_binary_files_and_other_encodings_count(repository: Repository) -> None:
    repository.write("a.bin", b"\0one")
    repository.write("b.txt", "plain\n")
    repository.commit()
    repository.write("b.txt", b"\xe9\n")
    digests = set()
    for content in (b"\0two", b"\0three"):
        repository.write("a.bin", content)
        digests.add(repository.tree().diff_digest)

    assert len(digests) == 2
    assert "\\xe9" in repository.tree().diff


def test_untracked_files_count_by_name_and_digest(repository: Repository) -> None:
    repository.write(".gitignore", "*.log\n")
    repository.commit()
    repository.write("new.py", "1\n")
    repository.write("new.log", "1\n")
    (repository.root / "link").symlink_to("new.py")

    tree = repository.tree()

    assert tree.untracked == {
        "link": f"link:{sha256(b'new.py').hexdigest()}",
        "new.py": sha256(b"1\n").hexdigest(),
    }
    assert tree.is_dirty


def test_untracked_files_without_end_are_counted(repository: Repository) -> None:
    for number in range(MAX_UNTRACKED_FILES + 3):
        repository.write(f"{number:05}", "")

    tree = repository.tree()

    assert (len(tree.untracked), tree.untracked_left_out) == (MAX_UNTRACKED_FILES, 3)


def test_a_repository_without_a_commit_has_a_diff_against_nothing(repository: Repository) -> None:
    repository.write("a.py", "one\n")
    repository.git("add", "a.py")

    tree = repository.tree()

    assert tree.commit is None
    assert "+one" in tree.diff.splitlines()


def test_the_repository_of_a_hook_is_not_taken_for_that_of_the_path(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit_of_one_file()
    (tmp_path / "other").mkdir()
    other = Repository(tmp_path / "other")

    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))

    assert repository.tree().commit == commit


def test_outside_of_a_repository_and_without_git_there_is_no_tree(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = working_tree(tmp_path)
    missing = working_tree(tmp_path / "missing" / "a.py")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (outside, missing, working_tree(repository.root)) == (None, None, None)


# Command lines


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("python train.py --rate 0.1 -v", "python train.py --rate 0.1 -v"),
        ("run --db-password hunter2 --rate 1", f"run --db-password {MASK} --rate 1"),
        ("run --password=hunter2", f"run --password={MASK}"),
        ("run --apiKey hunter2", f"run --apiKey {MASK}"),
        ("run --HF_TOKEN=hunter2", f"run --HF_TOKEN={MASK}"),
        ("run db.secret=hunter2 lr=1", f"run db.secret={MASK} lr=1"),
        ("run token:hunter2", f"run token:{MASK}"),
        ("run bolt://neo4j:hunter2@host:7687", f"run bolt://neo4j:{MASK}@host:7687"),
        ("run --url=https://h/x?token=hunter2&a=1", f"run --url=https://h/x?token={MASK}&a=1"),
        ("run --use-key --rate 1", "run --use-key --rate 1"),
        ("run --tokenizer bert s3://bucket/key", "run --tokenizer bert s3://bucket/key"),
    ],
)
def test_secrets_of_a_command_line_are_masked(given: str, kept: str) -> None:
    assert masked(given.split()) == kept.split()


@pytest.mark.parametrize(
    "argument",
    [
        "Authorization: Bearer hunter2",
        "--password=correct hunter2",
        "{'password': 'hunter2', 'rate': 1}",
        'run(api_key="hunter2")',
        "-Dsecret=hunter2",
    ],
)
def test_a_secret_inside_of_an_argument_is_masked(argument: str) -> None:
    assert "hunter2" not in masked([argument])[0]


# What is captured


def test_what_runs_is_captured(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = repository.commit_of_one_file()
    monkeypatch.setenv("PYTHONHASHSEED", "3")

    found = capture(repository.root, seeds={"numpy": 7})

    assert found.git is not None
    assert found.git.commit == commit
    assert found.python_version == platform.python_version()
    assert found.host == socket.gethostname()
    assert found.packages["pytest"] == pytest.__version__
    assert found.command_line == tuple(masked(sys.orig_argv))
    assert found.seeds == {"PYTHONHASHSEED": "3", "numpy": 7}


def test_values_of_environment_variables_are_not_captured(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter2")
    monkeypatch.setenv("HARMLESS", "hunter3")

    document = capture(repository.root).document

    assert b"hunter" not in document


def test_names_that_are_no_text_are_captured(repository: Repository) -> None:
    (repository.root / os.fsdecode(b"\xff.py")).write_text("1")

    found = capture(repository.root, command_line=["run", os.fsdecode(b"\xfe")])

    assert list(json.loads(found.document)["git"]["untracked"]) == ["\udcff.py"]


# What is recorded


@pytest.fixture
def captured(repository: Repository) -> Callable[..., Captured]:
    def made(**changes: object) -> Captured:
        return replace(capture(repository.root, command_line=["run"]), **changes)  # type: ignore[arg-type]

    return made


def test_an_environment_is_recorded_with_all_that_it_says(
    store: headwater.MetadataStore, repository: Repository, captured: Callable[..., Captured]
) -> None:
    commit = repository.commit_of_one_file()
    repository.write("a.py", "2\n")
    found = captured(seeds={"PYTHONHASHSEED": "3"})

    artifact_id = record(store, found)

    artifact = store.artifact("environment", type=Environment)
    assert artifact.id == artifact_id
    assert (artifact.git_commit, artifact.git_dirty) == (commit, True)
    assert artifact.python_version == platform.python_version()
    assert artifact.python_hash_seed == "3"
    assert (artifact.state, artifact.digest) == (ArtifactState.LIVE, f"sha256:{found.digest}")
    assert json.loads(store.read_bytes(artifact)) == json.loads(found.document)
    assert "+2" in json.loads(found.document)["git"]["diff"]


def test_equal_environments_have_one_artifact_and_one_object(
    store: headwater.MetadataStore, captured: Callable[..., Captured]
) -> None:
    first = record(store, captured())
    before = store.artifacts.by_ids([first])
    changes = store.changes_of(f"artifact:{first}")

    second = record(store, captured())

    assert second == first
    assert store.artifacts.by_type("Environment") == before
    assert len(list(store.objects.list())) == 1
    assert store.changes_of(f"artifact:{first}") == changes


def test_environments_that_differ_are_versions_of_one_series(
    store: headwater.MetadataStore, captured: Callable[..., Captured]
) -> None:
    record(store, captured())
    record(store, captured(host="elsewhere"))

    names = [artifact.name for artifact in store.artifacts.by_type("Environment")]

    assert names == ["environment@1", "environment@2"]


def test_environments_recorded_at_once_have_one_artifact(
    store: headwater.MetadataStore, captured: Callable[..., Captured]
) -> None:
    found = captured()
    store.register(Environment)

    with ThreadPoolExecutor(4) as threads:
        ids = set(threads.map(lambda _: record(store, found), range(8)))

    assert len(ids) == 1
    assert {artifact.id for artifact in store.artifacts.by_type("Environment")} == ids


def test_runs_are_found_by_the_commit_of_their_environment(
    store: headwater.MetadataStore, repository: Repository, captured: Callable[..., Captured]
) -> None:
    class Step(headwater.Execution):
        pass

    commit = repository.commit_of_one_file()
    artifact_id = record(store, captured())

    with store.run(Step()) as run:
        run.input(f"artifact:{artifact_id}")
        execution_id = run.id

    found = store.run_questions.with_code(commit[:10])
    assert [row.id for row in found.runs] == [execution_id]
