"""Files that appear once they are complete."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import kili_query
from kili_query.output_files import WriteError, replaced
from tests.each import for_each
from tests.full_disk import files_at_most

NOBODY = 65534

ROOT = str(Path(kili_query.__file__).resolve().parents[1])


def write(path: Path, text: str) -> None:
    with replaced(path) as new:
        new.file.write(text.encode())


def test_a_file_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with replaced(path) as new:
        new.file.write(b"new")
        assert not path.exists()
    assert path.read_text() == "new"
    path.chmod(0o640)
    write(path, "newer")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("newer", 0o640)
    assert os.listdir(tmp_path) == ["out.txt"]


@for_each(["cache", "cache/out.txt", "cache/labels/new/out.txt", "link/out.txt"])
def test_a_label_cache_is_not_written_into(name: str, tmp_path: Path) -> None:
    (tmp_path / "cache" / "labels" / "_delta_log").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "cache")
    path, cache = tmp_path / name, tmp_path / "cache"
    message = f"^cannot write `{path}`: `{cache}` is a label cache: name another place$"
    with pytest.raises(WriteError, match=message), replaced(path, makes_folders=True):
        pass
    assert os.listdir(cache) == ["labels"]
    write(tmp_path / "beside.txt", "fine")


def test_a_failure_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(TypeError), replaced(path) as new:
        new.file.writelines([b"half" * 1_000_000, None])  # type: ignore[list-item]
    with replaced(path) as new:
        new.file.write(b"nothing")
        new.abandon()
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["out.txt"])


@pytest.mark.parametrize("size", [100, 10_000_000])
def test_a_full_disk_is_named(tmp_path: Path, size: int) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with files_at_most(50), pytest.raises(WriteError, match=rf"^cannot write `{path}`: File too large$"):
        write(path, "x" * size)
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["out.txt"])


@pytest.mark.parametrize("makes_folders", [True, False])
def test_a_file_in_place_of_a_folder_is_named(tmp_path: Path, makes_folders: bool) -> None:
    above = tmp_path / "above"
    above.write_text("kept")
    for path in (above / "out.txt", above / "more" / "out.txt"):
        message = f"^cannot write `{path}`: `{above}` is a file, not a folder$"
        with pytest.raises(WriteError, match=message), replaced(path, makes_folders=makes_folders):
            pass
    assert above.read_text() == "kept"


def test_folders_that_were_made_go_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "out.txt"
    with files_at_most(2), pytest.raises(WriteError), replaced(path, makes_folders=True) as new:
        new.file.write(b"too much")
    assert os.listdir(tmp_path) == []
    with replaced(path, makes_folders=True) as new:
        new.file.write(b"fine")
    assert path.read_text() == "fine"


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    program = (
        "import os, signal; from kili_query.output_files import replaced\n"
        "with replaced('out.txt') as new:\n"
        "    new.file.write(b'half'); new.file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environ = os.environ | {"PYTHONPATH": ROOT}
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environ, check=False)
    assert ran.returncode == -signal.SIGKILL
    assert [name for name in os.listdir(tmp_path) if name.endswith(".part")] == os.listdir(tmp_path) != []
    write(tmp_path / "out.txt", "whole")
    assert os.listdir(tmp_path) == ["out.txt"]


def test_what_others_write_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    theirs = tmp_path / ".out.txt.0123abcd.part"
    foreign = tmp_path / ".out.txt.notes.part"
    foreign.write_text("kept")
    with theirs.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write(path, "ours")
        assert theirs.exists()
    write(path, "ours")
    assert sorted(os.listdir(tmp_path)) == [".out.txt.notes.part", "out.txt"]


def test_two_at_once(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with replaced(path) as first, replaced(path) as second:
        first.file.write(b"first")
        second.file.write(b"second")
    assert (path.read_text(), os.listdir(tmp_path)) == ("first", ["out.txt"])


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "猫" * 85])
def test_long_names(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "text")
    assert os.listdir(tmp_path) == [name]


@for_each(product(["x" * 256, "猫" * 86, "x" * 256 + "/a.txt", "a\0b", "a\0b/a.txt"], [False, True]))
def test_names_that_no_file_can_have(row: tuple[str, bool], tmp_path: Path) -> None:
    name, makes_folders = row
    with (
        pytest.raises(WriteError, match=r"File name too long|null (byte|character)"),
        replaced(tmp_path / name, makes_folders=makes_folders),
    ):
        pass
    assert os.listdir(tmp_path) == []


def test_devices(tmp_path: Path) -> None:
    with replaced(os.devnull, takes_devices=True) as new:
        new.file.write(b"text")
    with pytest.raises(WriteError, match="it is not a file that can be replaced"), replaced(os.devnull):
        pass
    with pytest.raises(WriteError, match="it is a folder"), replaced(tmp_path, takes_devices=True):
        pass
    with (
        pytest.raises(WriteError, match=r"^cannot write `/dev/full`: No space left on device$"),
        replaced("/dev/full", takes_devices=True) as new,
    ):
        new.file.write(b"text")


def test_an_open_file_is_continued(tmp_path: Path) -> None:
    """As in `-o /dev/stdout >> log`, where the file has lines of others."""
    path = tmp_path / "log.txt"
    path.write_bytes(b"before\n")
    with open(path, "ab") as log:
        name = f"/dev/fd/{log.fileno()}"
        with replaced(name, takes_devices=True) as new:
            new.file.write(b"line\n")
        log.write(b"behind\n")
        with pytest.raises(WriteError, match="not a file that can be replaced"), replaced(name):
            pass
    assert path.read_bytes() == b"before\nline\nbehind\n"
    with pytest.raises(WriteError, match=f"cannot write `{name}`: Bad file desc"), replaced(name, takes_devices=True):
        pass


def test_owner_and_mode_are_kept(tmp_path: Path) -> None:
    """An administrator may fix the files of others."""
    path = tmp_path / "a.txt"
    path.write_text("before")
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    path.chmod(0o640)
    before = path.stat()
    with replaced(path) as new:
        new.file.write(b"after")
    after = path.stat()
    assert path.read_text() == "after"
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder of a user without special rights, whom this process acts as: root may write everything."""
    with TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(os.getuid())


def test_a_read_only_file_stays(as_nobody: Path) -> None:
    path, link = as_nobody / "a.txt", as_nobody / "link.txt"
    path.write_text("before")
    link.symlink_to(path)
    path.chmod(0o444)
    for name in (path, link):
        with pytest.raises(WriteError, match=r"cannot write `.*`: it is read-only"), replaced(name) as new:
            new.file.write(b"after")
    assert path.read_text() == "before"
    assert sorted(os.listdir(as_nobody)) == ["a.txt", "link.txt"]
