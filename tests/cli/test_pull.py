"""`kili-query pull`: whatever cuts a download off, the next run ends with the bytes of an undisturbed one."""

import gzip
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import zstandard

from kili_query.cli.exit_status import CommandError
from kili_query.cli.pull import _missing
from kili_query.cli.resumable import resumable
from kili_query.client import KiliClient
from kili_query.planning import STRICT_PROFILE
from kili_query.replacing import WriteError
from kili_query.sandbox import Sandbox
from tests.cli.running import Run
from tests.cli.served import lists_asked, many_labels, served, variables_of
from tests.full_disk import files_at_most

NUMBER = 330
RESIDUAL = "OBJECTS.PERSON.count > OBJECTS.CAR.count + 1"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many") / "labels.ndjson"
    many_labels(path, NUMBER)
    return path


@pytest.fixture
def box(many: Path) -> Iterator[Sandbox]:
    with served(many) as box:
        yield box


@pytest.fixture(scope="module")
def whole(many: Path) -> bytes:
    """What an undisturbed download of the ids and contents is."""
    with served(many) as box, KiliClient(box.api_key, box.endpoint) as client:
        rows = client.labels("demo", fields=["id", "jsonResponse"], disable_tqdm=True)
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("l.ndjson"))


PULL = ("pull", "demo", "--fields", "id,jsonResponse", "-o", "l.ndjson")


def test_all_labels_and_the_project(run: Run, box: Sandbox, tmp_path: Path, whole: bytes) -> None:
    ran = run("pull", "demo", "-o", "l.ndjson", "--project-file", "p.json", **variables_of(box))
    assert (ran.status, ran.out, ran.err) == (0, f"{NUMBER} labels in l.ndjson\n", "")
    labels = [json.loads(line) for line in (tmp_path / "l.ndjson").read_text(encoding="utf-8").split("\n")[:-1]]
    wanted = [json.loads(line) for line in whole.decode().split("\n")[:-1]]
    assert [{"id": label["id"], "jsonResponse": label["jsonResponse"]} for label in labels] == wanted
    assert labels[0]["labelOf"] == {"id": "asset-0", "externalId": "asset-0"}
    assert beside(tmp_path) == ["l.ndjson"]
    matched = run("match", "OBJECTS.PERSON.count >= 3", "l.ndjson", "--ontology", "p.json", "--count")
    assert matched.out == f"{sum(i % 5 > 2 and i % 7 > 0 for i in range(NUMBER))}\n"


@pytest.mark.parametrize("pages", [1, 3])
def test_an_error_in_between(run: Run, box: Sandbox, many: Path, tmp_path: Path, whole: bytes, pages: int) -> None:
    box.faults.inject(f"error:labels+{pages}")
    ran = run(*PULL, **variables_of(box))
    assert (ran.status, ran.out, beside(tmp_path)) == (2, "", ["l.ndjson.part", "l.ndjson.part.log"])
    told = re.match(rf"kept (\d+) labels in {tmp_path}/l.ndjson.part: the same command goes on from there\n", ran.err)
    assert told is not None
    kept = int(told[1])  # pages are asked for ahead, so that the one which fails may be another
    assert kept in range(100, NUMBER, 99)
    with served(many) as again:  # the same labels, and no request of the first run on its way
        ran = run(*PULL, **variables_of(again))
        assert lists_asked(again) == -(-(NUMBER - kept) // 99)
    assert ran.out == f"{NUMBER} labels in l.ndjson, {kept} of them fetched before\n"
    assert (tmp_path / "l.ndjson").read_bytes() == whole
    assert beside(tmp_path) == ["l.ndjson"]


def test_a_connection_that_is_cut_in_the_middle_of_answers(
    run: Run, box: Sandbox, tmp_path: Path, whole: bytes
) -> None:
    """One that is cut once is made anew; one that is cut again and again ends the run, not the download."""
    box.faults.inject("truncate:labels+1", "drop-after:labels+3", "truncate:labels*5+5")
    assert run(*PULL, **variables_of(box)).status == 2
    assert "l.ndjson.part" in beside(tmp_path)
    assert run(*PULL, **variables_of(box)).status == 0
    assert (tmp_path / "l.ndjson").read_bytes() == whole


@pytest.mark.parametrize("pages", [0, 1, 3])
def test_kill_9(
    run: Run,
    command: Sequence[str],
    environ: dict[str, str],
    box: Sandbox,
    tmp_path: Path,
    whole: bytes,
    pages: int,
) -> None:
    """The process is killed while it waits for a page; what it had written is not fetched again."""
    box.faults.inject(f"delay=60s:labels*+{pages}")
    log = tmp_path / "l.ndjson.part.log"
    with subprocess.Popen([*command, *PULL], env=environ | variables_of(box), cwd=tmp_path) as process:
        while lists_asked(box) <= pages or (pages and seen_in(log) < 100):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.01)
        process.kill()
    saved = seen_in(log)
    assert not (tmp_path / "l.ndjson").exists()
    with served(box_labels(tmp_path, whole)) as other:  # the delay would hold the next run too
        assert run(*PULL, **variables_of(other)).status == 0
        assert lists_asked(other) <= (NUMBER - saved) // 99 + 2
    assert (tmp_path / "l.ndjson").read_bytes() == whole
    assert beside(tmp_path) == ["l.ndjson"]


