"""Plain labels, labels of files and labels of a cache answer every call alike, and as the engines of queries do."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import kili_query as kq
from kili_query.cache import LabelCache
from kili_query.ontology import Ontology
from kili_query.page.cached import CacheSource, FileSource
from kili_query.page.calls import answer
from kili_query.page.plain import PlainSource
from kili_query.page.source import PageSource
from kili_query.scanning import content_of
from tests.dense import World
from tests.shared_data import data_set

Label = dict[str, Any]

ODD: list[Label] = [
    {"id": "unknown"},
    {"id": "text", "jsonResponse": "{no json"},
    {"id": "null", "jsonResponse": None},
    {"id": "malformed", "jsonResponse": {"S": {"categories": [{"name": "A"}]}, "J": {"annotations": 3}}},
    {"id": "list", "jsonResponse": []},
    {"id": "odd text", "jsonResponse": '{"S": {"categories": [{"name": "A"}]}}', "author": "nobody", "labelOf": 7},
]


def sources(labels: Sequence[Label], ontology: Ontology | None, folder: Path) -> list[PageSource]:
    """The same labels in every backend."""
    cache = LabelCache(folder / "cache")
    cache.load(list(labels), ontology=ontology)
    about = {"ontology": ontology, "title": "t"}
    return [
        PlainSource.of(list(labels), **about),
        FileSource.of(list(labels), **about),
        CacheSource.of(str(cache.folder), title="t"),
    ]


def ids_found(source: PageSource, query: str) -> list[str]:
    """The ids of the labels that match, by the call `run`."""
    found = answer(source, "run", {"query": query, "stop": 500, "pictures": False})
    assert found["matched"] == len(found["rows"])
    return sorted(row["id"] for row in found["rows"])


def check_others(source: PageSource, query: str, matching: list[str]) -> None:
    """The others are all labels that can be judged and do not match, and their number follows from the figures."""
    found = answer(source, "run", {"query": query, "list": "others", "stop": 500, "pictures": False})
    others = [row["id"] for row in found["rows"]]
    assert len(others) == found["total"] - found["matched"] - found["unknown"] - found["malformed"]
    assert not set(others) & set(matching)
    assert all(
        answer(source, "run", {"query": query, "label": row["index"]})["label"]["matches"] is False
        for row in found["rows"][:3]
    )


def ids_matching(labels: Sequence[Label], query: str, ontology: Ontology | None) -> list[str]:
    """The same by a scan, as `kili-query match` does it."""
    return sorted(str(one["id"]) for one in kq.scan(list(labels), query, ontology=ontology))


def check_histogram(source: PageSource, labels: Sequence[Label], query: str) -> None:
    """Each bin is what counting the labels that match gives, and its clause finds exactly those."""
    found = answer(source, "histogram", {"query": query})
    among = set(ids_found(source, query))
    counts = {one["id"]: counted(one, source) for one in labels}
    for category in found["categories"]:
        pair = (category["job"], category["category"])
        for part in category["bins"]:
            values = range(part["first"], part["last"] + 1)
            inside = {name for name, of in counts.items() if of is not None and of.get(pair, 0) in values}
            assert (part["all"], part["matching"]) == (len(inside), len(among & inside))


def counted(label: Label, source: PageSource) -> dict[tuple[str, str], int] | None:
    try:
        return kq.count(content_of(label), ontology=source.ontology)
    except kq.LabelError:
        return None


@pytest.mark.parametrize("seed", range(3))
def test_backends_agree_on_dense_worlds(seed: int, tmp_path: Path) -> None:
    world = World(seed)
    labels = [{"id": f"l{n}", "jsonResponse": world.label(obeys=n % 3 > 0)} for n in range(40)] + ODD
    backends = sources(labels, world.ontology, tmp_path)
    tried = 0
    while tried < 6:
        query = world.query()
        if "error" in answer(backends[0], "run", {"query": query}):
            continue
        tried += 1
        for source in backends:
            matching = ids_matching(labels, query, world.ontology)
            assert ids_found(source, query) == matching, (source, query)
            check_others(source, query, matching)
        plain, *others = (answer(source, "histogram", {"query": query}) for source in backends)
        assert all(other == plain for other in others)
    check_histogram(backends[0], labels, query)


QUERIES = (
    "",
    "OBJECTS.PERSON.count >= 3",
    "OBJECTS.PERSON.count + OBJECTS.CAR.count >= 2 AND NOT SCENE.FOOD",
    'OBJECTS."traffic light" OR OBJECTS.C*.count in {1, 2}',
    "TRUE",
    "OBJECTS.PERSON.count < 0",
)


@pytest.mark.parametrize("query", QUERIES)
def test_backends_agree_on_real_labels(query: str, real: "list[PageSource]") -> None:
    plain, *others = real
    for call in ("check", "run", "histogram"):
        expected = answer(plain, call, {"query": query})
        for source in others:
            found = answer(source, call, {"query": query})
            if call == "check":  # each names its own source
                found, expected = ({**one, "snippets": None} for one in (found, expected))
            assert found == expected
    labels = plain.labels(range(plain.n_labels))
    assert ids_found(plain, query) == ids_matching(labels, query or "TRUE", plain.ontology)
    check_histogram(plain, labels, query)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> list[PageSource]:
    folder = data_set("coco-mini")
    labels = sorted(PlainSource.of(str(folder / "labels.ndjson")).labels(range(80)), key=lambda one: one["createdAt"])
    labels.sort(key=lambda one: (one["createdAt"], one["id"]))
    return sources(labels, Ontology.load(folder / "project.json"), tmp_path_factory.mktemp("real"))


def test_a_file_may_have_an_id_twice_and_labels_without_any(tmp_path: Path) -> None:
    label = {"jsonResponse": {"S": {"categories": [{"name": "A"}]}}}
    path = tmp_path / "labels.ndjson"
    path.write_text("\n".join([*map(json.dumps, [label, {"id": 1, **label}, {"id": 1, **label}]), "no label"]))
    source = FileSource.of(str(path))
    found = answer(source, "run", {"query": "S.A"})
    assert [row["id"] for row in found["rows"]] == [None, "1", "1"]
    assert (found["total"], found["matched"], found["malformed"]) == (4, 3, 1)


def test_a_bin_adds_what_it_shows(real: list[PageSource]) -> None:
    query = "OBJECTS.PERSON.count >= 1"
    for category in answer(real[1], "histogram", {"query": query})["categories"][::7]:
        for part in category["bins"]:
            added = answer(real[1], "format", {"query": query, "add": part["clause"]})["query"]
            assert answer(real[1], "run", {"query": added, "pictures": False})["matched"] == part["matching"]


def test_labels_that_cannot_be_judged_are_listed_with_their_reasons(tmp_path: Path) -> None:
    for source in sources(ODD, None, tmp_path):
        for query in ("", "J.B"):
            unknown, malformed = (
                {
                    row["id"]: row["reason"]
                    for row in answer(source, "run", {"query": query, "list": name, "pictures": False})["rows"]
                }
                for name in ("unknown", "malformed")
            )
            assert set(unknown) == {"unknown", "text", "null"}
            assert set(malformed) == {"malformed", "list"}
            assert "null" in unknown["null"]
            assert malformed["malformed"] == "`annotations` must be a list (at `J.annotations`)"


def test_a_source_may_have_no_label_that_can_be_counted(tmp_path: Path) -> None:
    odd = {"mid": "a", "categories": [{"name": "X"}], "children": 3}
    labels = [{"id": "odd", "jsonResponse": {"J": {"annotations": [odd]}}}]
    for source in sources(labels, None, tmp_path):
        query = "J.X[K.Y].count >= 1"
        found = answer(source, "run", {"query": query, "list": "malformed"})
        others = answer(source, "run", {"query": query, "list": "others"})
        assert (found["malformed"], found["listed"], others["listed"]) == (1, 1, 0), found
        assert "children" in found["rows"][0]["reason"]


def test_records_that_are_no_labels_are_listed_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "labels.ndjson"
    path.write_text('{"id": "a", "jsonResponse": {}}\n{"id":\n' + "7\n" * 1_200)
    for source in (PlainSource.of(str(path)), FileSource.of(str(path))):
        found = answer(source, "run", {"query": "", "list": "malformed", "start": 0, "stop": 2})
        assert (found["malformed"], found["listed"]) == (1_201, 1_000)
        assert [row["place"] for row in found["rows"]] == [f"{path}:2", f"{path}:3"]
        assert found["rows"][1]["reason"] == "not a label: it must be a JSON object"
        assert answer(source, "run", {"query": "", "list": "malformed", "start": 1_000})["rows"] == []
        assert "must be one of" in answer(source, "run", {"query": "", "list": "all"})["error"]["message"]


def test_an_ontology_of_another_project_is_noticed(tmp_path: Path) -> None:
    labels: list[Label] = [{"id": "a", "jsonResponse": {"J": {"categories": [{"name": "X"}]}}}]
    other = Ontology.from_json_interface({"jobs": {"K": {"mlTask": "CLASSIFICATION", "content": {"categories": {}}}}})
    for source in sources(labels, other, tmp_path):
        (note,) = answer(source, "run", {"query": ""})["source"]["notes"]
        assert note == "the ontology may be of another project: it has none of the jobs that labels hold: `J`"


def test_totals_add_up(tmp_path: Path) -> None:
    for source in sources(ODD, None, tmp_path):
        found = answer(source, "run", {"query": "S.A"})
        assert Counter(row["id"] for row in found["rows"]) == Counter({"malformed": 1, "odd text": 1})
        assert (found["total"], found["unknown"]) == (6, 3)
