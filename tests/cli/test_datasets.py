"""Datasets of other tools at the command line: `--from`, `--ontology none`, and files that cannot be read."""

import json
import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import kili_query as kq
from kili_query.datasets import READERS, open_dataset
from kili_query.splitting import split
from tests.datasets.test_formats_table import SAMPLES, samples_of
from tests.each import for_each

DEMO = Path(kq.__file__).parent / "demo" / "instances.json"
COMMANDS: dict[str, list[str]] = {
    "match": ["match", "OBJECTS.x", "FILE"],
    "count": ["count", "FILE"],
    "export": ["export", "FILE", "-f", "coco", "-o", "out.zip"],
    "split": ["split", "FILE", "-o", "parts"],
    "check": ["check", "OBJECTS.x", "--ontology", "FILE"],
}


def command(name: str, path: Path, folder: Path, *more: str) -> list[str]:
    replaced = {"FILE": str(path), "out.zip": str(folder / "out.zip"), "parts": str(folder / "parts")}
    return [replaced.get(one, one) for one in COMMANDS[name]] + list(more)


def test_a_wrong_format_says_which_one_it_is() -> None:
    for own in READERS:
        for path in samples_of(own):
            for wanted in READERS:
                if wanted == own:
                    assert open_dataset(path, fmt=wanted).format == own
                    continue
                with pytest.raises(kq.SourceError, match=rf"is not in the format `{wanted}`: .* `fmt=\"{own}\"`"):
                    open_dataset(path, fmt=wanted)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_to_type_instead(run: Any, tmp_path: Path, name: str) -> None:
    result = run(*command(name, DEMO, tmp_path, "--from", "pascal_voc"))
    assert (result.status, result.out) == (2, "")
    wanted = "is not in the format `pascal_voc`: it looks like COCO: write `--from coco`, or leave out `--from`"
    assert wanted in result.err


