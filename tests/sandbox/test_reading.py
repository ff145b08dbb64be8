"""Pages are read with a few statements, however many rows they have, and hold what each row holds alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kili_query.sandbox import Sandbox
from kili_query.sandbox.database import Row
from kili_query.sandbox.store import Reader
from tests.sandbox.boxes import write_project

ASSETS = 40
PREDICTED = 4
UNLABELED = 5
FEW = 6


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Assets with a label each, some of them with a newer one that nobody submitted, and some assets with none."""
    folder: Path = tmp_path_factory.mktemp("read")
    labels = [
        {
            "id": f"{kind}-{number}",
            "assetId": f"a{number}",
            "labelType": kind,
            "createdAt": f"2024-01-0{day}T00:00:00Z",
            "jsonResponse": {"SCENE": {"categories": [{"name": "OUTDOOR", "confidence": number + day}]}},
        }
        for day, kind, predicted in ((1, "DEFAULT", range(ASSETS)), (2, "PREDICTION", range(PREDICTED)))
        for number in predicted
    ]
    assets = [{"id": f"a{number}", "externalId": f"{number}.png"} for number in range(ASSETS + UNLABELED)]
    with Sandbox(project=write_project(folder, labels, assets)) as served:
        yield served


def latest_labels(reader: Reader) -> list[object]:
    labels = [reader.latest_label_of(asset) for asset in reader.asset_page({}, 100, 0)]
    return [label and (label["id"], reader.content_of(label)) for label in labels]


def all_labels(reader: Reader) -> list[object]:
    labels = reader.label_page({}, 100, 0)
    return [(label["id"], reader.content_of(label), reader.asset_of(label)["externalId"]) for label in labels]


def labels_of_assets(reader: Reader) -> list[object]:
    return [[label["id"] for label in reader.labels_of(asset)] for asset in reader.asset_page({}, 100, 0)]


def read_singly(
    reader: Reader, read: Callable[[Reader], list[object]], monkeypatch: pytest.MonkeyPatch
) -> list[object]:
    """Read with a statement for each value."""
    with monkeypatch.context() as patch:
        patch.setattr("kili_query.sandbox.together.Together.expect", lambda self, numbers: None)
        return read(reader)


@pytest.mark.parametrize(("read", "repeated"), [(latest_labels, 0), (all_labels, PREDICTED), (labels_of_assets, 0)])
def test_the_values_of_a_page(
    box: Sandbox, read: Callable[[Reader], list[object]], repeated: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = box._service.store
    statements: list[str] = []
    with store.database.reading() as connection:  # the reader is the next to take it
        connection.set_trace_callback(statements.append)
    reader = Reader(store, fields=1)
    found = read(reader)
    number = len(statements)
    assert read_singly(reader, read, monkeypatch) == found
    assert number <= FEW + repeated < ASSETS < len(statements) - number
    reader.refresh()
    connection.set_trace_callback(None)


def test_a_value_is_paid_for_each_time(box: Sandbox) -> None:
    reader = Reader(box._service.store, fields=1)
    [label, *_] = reader.label_page({}, 100, 0)
    sizes: list[int] = []
    for _ in range(3):
        reader.content_of(label)
        sizes.append(reader._bytes)
    reader.refresh()
    assert sizes[0] < sizes[1] < sizes[2]


def test_what_was_read_ahead_is_forgotten(box: Sandbox) -> None:
    reader = Reader(box._service.store, fields=1)
    labels: list[Row] = reader.label_page({}, 100, 0)
    reader.content_of(labels[0])
    reader.refresh()
    before = reader._bytes
    reader.content_of(labels[1])
    reader.refresh()
    assert reader._bytes > before
