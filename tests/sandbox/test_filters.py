"""Which labels and assets the filters of a request select, and in which order their pages come."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from tests.sandbox.boxes import Asker, box_of, write_project

ANN = {"id": "u1", "email": "ann@example.com", "firstname": "Ann", "lastname": "Lee"}
BOB = {"id": "u2", "email": "bob@example.com", "firstname": "Bob", "lastname": "Ray"}

ASSETS: list[dict[str, Any]] = [
    {
        "id": "a1",
        "externalId": "one.jpg",
        "createdAt": "2024-01-01T08:00:00.000Z",
        "status": "TO_REVIEW",
        "consensusMark": 0.25,
        "honeypotMark": 0.5,
        "inferenceMark": 0.75,
        "jsonMetadata": {"city": "Oslo", "year": 2020, "night": True},
        "resolution": {"width": 640, "height": 480},
        "content": "https://example.com/one.jpg",
        "isHoneypot": True,
        "priority": 3,
    },
    {
        "id": "a2",
        "externalId": "two.jpg",
        "createdAt": "2024-01-02T08:00:00.000Z",
        "updatedAt": "2024-03-01T08:00:00.000Z",
        "skipped": True,
        "jsonMetadata": '{"city": "Rome", "year": 2021}',
    },
    {
        "id": "a3",
        "externalId": "twenty-one.jpg",
        "createdAt": "2024-01-03T08:00:00.000Z",
        "pageResolutions": [{"pageNumber": 1, "width": 10, "height": 20, "rotation": 0}],
    },
]
LABELS: list[dict[str, Any]] = [
    {
        "id": "l1",
        "assetId": "a1",
        "author": ANN,
        "createdAt": "2024-02-01T09:00:00.000Z",
        "labelType": "DEFAULT",
        "honeypotMark": 0.5,
        "consensusMark": 0.25,
        "secondsToLabel": 7,
        "jsonResponse": {"SCENE": {"categories": [{"name": "INDOOR"}]}},
    },
    {
        "id": "l2",
        "assetId": "a1",
        "author": BOB,
        "createdAt": "2024-02-01T23:59:59.999Z",
        "labelType": "REVIEW",
        "honeypotMark": 1,
        "jsonResponse": {"SCENE": {"categories": [{"name": "OUTDOOR"}]}},
    },
    {
        "id": "l3",
        "assetId": "a2",
        "author": ANN,
        "createdAt": "2024-02-02T00:00:00.000Z",
        "labelType": "PREDICTION",
        "modelName": "yolo",
        "jsonResponse": {},
    },
    {
        "id": "l4",
        "assetId": "a2",
        "author": BOB,
        "createdAt": "2024-02-03T12:00:00.000Z",
        "labelType": "AUTOSAVE",
        "jsonResponse": {"SCENE": {"categories": [{"name": "INDOOR"}]}},
    },
    {
        "id": "l5",
        "assetId": "a2",
        "author": BOB,
        "createdAt": "2024-02-04T12:00:00+02:00",
        "labelType": "INFERENCE",
        "modelName": "yolo",
        "jsonResponse": {},
    },
]
EVERY_LABEL = [label["id"] for label in LABELS]
EVERY_ASSET = [asset["id"] for asset in ASSETS]


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with box_of(write_project(tmp_path_factory.mktemp("filters"), LABELS, ASSETS)) as asker:
        yield asker


NO_FILTERS = {
    "id": None,
    "idIn": [],
    "authorIn": [],
    "typeIn": None,
    "search": "",
    "project": {},
    "asset": {"label": {}, "issue": {}, "project": {"id": None}, "metadata": {}},
    "user": {"activated": None, "email": None, "id": None, "idIn": None, "organization": {"id": None}},
}


class TestLabels:
    @pytest.mark.parametrize("name", [None, *NO_FILTERS])
    def test_what_is_no_filter(self, asker: Asker, name: str | None) -> None:
        assert asker.ids(**(NO_FILTERS if name is None else {name: NO_FILTERS[name]})) == EVERY_LABEL

    @pytest.mark.parametrize("where", [{"search": None}, {"asset": None}, {"idIn": None}, {"authorIn": None}], ids=repr)
    def test_null(self, asker: Asker, where: dict[str, object]) -> None:
        assert asker.ids(**where) == EVERY_LABEL

    @pytest.mark.parametrize(
        ("where", "found"),
        [
            ({"id": "l2"}, "l2"),
            ({"id": "none"}, ""),
            ({"idIn": ["l5", "l1", "l1", "none"]}, "l1 l5"),
            ({"typeIn": ["DEFAULT", "REVIEW"]}, "l1 l2"),
            ({"typeIn": ["AUTOSAVE"]}, "l4"),
            ({"typeIn": ["PREDICTION"]}, "l3"),
            ({"typeIn": ["INFERENCE"]}, "l5"),
            ({"project": {"id": "p"}}, "l1 l2 l3 l4 l5"),
            ({"project": {"id": "other"}}, ""),
            ({"authorIn": ["Ann"]}, "l1 l3"),
            ({"authorIn": ["Ray"]}, "l2 l4 l5"),
            ({"authorIn": ["Ann Lee", "nobody"]}, "l1 l3"),
            ({"authorIn": ["ann"]}, ""),
            ({"authorIn": [""]}, ""),
            ({"labelerIn": ["Ann"]}, "l1"),
            ({"labelerNotIn": ["u1"]}, "l2 l3 l4 l5"),
            ({"reviewerIn": ["bob@example.com"]}, "l2"),
            ({"reviewerNotIn": ["bob@example.com"]}, "l1 l3 l4 l5"),
            ({"user": {"id": "u1"}}, "l1 l3"),
            ({"user": {"idIn": ["u1", "u2"]}}, "l1 l2 l3 l4 l5"),
            ({"user": {"email": "bob@example.com", "activated": True}}, "l2 l4 l5"),
            ({"user": {"activated": False}}, ""),
            ({"createdAt": "2024-02-01"}, "l1 l2"),
            ({"createdAt": "2024-02-01T09:00:00.000Z"}, "l1"),
            ({"createdAtGte": "2024-02-02"}, "l3 l4 l5"),
            ({"createdAtLte": "2024-02-01"}, "l1 l2"),
            ({"createdAtGte": "2024-02-01T10:00:00Z", "createdAtLte": "2024-02-03"}, "l2 l3 l4"),
            ({"createdAt": "2024-02-04T10:00:00Z"}, "l5"),
            ({"honeypotMarkGte": 0.5}, "l1 l2"),
            ({"honeypotMarkLte": 0.5}, "l1"),
            ({"honeypotMarkGte": 1, "honeypotMarkLte": 1}, "l2"),
            ({"consensusMarkGte": 0}, "l1"),
            ({"consensusMarkLte": 0}, ""),
            ({"search": "SCENE.INDOOR.count > 0"}, "l1 l4"),
            ({"search": "SCENE.INDOOR.count == 0", "typeIn": ["REVIEW"]}, "l2"),
            ({"asset": {"id": "a1"}}, "l1 l2"),
            ({"asset": {"statusIn": ["TO_REVIEW"]}}, "l1 l2"),
            ({"asset": {"externalIdIn": ["two"]}}, "l3 l4 l5"),
            ({"asset": {"label": {"typeIn": ["AUTOSAVE"]}}, "typeIn": ["PREDICTION"]}, "l3"),
            ({"asset": {"label": {"search": "SCENE.OUTDOOR.count > 0"}}}, "l1 l2"),
        ],
        ids=repr,
    )
    def test_one_filter(self, asker: Asker, where: dict[str, object], found: str) -> None:
        assert asker.ids(**where) == found.split()

    @pytest.mark.parametrize(
        ("where", "message"),
        [
            ({"createdAt": "yesterday"}, "not a time: write `yesterday` like `2024-02-01` or `2024-02-01T09:30:00Z`"),
            ({"createdAtGte": "2024-02-30"}, "not a time: write `2024-02-30`"),
            ({"search": "SCENE.INDOOR.count"}, "bad category search: "),
            ({"search": " "}, "bad category search: "),
            ({"search": "not (SCENE.INDOOR.count > 0)"}, "bad category search: "),
            ({"user": {"apiKey": "k"}}, "the filter `user.apiKey` is unsupported"),
            ({"user": {"organization": {"id": "o"}}}, "the filter `user.organization` is unsupported"),
            ({"asset": {"metadata": "Oslo"}}, "`metadata` must be an object"),
            ({"id": "a\0b"}, "not a value to select by"),
        ],
        ids=repr,
    )
    def test_refused(self, asker: Asker, where: dict[str, object], message: str) -> None:
        query = "query ($where: LabelWhere!) { data: countLabels(where: $where) }"
        assert asker.refusal(query, where=where).startswith(message)

    def test_nested_too_deep(self, asker: Asker) -> None:
        where: dict[str, object] = {"id": "l1"}
        for _ in range(50):
            where = {"asset": {"label": where}}
        query = "query ($where: LabelWhere!) { data: countLabels(where: $where) }"
        assert asker.refusal(query, where=where) == "filters of labels and assets are nested too deep"

    def test_sql_is_no_filter(self, asker: Asker) -> None:
        for text in ("' OR 1=1 --", '"', "%", "a1') --"):
            assert asker.ids(id=text) == []
            assert asker.ids(authorIn=[text]) == []
            assert asker.asset_ids(externalIdIn=[text]) == []

    def test_long_lists(self, asker: Asker) -> None:
        ids = [f"none{number}" for number in range(20_000)]
        assert asker.ids(idIn=[*ids, "l3"]) == ["l3"]


class TestAssets:
    @pytest.mark.parametrize(
        ("where", "found"),
        [
            ({}, "a1 a2 a3"),
            ({"label": {}, "issue": {}, "project": {}}, "a1 a2 a3"),
            ({"id": "a2"}, "a2"),
            ({"idIn": ["a3", "a1"]}, "a1 a3"),
            ({"idNotIn": ["a1"]}, "a2 a3"),
            ({"externalIdIn": ["one"]}, "a1 a3"),
            ({"externalIdIn": ["one", "two"]}, "a1 a2 a3"),
            ({"externalIdStrictlyIn": ["one.jpg", "two"]}, "a1"),
            ({"statusIn": ["TO_REVIEW"]}, "a1"),
            ({"statusIn": ["TODO", "ONGOING"]}, "a2 a3"),
            ({"skipped": True}, "a2"),
            ({"skipped": False}, "a1 a3"),
            ({"project": {"id": "other"}}, ""),
            ({"createdAtGte": "2024-01-02"}, "a2 a3"),
            ({"createdAtLte": "2024-01-02"}, "a1 a2"),
            ({"updatedAtGte": "2024-02-01"}, "a2"),
            ({"updatedAtLte": "2024-02-01"}, "a1 a3"),
            ({"consensusMarkGte": 0.25, "honeypotMarkLte": 0.5, "inferenceMarkGte": 0.7}, "a1"),
            ({"inferenceMarkLte": 0.7}, ""),
            ({"metadata": {"city": "Oslo"}}, "a1"),
            ({"metadata": {"city": ["Oslo", "Rome"]}}, "a1 a2"),
            ({"metadata": {"year": [2021, 2030]}}, "a2"),
            ({"metadata": {"year": 2020, "city": "Rome"}}, ""),
            ({"metadata": {"nothing": "x"}}, ""),
            ({"issue": {"status": "OPEN"}}, ""),
            ({"label": {"typeIn": ["REVIEW"]}}, "a1"),
            ({"label": {"search": "SCENE.INDOOR.count > 0"}}, "a1 a2"),
            ({"label": {"search": "SCENE.INDOOR.count > 0", "typeIn": ["DEFAULT"], "authorIn": ["Ann"]}}, "a1"),
            ({"label": {"search": "SCENE.INDOOR.count > 0", "typeIn": ["REVIEW"]}}, ""),
        ],
        ids=repr,
    )
    def test_one_filter(self, asker: Asker, where: dict[str, object], found: str) -> None:
        assert asker.asset_ids(**where) == found.split()

    def test_all_fields(self, asker: Asker) -> None:
        fields = (
            "id externalId content jsonContent jsonMetadata ocrMetadata status createdAt updatedAt isHoneypot skipped"
            " consensusMark honeypotMark inferenceMark duration priority isUsedForConsensus toBeLabeledBy { id }"
            " pageResolutions { pageNumber height width rotation } resolution { height width } geospatialExportMetadata"
            " labels { id } latestLabel { id } latestLabels { id } project { id }"
        )
        first, second, third = asker.assets(fields)
        assert first == {
            "id": "a1",
            "externalId": "one.jpg",
            "content": "https://example.com/one.jpg",
            "jsonContent": "",
            "jsonMetadata": '{"city": "Oslo", "year": 2020, "night": true}',
            "ocrMetadata": None,
            "status": "TO_REVIEW",
            "createdAt": "2024-01-01T08:00:00.000Z",
            "updatedAt": None,
            "isHoneypot": True,
            "skipped": False,
            "consensusMark": 0.25,
            "honeypotMark": 0.5,
            "inferenceMark": 0.75,
            "duration": None,
            "priority": 3,
            "isUsedForConsensus": False,
            "toBeLabeledBy": [],
            "pageResolutions": None,
            "resolution": {"height": 480, "width": 640},
            "geospatialExportMetadata": None,
            "labels": [{"id": "l1"}, {"id": "l2"}],
            "latestLabel": {"id": "l2"},
            "latestLabels": [{"id": "l1"}, {"id": "l2"}],
            "project": {"id": "p"},
        }
        assert [label["id"] for label in second["labels"]] == ["l3", "l4", "l5"]
        assert (second["latestLabel"], second["latestLabels"], second["status"]) == (None, [], "ONGOING")
        assert (third["labels"], third["status"], third["jsonMetadata"], third["content"]) == ([], "TODO", "{}", "")
        assert third["pageResolutions"] == [{"pageNumber": 1, "height": 20, "width": 10, "rotation": 0}]


@pytest.fixture(scope="module")
def ties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    random = Random(7)
    numbers = random.sample(range(1000), 250)
    times = [f"2024-01-0{random.randint(1, 3)}T08:00:00.000Z" for _ in numbers]
    assets = [{"id": f"a{number:03d}", "createdAt": time} for number, time in zip(numbers, times, strict=True)]
    labels = [
        {"id": f"l{number:03d}", "assetId": f"a{number:03d}", "createdAt": time, "jsonResponse": {}}
        for number, time in zip(numbers, times, strict=True)
    ]
    with box_of(write_project(tmp_path_factory.mktemp("ties"), labels, assets)) as asker:
        yield asker


class TestPaging:
    """Many labels and assets of the same time: their ids decide, and pages join without a gap or a repeat."""

    @pytest.mark.parametrize("size", [1, 7, 100])
    def test_pages_join(self, ties: Asker, size: int) -> None:
        total = 250 if size > 1 else 20
        for ask, count in ((ties.labels, ties.count), (ties.assets, ties.count_assets)):
            pages = [ask("id createdAt", first=size, skip=skip) for skip in range(0, total, size)]
            rows = [row for page in pages for row in page]
            keys = [(row["createdAt"], row["id"]) for row in rows]
            assert keys == sorted(set(keys))
            assert len(keys) == total
            assert count() == 250

    def test_under_a_filter(self, ties: Asker) -> None:
        where = {"createdAt": "2024-01-02"}
        rows = [row["id"] for skip in range(0, 250, 30) for row in ties.labels(first=30, skip=skip, **where)]
        assert rows == ties.ids(**where)
        assert 0 < len(rows) < 250
