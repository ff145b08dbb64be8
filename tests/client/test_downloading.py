"""Downloads of labels to a file: interrupted anywhere, they end with the bytes of an undisturbed one."""

import gc
import gzip
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import zstandard

import kili_query.client.resumable_file as resumable_file
import kili_query.output_files as output_files
from kili_query.client import Download, KiliClient
from kili_query.client.downloading import _missing
from kili_query.client.resumable_file import resumable
from kili_query.errors import ArgumentError, GraphQLError, QueryError
from kili_query.output_files import WriteError
from kili_query.planning import STRICT_PROFILE
from kili_query.sandbox import Sandbox
from tests.cli.served import many_labels, served
from tests.full_disk import files_at_most

NUMBER = 330
RESIDUAL = "OBJECTS.PERSON.count > OBJECTS.CAR.count + 1"


def beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("l.ndjson"))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    many_labels(tmp_path / "many.ndjson", NUMBER)
    with served(tmp_path / "many.ndjson") as box:
        yield box


class TestMethod:
    def test_what_it_returns_and_writes(self, box: Sandbox, tmp_path: Path) -> None:
        path = tmp_path / "l.ndjson"
        with KiliClient(box.api_key, box.endpoint, profile=STRICT_PROFILE) as client:
            found = client.labels("demo", fields=["id", "author.email"], category_search=RESIDUAL)
            made = client.download_labels("demo", path, fields=["author.email"], category_search=RESIDUAL)
            assert made == Download(str(path), len(found), 0, ())
            lines = path.read_text(encoding="utf-8").splitlines()
            assert list(map(json.loads, lines)) == found
            one = client.download_labels("demo", path, fields=["id"], label_id="label-00007")
            assert (one.labels, path.read_text(encoding="utf-8")) == (1, '{"id": "label-00007"}\n')
            none = client.download_labels("demo", path, category_search="OBJECTS.PERSON.count < 0")
            assert (none.labels, path.read_bytes()) == (0, b"")

    def test_an_interruption(self, box: Sandbox, tmp_path: Path) -> None:
        path = tmp_path / "l.ndjson"
        with KiliClient(box.api_key, box.endpoint) as client:
            whole = client.download_labels("demo", path, type_in=["DEFAULT", "REVIEW"])
            expected = path.read_bytes()
            box.faults.inject("error:labels+1")
            with pytest.raises(GraphQLError) as caught:
                client.download_labels("demo", path, type_in=["DEFAULT", "REVIEW"])
            assert caught.value.__notes__[0].endswith("l.ndjson.part: the same download continues from there")
            assert path.read_bytes() == expected
            with pytest.raises(WriteError, match=r"another `type_in`: finish that one, or give `restart=True`"):
                client.download_labels("demo", path)
            resumed = client.download_labels("demo", path, type_in=["REVIEW", "DEFAULT"])
            assert (resumed.labels, resumed.kept > 0, path.read_bytes()) == (whole.labels, True, expected)

    def test_arguments_are_checked_first(self, box: Sandbox, tmp_path: Path) -> None:
        with KiliClient(box.api_key, box.endpoint) as client:
            with pytest.raises(ArgumentError, match=r"ends in `.csv`, but this writes NDJSON"):
                client.download_labels("demo", tmp_path / "l.csv")
            with pytest.raises(ArgumentError, match="type_in"):
                client.download_labels("demo", tmp_path / "l.ndjson", type_in=["NO"])
            with pytest.raises(QueryError):
                client.download_labels("demo", tmp_path / "l.ndjson", category_search="OBJECTS.NOTHING")
        assert beside(tmp_path) == []


REQUEST = {"project": "p"}


def fill(path: Path, numbers: Sequence[int], request: dict[str, str] = REQUEST) -> list[str]:
    """Go on with a download, and leave it unfinished; gives what had been seen."""
    with resumable(str(path), request, restart=False) as file:
        seen = list(file.ids)
        for number in numbers:
            file.add(f"{number}", f"line {number}" if number % 2 else None, is_left_out=number % 5 == 0)
    return seen


@contextmanager
def failing_after(steps: int, filename: str, error: type[BaseException]) -> Iterator[None]:
    """Raise an error before some line of a file runs, counted from here."""
    before = sys.gettrace()

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        nonlocal steps
        if frame.f_code.co_filename != filename:
            return None
        steps -= event == "line"
        if steps == 0:
            sys.settrace(before)
            raise error
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