def test_labels_of_the_platform_are_no_dataset(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "labels.ndjson"
    path.write_text(json.dumps({"id": "a", "jsonResponse": {}}), encoding="utf-8")
    for fmt in READERS:
        result = run("count", str(path), "--from", fmt)
        assert result.status == 2
        assert "it looks like labels or a project of the platform: leave out `--from`" in result.err


@pytest.mark.parametrize(
    ("fmt", "file", "text"),
    [
        ("pascal_voc", "a.xml", "<annotation><object>"),
        ("labelbox", "a.ndjson", '{"data_row": {"id": "a"'),
        ("labelbox", "a.ndjson", '{"data_row": 1}'),
        ("pascal_voc", "a.txt", "nothing"),
        ("labelbox", "a.txt", "nothing"),
    ],
)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_in_which_nothing_can_be_read_is_blamed(
    run: Any, tmp_path: Path, name: str, fmt: str, file: str, text: str
) -> None:
    path = tmp_path / file
    path.write_text(text, encoding="utf-8")
    result = run(*command(name, path, tmp_path, "--from", fmt))
    assert (result.status, result.out) == (2, "")
    assert f"nothing in `{path}` can be read: {path}" in result.err
    assert "unknown job" not in result.err


class TestWithoutTheNamesOfTheDataset:
    def test_names_are_not_checked(self, run: Any) -> None:
        result = run("match", "OBJECTS.persn", str(DEMO), "--count", "--ontology", "none")
        assert (result.status, result.out) == (1, "0\n")
        assert "names were not checked" in result.err

    def test_several_datasets_too(self, run: Any) -> None:
        other = str(SAMPLES / "coco" / "supervision_boxes.json")
        assert run("match", "OBJECTS.persn", str(DEMO), other, "--count").status == 2
        assert run("match", "OBJECTS.persn", str(DEMO), other, "--count", "--ontology", "none").status == 1

    def test_a_category_is_known_by_its_key_alone(self, run: Any) -> None:
        for name, number in (("traffic_light", "3"), ('"traffic light"', "0")):
            result = run("match", f"OBJECTS.{name}", str(DEMO), "--count", "--ontology", "none")
            assert result.out == f"{number}\n"

    @pytest.mark.parametrize("name", ["split", "count"])
    def test_commands_take_it(self, run: Any, tmp_path: Path, name: str) -> None:
        assert run(*command(name, DEMO, tmp_path, "--ontology", "none")).status == 0
        assert not (tmp_path / "parts" / "project.json").exists()

    def test_a_cache_has_no_ontology_then(self, run: Any, tmp_path: Path) -> None:
        folder = str(tmp_path / "cache")
        assert run("cache", folder, str(DEMO), "--ontology", "none").status == 0
        assert "no ontology" in run("cache", folder).out

    def test_an_export_needs_one(self, run: Any, tmp_path: Path) -> None:
        result = run(*command("export", DEMO, tmp_path, "--ontology", "none"))
        assert result.status == 2
        assert "an export needs the project" in result.err

    def test_in_python(self) -> None:
        assert not list(kq.scan(DEMO, "OBJECTS.persn", dataset_ontology=False))
        with pytest.raises(kq.QueryError):
            kq.scan(DEMO, "OBJECTS.persn")
        assert split(DEMO, {"a": 0.5}, by=["OBJECTS.persn"], dataset_ontology=False).parts[0].matching


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "is empty"), (b" \n", "is empty"), (b"PK\x03\x04x", "is a zip archive, but damaged or truncated")],
)
@pytest.mark.parametrize("fmt", READERS)
def test_a_file_that_is_no_dataset_at_all(run: Any, tmp_path: Path, fmt: str, data: bytes, reason: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(data)
    result = run("count", path, "--from", fmt)
    assert (result.status, result.out, result.err) == (2, "", f"error: `{path}` {reason}\n")


def test_what_nobody_can_read_is_said_without_a_format(run: Any, tmp_path: Path) -> None:
    wide = DEMO.read_text().encode("utf-16")
    data = {
        "empty.json": (b"", "is empty"),
        "blank.geojson": (b" \n", "is empty"),
        "wide.json": (wide, "is UTF-16 text: save it as UTF-8"),
        "other.json": (b'{"a": 1}', "could be read as a label: no `jsonResponse`"),
    }

    def check(name: str) -> None:
        content, reason = data[name]
        path = tmp_path / name
        path.write_bytes(content)
        for words in (("match", "OBJECTS.person", path), ("count", path), command("export", path, tmp_path)):
            result = run(*words)
            assert (result.status, result.out) == (2, ""), words
            assert result.err.splitlines()[-1].startswith("error: "), words
            assert f"`{path}` {reason}" in result.err, words

    for_each(data)(check)()
    assert run("count", "--json", empty_lines(tmp_path)).status == 0


def empty_lines(folder: Path) -> Path:
    """Return a file of lines without any, which holds no labels."""
    path = folder / "empty.ndjson"
    path.touch()
    return path


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_an_ontology_in_another_encoding(run: Any, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "wide.json"
    path.write_bytes(DEMO.read_text().encode(encoding))
    result = run("check", "OBJECTS.person", "--ontology", path)
    assert (result.status, result.err) == (2, f"error: `{path}` is UTF-16 text: save it as UTF-8\n")


def test_deep_nesting_is_said_in_plain_words(run: Any, tmp_path: Path) -> None:
    deep = "[" * 10_000 + "]" * 10_000
    texts = {
        "tasks.json": f'[{{"data": {{"image": "a.png", "x": {deep}}}, "annotations": []}}]',
        "rows.ndjson": f'{{"data_row": {{"id": "a", "x": {deep}}}, "projects": {{}}}}\n',
        "rows.json": f'[{{"data_row": {{"id": "a", "x": {deep}}}, "projects": {{}}}}]',
        "coco.json": f'{{"images": [{{"id": 1, "x": {deep}}}], "annotations": [], "categories": []}}',
        "data.yaml": "names: [a]\nx: " + deep.replace("[", "[\n ") + "\n",  # one long line takes long to scan
    }

    def check(name: str) -> None:
        path = tmp_path / name
        path.write_text(texts[name])
        result = run("count", path)
        assert (result.status, result.out) == (2, "")
        assert "nested too deep to be read" in result.err
        assert "recursion" not in result.err

    for_each(texts)(check)()


def test_a_pipe_is_read_once(run: Any, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(DEMO.read_bytes(),))
    writer.start()
    result = run("match", "OBJECTS.person", pipe, "--count", "--from", "coco")
    writer.join()
    assert (result.status, result.out) == (0, "13\n")


def test_a_label_that_cannot_be_written_is_not_lost_in_silence(run: Any, tmp_path: Path) -> None:
    document = json.loads(DEMO.read_bytes())
    document["images"][0]["width"] = 10**400
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    result = run("split", path, "-o", tmp_path / "parts")
    assert (result.status, "34 judged" in result.err) == (0, True)
    assert f"1 label in no part, because they cannot be written:\n  {path}: images[0]: is in pixels" in result.err
    assert "1 skipped" in run("export", path, "-f", "coco", "-o", tmp_path / "a.zip").out


def test_classes_that_are_no_numbers(run: Any, tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("names: [cat]", encoding="utf-8")
    for number, word in enumerate(["nan", "inf", "-inf", "1e308", "9" * 30, "cat"]):
        (tmp_path / f"{number}.txt").write_text(f"{word} 0.5 0.5 0.5 0.5", encoding="utf-8")
    (tmp_path / "good.txt").write_text("0 0.5 0.5 0.5 0.5", encoding="utf-8")
    result = run("count", tmp_path)
    assert "6 malformed" in result.err
    assert "must be a number, not `nan`" in result.err


class TestNotes:
    """What is read in another way than it is written is said, whenever it matters for the answer."""

    EXPORT = SAMPLES / "labelbox" / "export.ndjson"
    MASKS = "masks are addresses, which are kept under `source`; they have no shape"

    def test_masks_by_address_are_noted_where_shapes_are_asked_for(self, run: Any, tmp_path: Path) -> None:
        assert f"note: {self.EXPORT}:1: " in run("match", "OBJECTS.road", self.EXPORT).err
        for given in (
            ["match", "OBJECTS.road", self.EXPORT],
            ["export", self.EXPORT, "-f", "jsonl", "-o", tmp_path / "a.jsonl"],
            ["sheet", "OBJECTS.road", self.EXPORT, "-o", tmp_path / "a.png"],
        ):
            result = run(*given)
            assert self.MASKS in result.err, (given, result)
        assert self.MASKS not in run("count", self.EXPORT).err
        assert self.MASKS not in run("match", "OBJECTS.road", self.EXPORT, "--quiet").err

    def test_an_export_of_shapes_counts_them_too(self, run: Any, tmp_path: Path) -> None:
        for fmt in ("coco", "yolo_v8", "pascal_voc"):
            result = run("export", self.EXPORT, "-f", fmt, "-o", tmp_path / fmt)
            assert result.status == 0
            assert "a `semantic` without geometry" in result.out

    def test_notes_of_one_kind_are_one_line(self, run: Any, tmp_path: Path) -> None:
        rows = [{"data_row": {"id": str(n)}, "projects": {"p": {"labels": [mask_of(n)]}}} for n in range(9)]
        path = tmp_path / "a.ndjson"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        result = run("match", "OBJECTS.road", path, "--ids")
        assert "note" not in result.err  # no shape is read for ids
        result = run("match", "OBJECTS.road", path)
        assert f"{self.MASKS} (and at 8 more places)" in result.err


def mask_of(number: int) -> dict[str, Any]:
    """A label of Labelbox with a mask."""
    one = {"feature_id": str(number), "name": "road", "mask": {"url": "https://example.org/m"}}
    return {"id": str(number), "annotations": {"objects": [one]}}
