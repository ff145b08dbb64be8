"""`kili-query split`."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.alone import labels_alone  # noqa: F401 - the fixture `labels`
from tests.cli.running import Run


def test_parts_are_files_of_labels_beside_their_project(run: Run, labels: Path, project: Path, tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    arguments = ("--into", "train=75%", "--into", "val=.25", "--by", "OBJECTS.PERSON", "--ontology", project)
    ran = run("split", labels, *arguments, "-o", parts)
    assert ran.status == 0
    title, train, val = (line.split() for line in ran.out.splitlines())
    assert title == ["part", "assets", "labels", "OBJECTS.PERSON"]
    assert sorted(one.name for one in parts.iterdir()) == ["project.json", "train.ndjson", "val.ndjson"]
    every = {json.loads(line)["id"]: json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()}
    for name, row in (("train", train), ("val", val)):
        found = [json.loads(line) for line in (parts / f"{name}.ndjson").read_text(encoding="utf-8").splitlines()]
        assert len(found) == int(row[2])
        assert all(every.pop(one["id"]) == one for one in found)
        counted = run("match", "OBJECTS.PERSON", parts / f"{name}.ndjson", "--count")
        assert (counted.out, "parts/project.json" in counted.err) == (f"{row[3]}\n", True)
    assert every == {}
    again = run("split", labels, *arguments, "-o", tmp_path / "again", "--json")
    assert [list(one.values()) for one in json.loads(again.out)["parts"]] == [
        [row[0], *map(int, row[1:])] for row in (train, val)
    ]
    for name in ("train.ndjson", "val.ndjson"):
        assert (tmp_path / "again" / name).read_bytes() == (parts / name).read_bytes()


def test_a_wanted_share(run: Run, labels: Path, tmp_path: Path) -> None:
    ran = run("split", labels, "--by", "OBJECTS.PERSON.count >= 1=50%", "--size", 10, "-o", tmp_path / "half")
    assert ran.out.splitlines()[1].split() == ["part", "10", "10", "5"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--into", "a/b=1"), "must be a name, which becomes that of a file"),
        (("--into", "..=1"), "must be a name, which becomes that of a file"),
        (("--into", "a=.5", "--into", "A=.5"), "two parts have the same name"),
        (("--by", "OBJECTS.PERSON=.5", "--by", "OBJECTS.PERSON=.2"), "two queries are the same"),
        (("--into", "a=x"), "the share in `a=x` must be 0 to 1"),
        (("--into", "a=.5", "--into", "a=.5"), "two parts have the same name"),
        (("--into", "a=.7", "--into", "b=.7"), "the shares are 1.4 together"),
        (("--by", "OBJECTS.PERSON=.5", "--by", "OBJECTS.CAR"), "give every query a share, or none"),
        (("--by", "OBJECTS.PERSON=.5", "--size", "1000"), "`--size` can be"),
        (("--by", "OBJECTS..PERSON"), "KQ002"),
    ],
)
def test_impossible_wishes(run: Run, labels: Path, tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    ran = run("split", labels, *arguments, "-o", tmp_path / "parts")
    assert (ran.status, ran.out, list(tmp_path.glob("*parts*"))) == (2, "", [])
    assert reason in ran.err


def test_a_comparison_with_one_is_not_a_share(run: Run, labels: Path, tmp_path: Path) -> None:
    ran = run("split", labels, "--by", "OBJECTS.PERSON.count=1", "-o", tmp_path / "parts")
    assert ran.out.splitlines()[0].endswith("OBJECTS.PERSON.count == 1")


def test_labels_without_ids_are_written(run: Run, tmp_path: Path) -> None:
    labels = tmp_path / "labels.ndjson"
    lines = [json.dumps({"jsonResponse": {"SKY": {"categories": []}}, "number": number}) for number in range(10)]
    labels.write_text("\n".join(lines), encoding="utf-8")
    ran = run("split", labels, "--into", "a=.5", "-o", tmp_path / "parts")
    assert ran.out.splitlines()[1].split() == ["a", "5", "5"]


def test_datasets_that_agree_have_one_ontology(run: Run, tmp_path: Path) -> None:
    two = [tmp_path / "one.json", tmp_path / "two.json"]
    for number, path in enumerate(two):
        categories = [{"id": 1, "name": "traffic light"}, {"id": 2, "name": f"only in {number}"}]
        annotation = {"id": 1, "image_id": number, "category_id": 1, "bbox": [0, 0, 1, 1], "iscrowd": number}
        image = {"id": number, "file_name": f"{number}.jpg", "width": 9, "height": 9}
        content = {"images": [image], "categories": categories, "annotations": [annotation]}
        path.write_text(json.dumps(content), encoding="utf-8")
    query = 'OBJECTS."traffic light" AND NOT OBJECTS."only in 1"'
    assert run("match", query, *two, "--count").out == "2\n"
    wrong = run("match", "OBJECTS.trafic_light", *two, "--count")
    assert (wrong.status, "did you mean `traffic_light`?" in wrong.err) == (2, True)
    ran = run("split", *two, "--by", query, "-o", tmp_path / "parts")
    assert ran.out.splitlines()[1].split() == ["part", "2", "2", "2"]
    assert run("match", query, tmp_path / "parts" / "part.ndjson", "--count").out == "2\n"
    assert run("export", *two, "-f", "coco", "-o", tmp_path / "both.zip", "--where", query).status == 0


def test_datasets_that_number_other_images_alike_are_refused(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    for name in ("train", "val"):
        image = {"id": 1, "file_name": f"{name}.jpg", "width": 9, "height": 9}
        content = {"images": [image], "categories": [{"id": 1, "name": "cat"}], "annotations": []}
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    two = [folder / "train.json", folder / "val.json"]
    for ran in (
        run("split", *two, "-o", tmp_path / "parts"),
        run("cache", tmp_path / "cached", *two),
        run("export", *two, "-f", "coco", "-o", tmp_path / "all.zip"),
    ):
        assert (ran.status, "the id `1` for `train.jpg` and for `val.jpg`" in ran.err) == (2, True)
    assert run("split", folder, "-o", tmp_path / "parts").out.splitlines()[1].split() == ["part", "2", "2"]
    assert "2 labels" in run("cache", tmp_path / "cached", folder).out


def test_what_is_there_is_not_replaced_and_a_stream_is_refused(run: Run, labels: Path, tmp_path: Path) -> None:
    ran = run("split", labels, "-o", tmp_path)
    assert (ran.status, "exists: name a new folder" in ran.err) == (2, True)
    ran = run("split", "-", "-o", tmp_path / "parts", stdin=b"")
    assert (ran.status, "labels are read twice" in ran.err) == (2, True)
    os.mkfifo(tmp_path / "pipe")
    ran = run("split", tmp_path / "pipe", "-o", tmp_path / "parts")
    assert (ran.status, "labels are read twice" in ran.err) == (2, True)
    ran = run("split", labels, "-o", "")
    assert (ran.status, "name a folder" in ran.err) == (2, True)