def box_labels(folder: Path, whole: bytes) -> Path:
    path = folder / "again.ndjson"
    labels = [json.loads(line) for line in whole.decode().split("\n")[:-1]]
    path.write_text("".join(json.dumps(label | {"assetId": "a"}) + "\n" for label in labels), encoding="utf-8")
    return path


def seen_in(log: Path) -> int:
    """How many labels the entries of a log tell of."""
    entries = log.read_text(encoding="utf-8").split("\n")[1:-1] if log.exists() else []
    return sum(len(json.loads(entry)["ids"]) for entry in entries)


def test_queries(run: Run, box: Sandbox, tmp_path: Path) -> None:
    """With a part that is evaluated here, the download goes on where the server's list was, not at the matches."""
    wanted = [f"label-{i:05}" for i in range(NUMBER) if i % 5 > 1 and i % 7]
    STRICT_PROFILE.save(tmp_path / "profile.json")
    arguments = ("pull", "demo", "--fields", "id", "--where", RESIDUAL, "--profile", "profile.json", "-o", "l.ndjson")
    box.faults.inject("error:labels+1")
    ran = run(*arguments, **variables_of(box))
    assert ran.status == 2
    assert "note[KQ301]: evaluated locally" in ran.err
    ran = run(*arguments, **variables_of(box))
    assert ran.out.startswith(f"{len(wanted)} labels in l.ndjson, ")
    assert [json.loads(line) for line in (tmp_path / "l.ndjson").read_text(encoding="utf-8").splitlines()] == [
        {"id": label_id} for label_id in wanted
    ]
    ran = run("pull", "demo", "--where", "OBJECTS.CAR.count > 2", "-o", "l.ndjson", **variables_of(box))
    assert (ran.status, ran.out) == (1, "0 labels in l.ndjson\n")
    assert (tmp_path / "l.ndjson").read_bytes() == b""


def test_a_list_that_changed_is_read_again(run: Run, box: Sandbox, tmp_path: Path) -> None:
    """A prediction that was fetched is deleted, which moves all labels behind it."""
    with KiliClient(box.api_key, box.endpoint) as client:
        assets = [str(asset["id"]) for asset in client.assets("demo", fields=["id"], first=2)]
        client.create_predictions("demo", asset_id_array=assets, json_response_array=[{}, {}], model_name="m")
        predicted = [str(row["id"]) for row in client.predictions("demo", fields=["id"])]
        run("pull", "demo", "--fields", "id", "--type", "prediction", "-o", "l.ndjson", **variables_of(box))
        assert [json.loads(line)["id"] for line in (tmp_path / "l.ndjson").read_text().splitlines()] == predicted
        request = {"project": "demo", "fields": ["id"], "type": [], "query": [None, None]}
        with resumable(str(tmp_path / "l.ndjson"), request, restart=False) as file:  # as if it had been interrupted
            for row in client.labels("demo", fields=["id"]):
                file.add(str(row["id"]), json.dumps(row))
        client.delete_labels(predicted[:1])
        ran = run("pull", "demo", "--fields", "id", "-o", "l.ndjson", **variables_of(box))
        assert ran.err == "labels came or went since the download was interrupted: it begins again\n"
        assert ran.out == f"{NUMBER + 1} labels in l.ndjson\n"
        listed = [str(row["id"]) for row in client.labels("demo", fields=["id"])]
    assert [json.loads(line)["id"] for line in (tmp_path / "l.ndjson").read_text().splitlines()] == listed


