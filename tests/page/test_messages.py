"""The calls as messages, and labels of any kind in memory: what notebooks and the playground are made of."""

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import kili_query as kq
from kili_query.cache import LabelCache
from kili_query.errors import ArgumentError, SourceError
from kili_query.page.messages import reply
from kili_query.page.playground import Playground
from kili_query.page.reading import source_in_memory
from kili_query.page.showing import show

DEMO = Path(__file__).resolve().parents[2] / "kili_query" / "demo"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
LABELS = [{"id": str(n), "jsonResponse": {"J": {"categories": [{"name": "A"}] * n}}} for n in range(3)]


def asked(answerer: Any, call: str, **request: Any) -> Any:
    answer, data = reply(answerer, {"id": 7, "call": call, "request": request})
    assert (answer["id"], data) == (7, None)
    return answer["answer"] if answer["status"] == 200 else answer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Labels with the project beside them, and the image of one."""
    (tmp_path / "project.json").write_bytes((DEMO / "project.json").read_bytes())
    labels = [json.loads(line) for line in (DEMO / "labels.ndjson").read_text(encoding="utf-8").splitlines()]
    first = labels[0]
    del first["labelOf"]["resolution"]
    (tmp_path / "labels.ndjson").write_text("\n".join(map(json.dumps, labels)), encoding="utf-8")
    (tmp_path / first["labelOf"]["externalId"]).write_bytes(PNG)
    size = {"id": first["labelOf"]["id"], "resolution": {"width": 300, "height": 200}}
    (tmp_path / "assets.ndjson").write_text(json.dumps(size) + "\n", encoding="utf-8")
    return tmp_path


def test_images_come_beside_their_answers(folder: Path) -> None:
    source = source_in_memory(folder / "labels.ndjson")
    pictures = [row["picture"] for row in asked(source, "run", query="", stop=2)["rows"]]
    assert [one["url"] for one in pictures] == ["media/0", None]
    assert [(one["width"], one["height"]) for one in pictures] == [(300, 200), (640, 480)]
    answer, data = reply(source, {"id": 1, "call": "image", "request": {"url": "media/0"}})
    assert (answer, data) == ({"id": 1, "status": 200, "answer": {"type": "image/png"}}, PNG)


@pytest.mark.parametrize("request_of", [{"url": "media/1"}, {"url": "media/99"}, {"url": "../project.json"}, {}, None])
def test_an_image_that_is_not_there_is_an_error(folder: Path, request_of: Any) -> None:
    source = source_in_memory(folder / "labels.ndjson")
    answer, data = reply(source, {"id": 1, "call": "image", "request": request_of})
    assert (answer["status"], answer["answer"]["error"]["message"], data) == (404, "there is no such image", None)


def test_a_message_that_is_not_a_call_is_an_error() -> None:
    source = source_in_memory(LABELS)
    assert asked(source, "delete")["status"] == 404
    assert reply(source, {"id": 1, "call": "run", "request": [1]})[0]["status"] == 400


@pytest.mark.parametrize(
    ("labels", "query", "matched"),
    [
        (LABELS, "J.A.count >= 1", 2),
        (DEMO / "labels.ndjson", "OBJECTS.PERSON.count >= 3", 7),
        (str(DEMO / "instances.json"), "OBJECTS.person.count >= 3", 7),
    ],
    ids=["a list", "a file", "a dataset"],
)
def test_show_counts_what_scan_finds(labels: Any, query: str, matched: int) -> None:
    widget = show(labels, query)
    assert widget.query == query
    answer = asked(widget.source, "run", query=query)
    assert answer["matched"] == matched == sum(1 for _ in kq.scan(labels, query))
    assert answer["source"]["ontology"] == (labels is not LABELS)


def test_show_takes_a_cache_and_its_folder(tmp_path: Path) -> None:
    cache = LabelCache(tmp_path / "cache")
    cache.load(LABELS)
    for labels in (cache, tmp_path / "cache"):
        assert asked(show(labels).source, "run", query="J.A.count >= 1")["matched"] == 2
    other = kq.Ontology.from_json_interface(
        {"jobs": {"K": {"mlTask": "CLASSIFICATION", "content": {"categories": {}}}}}
    )
    recounted = show(cache, ontology=other, policy=kq.CountPolicy("frames")).source
    assert (recounted.n_labels, recounted.ontology, recounted.policy.video) == (3, other, "frames")


def test_show_shows_the_version_of_a_cache(tmp_path: Path) -> None:
    cache = LabelCache(tmp_path / "cache")
    cache.load(LABELS[:1])
    first = cache.at(cache.versions[-1].number)
    cache.load(LABELS)
    for policy in (None, kq.CountPolicy("frames")):
        assert [show(one, policy=policy).source.n_labels for one in (first, cache)] == [1, 3]
    assert show(first).source.title == f"cache, version {first.version}"


def test_show_says_how_to_pass_a_data_frame() -> None:
    for frame in (pl.DataFrame({"id": ["a"]}), pl.LazyFrame({"id": ["a"]})):
        with pytest.raises(ArgumentError, match="pass its rows"):
            show(frame)  # type: ignore[arg-type] # what is tested


def test_an_ontology_that_is_given_counts_more_than_the_one_beside() -> None:
    ontology = kq.Ontology.from_json_interface({"jobs": {}})
    source = show(DEMO / "labels.ndjson", ontology=ontology).source
    assert "unknown job `OBJECTS`" in asked(source, "run", query="OBJECTS.PERSON")["answer"]["error"]["message"]


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "kili_query.page.widget", raising=False)
    with pytest.raises(kq.MissingExtraError, match=r"`kq.show` needs .*kili-query\[widget\]"):
        kq.show(LABELS)


def test_what_is_not_labels_is_refused() -> None:
    with pytest.raises(SourceError, match=r"nothing in `.*` could be read as a label: not a label"):
        show([1, 2])
    with pytest.raises(SourceError, match="could be read as a label: no `jsonResponse`"):
        show([{"name": "a", "version": "1.0.0"}])
    with pytest.raises(TypeError, match="not from `int`"):
        show(3)  # type: ignore[arg-type]


def test_files_that_a_person_picked_are_opened(folder: Path) -> None:
    playground = Playground.of_sample()
    image = next(path.name for path in folder.iterdir() if path.suffix == ".jpg")
    assert playground.open(str(folder), ["assets.ndjson", "project.json", "labels.ndjson"]) == ""
    assert asked(playground.source, "run", query="OBJECTS.PERSON.count >= 3")["matched"] == 7
    command = asked(playground.source, "check", query="OBJECTS.PERSON.count >= 3")["snippets"][0]["text"]
    assert command.endswith("--ontology project.json -- 'OBJECTS.PERSON.count >= 3' labels.ndjson")
    assert playground.open(str(folder.parent), [f"{folder.name}/labels.ndjson", f"{folder.name}/{image}"]) == ""
    assert asked(playground.source, "run", query="")["source"]["title"] == folder.name


def test_a_broken_line_is_named_by_its_file_alone(tmp_path: Path) -> None:
    playground = Playground.of_sample()
    (tmp_path / "labels.ndjson").write_text(f"{json.dumps(LABELS[1])}\n{{\n", encoding="utf-8")
    assert playground.open(str(tmp_path), ["labels.ndjson"]) == ""
    [row] = asked(playground.source, "run", query="", list="malformed")["rows"]
    assert row["place"] == "labels.ndjson:2"
    assert str(tmp_path) not in json.dumps(row)


def test_files_that_cannot_be_opened_leave_what_was_open(tmp_path: Path) -> None:
    playground = Playground.of_sample()
    (tmp_path / "notes.txt").write_text("milk\n", encoding="utf-8")
    error = json.loads(playground.open(str(tmp_path), ["notes.txt"]))["error"]
    assert "notes.txt" in error["message"]
    assert str(tmp_path) not in error["message"]
    assert asked(playground.source, "run", query="")["total"] == 34
