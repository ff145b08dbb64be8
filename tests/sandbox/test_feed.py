"""The change feed: which changes are events, in what order, under which filters; and accounts that have none."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kili_query.protocol import EVENTS, EventName
from kili_query.sandbox import Sandbox
from kili_query.sandbox.project import ORGANIZATION_ID, OWNER
from tests.sandbox.boxes import Asker, asking, box_of, write_project

ASSETS = [
    {"id": f"a{number}", "externalId": f"{number}.jpg", "createdAt": f"2024-01-0{number + 1}"} for number in range(3)
]
LABELS = [
    {
        "id": f"old-{label_type.lower()}",
        "assetId": "a0",
        "labelType": label_type,
        "createdAt": f"2024-02-0{number + 1}",
        "author": {"id": "ann", "email": "ann@example.com"},
        "jsonResponse": {},
    }
    for number, label_type in enumerate(("DEFAULT", "AUTOSAVE", "REVIEW", "PREDICTION", "INFERENCE"))
]
INSIDE = '{"SCENE": {"categories": [{"name": "INDOOR"}]}}'
DELETE = "mutation ($ids: [ID!]!) { data: deleteLabels(ids: $ids) }"
UPDATE = "mutation ($w: LabelWhere!, $d: LabelData!) { data: updatePropertiesInLabel(where: $w, data: $d) { id } }"
HONEYPOT = "mutation ($w: AssetWhere!, $d: CreateHoneypotData!) { data: createHoneypot(where: $w, data: $d) { id } }"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_project(tmp_path / "p", LABELS, ASSETS)


@pytest.fixture
def asker(folder: Path) -> Iterator[Asker]:
    with box_of(folder) as asker:
        yield asker


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """For tests that change nothing."""
    with box_of(write_project(tmp_path_factory.mktemp("imported") / "p", LABELS, ASSETS)) as asker:
        yield asker


def events(
    asker: Asker, order: str | None = "asc", pagination: dict[str, object] | None = None, **where: object
) -> Any:
    window = {"skip": 0, "first": 100, "fromEventId": None, "untilEventId": None, **(pagination or {})}
    return asker.data(EVENTS.document(), where={"projectId": "p", **where}, pagination=window, order=order)


def told(asker: Asker, number: int) -> list[tuple[object, object, object]]:
    """The last events: name, asset and label of each."""
    return [
        (event["event"], event["payload"]["assetId"], event["payload"].get("labelId"))
        for event in events(asker)[-number:]
    ]


def test_what_was_imported(imported: Asker) -> None:
    """In the order of the times; a draft is no event."""
    found = events(imported)
    assert [event["event"] for event in found] == [
        *["asset.created"] * 3,
        *(f"label.workflow.created.{kind}" for kind in ("default", "review", "prediction", "inference")),
    ]
    assert found[3] == {
        "createdAt": "2024-02-01T00:00:00.000Z",
        "event": "label.workflow.created.default",
        "id": "event-000000000004",
        "organizationId": ORGANIZATION_ID,
        "payload": {"assetId": "a0", "externalId": "0.jpg", "labelId": "old-default"},
        "projectId": "p",
        "userId": "ann",
    }
    assert found[0]["payload"] == {"assetId": "a0", "externalId": "0.jpg"}
    assert found[0]["userId"] == OWNER.id


@pytest.mark.parametrize("label_type", ["DEFAULT", "REVIEW", "PREDICTION", "INFERENCE"])
def test_new_labels(asker: Asker, label_type: str) -> None:
    given = [{"assetID": asset, "jsonResponse": "{}", "authorID": "ann"} for asset in ("a1", "a2")]
    ids = asker.append(*given, label_type=label_type)
    name = f"label.workflow.created.{label_type.lower()}"
    assert told(asker, 2) == [(name, "a1", ids[0]), (name, "a2", ids[1])]
    label, event = asker.labels("createdAt author { id }", id=ids[1])[0], events(asker)[-1]
    assert (event["createdAt"], event["userId"]) == (label["createdAt"], label["author"]["id"])


def test_a_draft_raises_none(asker: Asker) -> None:
    before = events(asker)
    asker.append({"assetID": "a1", "jsonResponse": "{}"}, label_type="AUTOSAVE")
    assert events(asker) == before


def test_a_change(asker: Asker) -> None:
    asker.data(UPDATE, w={"id": "old-default"}, d={"jsonResponse": INSIDE})
    assert told(asker, 1) == [("label.workflow.edited", "a0", "old-default")]
    assert events(asker)[-1]["userId"] == OWNER.id
    [label] = asker.labels("updatedAt", id="old-default")
    assert events(asker)[-1]["createdAt"] == label["updatedAt"]


def test_overwriting(asker: Asker) -> None:
    """The label in whose place it stands is gone without an event."""
    given = {"assetID": "a0", "jsonResponse": INSIDE, "modelName": "m"}
    [first] = asker.append(given, label_type="PREDICTION", overwrite=True)
    [second] = asker.append(given, label_type="PREDICTION", overwrite=True)
    created = "label.workflow.created.prediction"
    assert told(asker, 2) == [(created, "a0", first), ("label.workflow.edited", "a0", second)]
    assert not asker.ids(id=first)


def test_deleting_raises_none(asker: Asker) -> None:
    before = events(asker)
    asker.data(DELETE, ids=["old-prediction", "old-inference"])
    assert events(asker) == before


def test_a_honeypot(asker: Asker) -> None:
    label = asker.data(HONEYPOT, w={"id": "a1"}, d={"jsonResponse": INSIDE})
    assert told(asker, 2) == [
        ("label.workflow.created.honeypot", "a1", label["id"]),
        ("asset.updated", "a1", None),
    ]
    assert events(asker)[-1]["payload"] == {"assetId": "a1", "externalId": "1.jpg", "fields": ["isHoneypot"]}


def test_what_is_refused_raises_none(asker: Asker) -> None:
    """The event belongs to the transaction of the change."""
    before = events(asker)
    good, bad = {"assetID": "a1", "jsonResponse": "{}"}, {"assetID": "a1", "jsonResponse": "{}", "authorID": "nobody"}
    data = {"labelType": "DEFAULT", "labelsData": [good, bad]}
    asker.refusal("mutation ($d: AppendManyLabelsData!) { data: appendManyLabels(data: $d, where: {}) { id } }", d=data)
    asker.refusal(DELETE, ids=["old-prediction", "none"])
    assert events(asker) == before


def test_ids_and_times_ascend(asker: Asker) -> None:
    with ThreadPoolExecutor(4) as pool:
        given = [{"assetID": "a1", "jsonResponse": "{}"}] * 5
        ids = [key for keys in pool.map(lambda _: asker.append(*given), range(4)) for key in keys]
    found = events(asker)
    assert {event["payload"].get("labelId") for event in found} >= set(ids)
    for key in ("id", "createdAt"):
        assert [event[key] for event in found] == sorted(event[key] for event in found)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, "1234567"),
        ({"event": "asset.created"}, "123"),
        ({"event": "label.workflow.edited"}, ""),
        ({"event": "label.workflow"}, ""),
        ({"userId": "ann"}, "4567"),
        ({"userId": OWNER.id, "event": "asset.created"}, "123"),
        ({"userId": "nobody"}, ""),
        ({"organizationId": ORGANIZATION_ID}, "1234567"),
        ({"organizationId": "other"}, ""),
        ({"projectId": "other"}, ""),
        ({"createdAtGte": "2024-01-03"}, "34567"),
        ({"createdAtGte": "2024-01-03T00:00:00.001Z", "createdAtLte": "2024-02-03"}, "45"),
        ({"event": None, "userId": None, "createdAtGte": None}, "1234567"),
    ],
)
def test_filters(imported: Asker, where: dict[str, object], expected: str) -> None:
    assert "".join(event["id"][-1] for event in events(imported, **where)) == expected


@pytest.mark.parametrize(
    ("order", "pagination", "expected"),
    [
        (None, {}, "1234567"),
        ("desc", {}, "7654321"),
        ("asc", {"first": 2, "skip": 1}, "23"),
        ("desc", {"first": 2, "skip": 1}, "65"),
        ("asc", {"first": None, "skip": None}, "1234567"),
        ("asc", {"skip": 7}, ""),
        ("asc", {"first": 0}, ""),
        ("asc", {"fromEventId": "event-000000000003"}, "34567"),
        ("asc", {"untilEventId": "event-000000000003"}, "123"),
        ("desc", {"fromEventId": "event-000000000003", "untilEventId": "event-000000000005"}, "543"),
        ("asc", {"fromEventId": "event-000000000003", "first": 2, "skip": 1}, "45"),
        ("asc", {"fromEventId": "event-000000000005", "untilEventId": "event-000000000003"}, ""),
    ],
)
def test_pages(imported: Asker, order: str | None, pagination: dict[str, object], expected: str) -> None:
    assert "".join(event["id"][-1] for event in events(imported, order, pagination)) == expected


@pytest.mark.parametrize(
    ("pagination", "message"),
    [
        ({"first": 101}, "`first` is 101: a page has 100 items at most"),
        ({"skip": -1}, "`skip` is -1: it counts items, from 0"),
        ({"fromEventId": "event-000000000008"}, "there is no event `event-000000000008`"),
        ({"untilEventId": "7"}, "there is no event `7`"),
    ],
)
def test_refusals(imported: Asker, pagination: dict[str, object], message: str) -> None:
    where = {"projectId": "p"}
    assert imported.refusal(EVENTS.document(), where=where, pagination=pagination) == message


def test_a_project_must_be_named(imported: Asker) -> None:
    assert "projectId" in imported.refusal(EVENTS.document(), where={}, pagination={})


def test_an_account_without_a_feed(folder: Path) -> None:
    with box_of(folder, has_feed=False) as asker:
        answer = asker.answer(EVENTS.document(), where={"projectId": "p"}, pagination={})
        messages = [error["message"] for error in answer["errors"]]
        assert any(message.startswith("Cannot query field 'events' on type 'Query'") for message in messages)
        assert asker.append({"assetID": "a1", "jsonResponse": "{}"})


class TestKeeping:
    def test_it_is_kept(self, folder: Path, tmp_path: Path) -> None:
        with box_of(folder, database=tmp_path / "box.db") as asker:
            asker.append({"assetID": "a1", "jsonResponse": "{}"})
            before = events(asker)
        with Sandbox(database=tmp_path / "box.db") as box:
            assert events(asking(box)) == before

    def test_a_database_from_before_there_was_a_feed(self, folder: Path, tmp_path: Path) -> None:
        database = tmp_path / "box.db"
        with box_of(folder, database=database) as asker:
            labels = asker.ids()
        with sqlite3.connect(database) as connection:
            connection.executescript("DROP TABLE events; PRAGMA user_version = 1;")
        connection.close()
        with Sandbox(database=database) as box:
            asker = asking(box)
            assert (asker.ids(), events(asker)) == (labels, [])
            asker.append({"assetID": "a1", "jsonResponse": "{}"})
            assert [event["event"] for event in events(asker)] == [EventName.DEFAULT_CREATED]

    def test_the_numbers_of_deleted_labels(self, asker: Asker) -> None:
        """A number of a label may be used again; its events still name the label that they are about."""
        given = {"assetID": "a1", "jsonResponse": json.dumps({}), "modelName": "m"}
        [first] = asker.append(given, label_type="PREDICTION")
        asker.data(DELETE, ids=[first])
        [second] = asker.append(given, label_type="PREDICTION")
        assert [label for _, _, label in told(asker, 2)] == [first, second]


class TestWithoutTheFeed:
    """An asset's ``updatedAt`` moves with every change of its labels, so that windows over it find what changed."""

    @pytest.fixture
    def before(self, asker: Asker) -> str:
        [asset] = asker.assets("updatedAt", id="a0")
        assert asset["updatedAt"] is None
        [key] = asker.append({"assetID": "a0", "jsonResponse": "{}"}, label_type="PREDICTION")
        [label] = asker.labels("createdAt", id=key)
        [asset] = asker.assets("updatedAt", id="a0")
        assert asset["updatedAt"] == label["createdAt"]
        assert asker.ids(createdAtGte=label["createdAt"]) == [key]
        return str(asset["updatedAt"])

    @pytest.mark.parametrize(
        ("document", "variables"),
        [
            (UPDATE, {"w": {"id": "old-default"}, "d": {"secondsToLabel": 7}}),
            (DELETE, {"ids": ["old-inference"]}),
            (HONEYPOT, {"w": {"id": "a0"}, "d": {"jsonResponse": "{}"}}),
        ],
    )
    def test_changes(self, asker: Asker, before: str, document: str, variables: dict[str, object]) -> None:
        asker.data(document, **variables)
        assert asker.asset_ids(updatedAtGte=before) == ["a0"]
        [asset] = asker.assets("updatedAt", id="a0")
        assert asset["updatedAt"] >= before
        assert asker.asset_ids(updatedAtLte="2024-01-31") == ["a1", "a2"]

    @pytest.mark.parametrize("label_type", ["AUTOSAVE", "DEFAULT", "INFERENCE", "PREDICTION", "REVIEW"])
    def test_new_labels(self, asker: Asker, label_type: str) -> None:
        asker.append({"assetID": "a2", "jsonResponse": "{}"}, label_type=label_type)
        assert asker.asset_ids(updatedAtGte="2025-01-01") == ["a2"]
