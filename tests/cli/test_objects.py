import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from support.commands import Run, column

BYTES = bytes(range(256)) * 10


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.bin"
    path.write_bytes(BYTES)
    return path


def test_a_file_is_put_and_got_back_by_its_digest(cli: Run, file: Path, tmp_path: Path) -> None:
    digest = f"sha256:{sha256(BYTES).hexdigest()}"

    put = cli("objects", "put", str(file))
    got = cli("objects", "get", digest, "--output", str(tmp_path / "got"))

    assert put.out == f"{digest}\n"
    assert got.code == 0
    assert (tmp_path / "got").read_bytes() == BYTES


def test_a_put_as_json_says_whether_it_was_new(cli: Run, file: Path) -> None:
    first = cli("objects", "put", str(file), "--json").json
    again = cli("objects", "put", str(file), "--json").json

    assert first == {
        "digest": f"sha256:{sha256(BYTES).hexdigest()}",
        "size_bytes": 2560,
        "uri": f"headwater://sha256/{sha256(BYTES).hexdigest()}",
        "new": True,
    }
    assert again == {**first, "new": False}


def test_the_bytes_go_through_pipes_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADWATER_OBJECTS", str(tmp_path / "objects"))
    program = [sys.executable, "-c", "from headwater.cli import main; main()"]

    put = subprocess.run(  # noqa: S603 - this very Python
        [*program, "objects", "put", "-"], input=BYTES, capture_output=True, check=True
    )
    got = subprocess.run(  # noqa: S603 - this very Python
        [*program, "objects", "get", put.stdout.decode().strip()], capture_output=True, check=True
    )

    assert got.stdout == BYTES
    assert got.stderr == b""


@pytest.mark.usefixtures("recorded")
def test_an_artifact_gives_its_payload(cli: Run, tmp_path: Path) -> None:
    answer = cli("objects", "get", "clf@1", "-o", str(tmp_path / "got"), "--json").json

    assert (tmp_path / "got").read_bytes() == b"0.8"
    assert answer["path"] == str(tmp_path / "got")
    assert answer["size_bytes"] == 3


@pytest.mark.usefixtures("recorded")
def test_an_artifact_without_payload_has_none_to_give(cli: Run) -> None:
    ran = cli("objects", "get", "raw@1")

    assert ran.code == 9
    assert "no stored payload" in ran.err


@pytest.mark.usefixtures("recorded")
def test_objects_are_listed_by_digest_a_page_at_a_time(cli: Run) -> None:
    whole = column(cli("objects", "list"), "DIGEST")
    first = cli("objects", "list", "--limit", "1", "--json").json
    rest = cli("objects", "list", "--page", first["next_page_token"])

    assert len(whole) == 2
    assert whole == sorted(whole)
    assert [stored["digest"] for stored in first["objects"]] == whole[:1]
    assert column(rest, "DIGEST") == whole[1:]


def test_a_digest_that_is_not_there_is_not_found(cli: Run) -> None:
    ran = cli("objects", "get", "0" * 64)

    assert ran.code == 4


def test_changed_bytes_are_told_and_not_written(cli: Run, file: Path, tmp_path: Path) -> None:
    digest = cli("objects", "put", str(file)).out.strip()
    (stored,) = (path for path in (tmp_path / "objects").rglob(digest[7:]) if path.is_file())
    stored.chmod(0o644)
    stored.write_bytes(b"x" * len(BYTES))

    ran = cli("objects", "get", digest, "-o", str(tmp_path / "got"))

    assert ran.code == 10
    assert not (tmp_path / "got").exists()


@pytest.mark.usefixtures("recorded")
def test_json_needs_a_file_for_the_bytes(cli: Run) -> None:
    assert cli("objects", "get", "clf", "--json").code == 2


def test_a_missing_file_is_told(cli: Run, tmp_path: Path) -> None:
    ran = cli("objects", "put", str(tmp_path / "missing"))

    assert ran.code == 4
    assert ran.err.startswith("error: ")
