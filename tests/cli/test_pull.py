"""`kili-query pull`: whatever cuts a download off, the next run ends with the bytes of an undisturbed one."""

import gzip
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import zstandard

from kili_query.client import KiliClient
from kili_query.client.resumable_file import resumable
from kili_query.planning import STRICT_PROFILE
from kili_query.sandbox import Sandbox
from tests.cli.running import Run
from tests.cli.served import lists_asked, many_labels, served, variables_of

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
    assert labels[0]["labelOf"] == {"id": "asset-0", "externalId": "asset-0", "resolution": None}
    assert beside(tmp_path) == ["l.ndjson"]
    matched = run("match", "OBJECTS.PERSON.count >= 3", "l.ndjson", "--ontology", "p.json", "--count")
    assert matched.out == f"{sum(i % 5 > 2 and i % 7 > 0 for i in range(NUMBER))}\n"


def test_an_export_in_pixels_of_what_was_pulled(run: Run) -> None:
    """The labels bring the size of their images along."""
    with served() as demo:
        assert run("pull", "demo", "-o", "l.ndjson", "--project-file", "p.json", **variables_of(demo)).status == 0
    ran = run("export", "l.ndjson", "--ontology", "p.json", "-f", "coco", "-o", "coco.zip", "--json")
    assert (ran.status, json.loads(ran.out)["labels"]) == (0, 34)


@pytest.mark.parametrize("pages", [1, 3])
def test_an_error_in_between(run: Run, box: Sandbox, many: Path, tmp_path: Path, whole: bytes, pages: int) -> None:
    box.faults.inject(f"error:labels+{pages}")
    ran = run(*PULL, **variables_of(box))
    assert (ran.status, ran.out, beside(tmp_path)) == (2, "", ["l.ndjson.part", "l.ndjson.part.log"])
    told = re.match(
        rf"kept (\d+) labels in {tmp_path}/l.ndjson.part: the same download continues from there\n", ran.err
    )
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


@pytest.mark.parametrize("pages", [0, 3])
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
        request = {"project_id": "demo", "fields": ["id"], "category_search": [None, None]}
        with resumable(str(tmp_path / "l.ndjson"), request, restart=False) as file:  # as if it had been interrupted
            for row in client.labels("demo", fields=["id"]):
                file.add(str(row["id"]), json.dumps(row))
        client.delete_labels(predicted[:1])
        ran = run("pull", "demo", "--fields", "id", "-o", "l.ndjson", **variables_of(box))
        assert ran.err == "warning: labels were added or removed since the download was interrupted: it starts again\n"
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
        f"error: `{tmp_path / 'l.ndjson.part'}` holds an unfinished download with another `--where` "
        "and another `--type`: finish that one, or give `--restart` to discard it\n"
    )
    assert run(*PULL, **variables_of(box)).out.endswith(" of them fetched before\n")
    assert (tmp_path / "l.ndjson").read_bytes() == whole


def test_what_cannot_be_done(run: Run, box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for arguments, told in (
        (["demo", "-o", "-"], "a download goes to a file"),
        (["demo", "-o", "folder"], "error: cannot write `folder`: it is a folder"),
        (["demo", "-o", "no/such/l.ndjson"], "error: cannot write `no/such/l.ndjson`: No such file or directory\n"),
        (["demo", "-o", "l.json", "--project-file", "folder/../l.json"], "the labels go there: name another file"),
        (["other", "-o", "l.ndjson"], "error: there is no project `other`"),
        (["demo", "-o", "l.ndjson", "--fields", "nope"], "error: Cannot query field 'nope' on type 'Label'"),
    ):
        ran = run("pull", *arguments, **variables_of(box))
        assert (ran.status, ran.out) == (2, "")
        assert told in ran.err
    assert beside(tmp_path) == []