class TestFile:
    def test_what_was_added_is_there(self, tmp_path: Path) -> None:
        path = tmp_path / "l.ndjson"
        assert fill(path, range(45)) == []
        assert fill(path, range(45, 50)) == [str(number) for number in range(45)]
        with resumable(str(path), REQUEST, restart=False) as file:
            assert (file.lines, file.left_out) == (25, [str(number) for number in range(0, 50, 5)])
            file.finish()
        assert path.read_text(encoding="utf-8") == "".join(f"line {number}\n" for number in range(1, 50, 2))
        assert beside(tmp_path) == ["l.ndjson"]

    @pytest.mark.parametrize("cut", [1, 10, 100])
    def test_an_entry_that_was_cut_off(self, tmp_path: Path, cut: int) -> None:
        path, log = tmp_path / "l.ndjson", tmp_path / "l.ndjson.part.log"
        fill(path, range(40))
        log.write_bytes(log.read_bytes()[:-cut])
        assert fill(path, range(20, 40)) == [str(number) for number in range(20)]
        assert fill(path, []) == [str(number) for number in range(40)]
        lines = (tmp_path / "l.ndjson.part").read_text(encoding="utf-8")
        assert lines == "".join(f"line {number}\n" for number in range(1, 40, 2))

    def test_lines_that_never_reached_the_disk(self, tmp_path: Path) -> None:
        path, part = tmp_path / "l.ndjson", tmp_path / "l.ndjson.part"
        fill(path, range(40))
        part.write_bytes(part.read_bytes()[:-3])
        assert fill(path, []) == [str(number) for number in range(20)]
        part.unlink()
        assert fill(path, []) == []

    @pytest.mark.parametrize("name", ["l.ndjson" + "x" * 247, "l.ndjson" + "猫" * 82])
    def test_long_names(self, tmp_path: Path, name: str) -> None:
        fill(tmp_path / name, range(3))
        with resumable(str(tmp_path / name), REQUEST, restart=False) as file:
            assert list(file.ids) == ["0", "1", "2"]
            file.finish()
        assert beside(tmp_path) == [name]

    def test_lines_that_were_damaged(self, tmp_path: Path) -> None:
        path, part = tmp_path / "l.ndjson", tmp_path / "l.ndjson.part"
        fill(path, range(60))
        whole = part.read_bytes()
        damaged = whole.replace(b"line 25", b"\0" * 7)
        part.write_bytes(damaged)
        assert fill(path, range(20, 60)) == [str(number) for number in range(20)]
        assert part.read_bytes() == whole

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of files just opened
    @pytest.mark.usefixtures("quick_collections")
    @pytest.mark.parametrize("fails", [KeyboardInterrupt, OSError])
    def test_an_interruption_anywhere(self, tmp_path: Path, fails: type[BaseException]) -> None:
        """At each line that this module runs, a signal may arrive, or a disk fail."""
        path = tmp_path / "l.ndjson"

        def download() -> None:
            with resumable(str(path), REQUEST, restart=False) as file:
                for number in range(len(file.ids), 5):
                    file.add(f"{number}", f"line {number}", is_left_out=number == 3)
                assert (file.lines, file.left_out, len(file.ids)) == (5, ["3"], 5)
                file.finish()

        for steps in count(1):
            try:
                with failing_after(steps, resumable_file.__file__, fails):
                    download()
            except fails:
                download()
                assert path.read_text() == "".join(f"line {number}\n" for number in range(5))
                assert beside(tmp_path) == ["l.ndjson"]
                path.unlink()
            else:
                break
        gc.collect()  # here, where their warnings are ignored
        assert steps > 100

    def test_a_download_that_ends_while_another_begins(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "l.ndjson"
        with ExitStack() as first:
            other = first.enter_context(resumable(str(path), REQUEST, restart=False))
            other.add("1", "line 1")
            lock = output_files.has_lock

            def late(number: int) -> bool | None:
                monkeypatch.setattr(resumable_file, "has_lock", lock)
                other.finish()
                first.close()
                return lock(number)

            monkeypatch.setattr(resumable_file, "has_lock", late)
            with resumable(str(path), REQUEST, restart=True) as file:
                assert list(file.ids) == []
                file.add("2", "line 2")
        assert path.read_text() == "line 1\n"
        assert fill(path, []) == ["2"]

    def test_lines_behind_the_last_entry(self, tmp_path: Path) -> None:
        path, part = tmp_path / "l.ndjson", tmp_path / "l.ndjson.part"
        fill(path, range(20))
        whole = part.read_bytes()
        part.write_bytes(whole + b"line 21\nli")
        fill(path, [])
        assert part.read_bytes() == whole

    def test_nothing_is_left_of_nothing(self, tmp_path: Path) -> None:
        fill(tmp_path / "l.ndjson", [])
        assert beside(tmp_path) == []

    def test_two_at_once(self, tmp_path: Path) -> None:
        path = str(tmp_path / "l.ndjson")
        with resumable(path, REQUEST, restart=False) as file:
            file.add("1", "line 1")
            with (
                pytest.raises(WriteError, match="another process is downloading"),
                resumable(path, REQUEST, restart=False),
            ):
                pass
        assert fill(tmp_path / "l.ndjson", []) == ["1"]

    def test_another_request_and_restart(self, tmp_path: Path) -> None:
        path = tmp_path / "l.ndjson"
        fill(path, range(5))
        with pytest.raises(WriteError, match="an unfinished download with another `project`: finish that one"):
            fill(path, [], {"project": "q"})
        assert fill(path, []) == [str(number) for number in range(5)]
        with resumable(str(path), {"project": "q"}, restart=True) as file:
            assert (list(file.ids), file.lines) == ([], 0)
            file.add("9", "line 9")
        assert fill(path, [], {"project": "q"}) == ["9"]

    @pytest.mark.parametrize("head", [b"something else\n", b"[]\n", b'{"version": 0, "request": {}}\n'])
    def test_a_log_of_something_else(self, tmp_path: Path, head: bytes) -> None:
        (tmp_path / "l.ndjson.part.log").write_bytes(head)
        with pytest.raises(WriteError, match="is not the log of a download: remove it, or give `restart=True`"):
            fill(tmp_path / "l.ndjson", [])

    @pytest.mark.parametrize(
        "damage",
        [
            b"[]",
            b'{"bytes": "many", "crc": 1, "ids": [], "lines": 1, "left_out": []}',
            b'{"bytes": -5, "crc": 1, "ids": ["x"], "lines": 1, "left_out": []}',
            b'{"bytes": 3, "crc": 1, "ids": ["x"], "lines": 1, "left_out": []}',
            b'{"bytes": 1000000000000000000, "crc": 1, "ids": ["x"], "lines": 1, "left_out": []}',
            b'{"bytes": 200, "crc": 1, "ids": ["x"], "lines": 1, "left_out": []}',
            b'{"bytes": 200, "crc": 1, "ids": {"x": 1}, "lines": 1, "left_out": []}',
            b'{"bytes": 200, "crc": 1, "ids": ["x"], "lines": null, "left_out": []}',
            b'{"bytes": 200, "crc": 1, "ids": ["x"], "lines": 1, "left_out": 7}',
            b"\xff\xfe",
            b"[" * 5000,
        ],
    )
    def test_a_damaged_log(self, tmp_path: Path, damage: bytes) -> None:
        path, log = tmp_path / "l.ndjson", tmp_path / "l.ndjson.part.log"
        fill(path, range(40))
        *head, last = log.read_bytes().splitlines(keepends=True)
        log.write_bytes(b"".join(head) + damage + b"\n" + last)
        assert fill(path, range(20, 40)) == [str(number) for number in range(20)]
        lines = (tmp_path / "l.ndjson.part").read_text(encoding="utf-8")
        assert lines == "".join(f"line {number}\n" for number in range(1, 40, 2))

    @pytest.mark.parametrize("name", ["l.ndjson", "l.ndjson.gz", "l.ndjson.zst"])
    def test_a_full_disk(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name

        def download() -> None:
            with resumable(str(path), REQUEST, restart=False) as file:
                for number in range(len(file.ids), 1000):
                    file.add(f"{number}", f"line {number}")
                file.finish()

        with files_at_most(5000), pytest.raises(WriteError, match=rf"^cannot write `{path}`: File too large$"):
            download()
        assert not path.exists()
        download()
        unpack = {".gz": gzip.decompress, ".zst": zstandard.ZstdDecompressor().decompressobj().decompress}
        lines = unpack.get(path.suffix, bytes)(path.read_bytes())
        assert lines == "".join(f"line {number}\n" for number in range(1000)).encode()
        assert beside(tmp_path) == [name]


class TestMissing:
    """What a download that goes on fetches of a list that changed, or not, since it had seen 0 to 4."""

    @pytest.mark.parametrize(
        ("listed", "fetched", "begins_again"),
        [
            ("01234", "", False),
            ("0123456", "56", False),
            ("0123", "0123", True),  # the last one vanished
            ("123456", "123456", True),  # one before it vanished
            ("012x3456", "012x3456", True),  # one came before it
            ("", "", True),
        ],
    )
    def test_lists(self, tmp_path: Path, listed: str, fetched: str, begins_again: bool) -> None:
        assert self.missing(tmp_path, "01234", listed) == (fetched, begins_again)

    def test_labels_that_the_client_leaves_out(self, tmp_path: Path) -> None:
        """Of 0 to 6 two are unreadable: the place in the list is further on than what was seen."""
        assert self.missing(tmp_path, "02346", "0123456789", unreadable="15") == ("789", False)

    @staticmethod
    def missing(folder: Path, seen: str, listed: str, unreadable: str = "") -> tuple[str, bool]:
        def rows(skip: int) -> Iterator[dict[str, object]]:
            return ({"id": one} for one in listed[skip:] if one not in unreadable)

        with resumable(str(folder / "l.ndjson"), REQUEST, restart=False) as file:
            for label_id in seen:
                file.add(label_id, None)
            with warnings.catch_warnings(record=True):  # that the list changed
                warnings.simplefilter("always")
                found = list(_missing(file, rows, may_skip=bool(unreadable)))
            return "".join(str(row["id"]) for row in found), not file.ids