def test_packed(run: Run, box: Sandbox, tmp_path: Path, whole: bytes) -> None:
    for suffix, unpack in ((".gz", gzip.decompress), (".zst", zstandard.ZstdDecompressor().decompressobj().decompress)):
        ran = run(*PULL[:-1], f"l.ndjson{suffix}", "--json", **variables_of(box))
        assert json.loads(ran.out) == {"file": f"l.ndjson{suffix}", "labels": NUMBER, "kept": 0, "left_out": []}
        assert unpack((tmp_path / f"l.ndjson{suffix}").read_bytes()) == whole
    assert beside(tmp_path) == ["l.ndjson.gz", "l.ndjson.zst"]


def test_another_download_is_not_mixed_in(run: Run, box: Sandbox, tmp_path: Path, whole: bytes) -> None:
    box.faults.inject("error:labels+2")
    assert run(*PULL, **variables_of(box)).status == 2
    ran = run(*PULL, "--where", "OBJECTS.PERSON", "--type", "REVIEW", **variables_of(box))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        f"error: `{tmp_path / 'l.ndjson.part'}` holds an unfinished download with another type and another query: "
        "finish that one, or give --restart to begin anew\n"
    )
    assert run(*PULL, **variables_of(box)).out.endswith(" of them fetched before\n")
    assert (tmp_path / "l.ndjson").read_bytes() == whole


def test_what_cannot_be_done(run: Run, box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for arguments, told in (
        (["demo", "-o", "-"], "a download goes to a file"),
        (["demo", "-o", "folder"], "error: cannot write `folder`: it is no file"),
        (["demo", "-o", "no/such/l.ndjson"], "error: cannot write `no/such/l.ndjson`: No such file or directory\n"),
        (["other", "-o", "l.ndjson"], "error: there is no project `other`"),
        (["demo", "-o", "l.ndjson", "--fields", "nope"], "error: Cannot query field 'nope' on type 'Label'"),
    ):
        ran = run("pull", *arguments, **variables_of(box))
        assert (ran.status, ran.out) == (2, "")
        assert told in ran.err
    assert beside(tmp_path) == []


REQUEST = {"project": "p"}


def fill(path: Path, numbers: Sequence[int], request: dict[str, str] = REQUEST) -> list[str]:
    """Go on with a download, and leave it unfinished; gives what had been seen."""
    with resumable(str(path), request, restart=False) as file:
        seen = list(file.ids)
        for number in numbers:
            file.add(f"{number}", f"line {number}" if number % 2 else None, is_left_out=number % 5 == 0)
    return seen


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
                pytest.raises(CommandError, match="another process is downloading"),
                resumable(path, REQUEST, restart=False),
            ):
                pass
        assert fill(tmp_path / "l.ndjson", []) == ["1"]

    def test_another_request_and_restart(self, tmp_path: Path) -> None:
        path = tmp_path / "l.ndjson"
        fill(path, range(5))
        with pytest.raises(CommandError, match="an unfinished download with another project: finish that one"):
            fill(path, [], {"project": "q"})
        assert fill(path, []) == [str(number) for number in range(5)]
        with resumable(str(path), {"project": "q"}, restart=True) as file:
            assert (list(file.ids), file.lines) == ([], 0)
            file.add("9", "line 9")
        assert fill(path, [], {"project": "q"}) == ["9"]

    @pytest.mark.parametrize("head", [b"something else\n", b"[]\n", b'{"version": 0, "request": {}}\n'])
    def test_a_log_of_something_else(self, tmp_path: Path, head: bytes) -> None:
        (tmp_path / "l.ndjson.part.log").write_bytes(head)
        with pytest.raises(CommandError, match="is not what this command writes: remove it, or give --restart"):
            fill(tmp_path / "l.ndjson", [])

    @pytest.mark.parametrize(
        "damage",
        [
            b"[]",
            b'{"bytes": "many", "ids": [], "lines": 1, "left_out": []}',
            b'{"bytes": -5, "ids": ["x"], "lines": 1, "left_out": []}',
            b'{"bytes": 3, "ids": ["x"], "lines": 1, "left_out": []}',
            b'{"bytes": 200, "ids": {"x": 1}, "lines": 1, "left_out": []}',
            b'{"bytes": 200, "ids": ["x"], "lines": null, "left_out": []}',
            b'{"bytes": 200, "ids": ["x"], "lines": 1, "left_out": 7}',
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
            found = list(_missing(file, rows, skips_malformed=bool(unreadable)))
            return "".join(str(row["id"]) for row in found), not file.ids
