"""Filters of datasets for training, by the real packages."""

import json
from importlib.metadata import PackageNotFoundError

import pytest

import kili_query as kq
from kili_query.errors import ArgumentError, UnknownContentError
from kili_query.targets import training_sets

BLUE = {"SKY": {"categories": [{"name": "BLUE"}]}}
QUERY = kq.parse("SKY.BLUE")


def test_a_column_of_hugging_face() -> None:
    import datasets  # here, so that collecting the tests does not wait for it

    texts = [json.dumps(BLUE), "{}", json.dumps(BLUE)]
    found = QUERY.filter(datasets.Dataset.from_dict({"id": ["a", "b", "c"], "jsonResponse": texts}))
    assert isinstance(found, datasets.Dataset)
    assert found["id"][:] == ["a", "c"]
    other = datasets.Dataset.from_dict({"id": ["a", "b"], "content": texts[:2]})
    assert QUERY.filter(other, "content")["id"][:] == ["a"]


def test_what_hugging_face_keeps_of_a_filter_is_found_by_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps what a filter found under a name that depends on the dataset and on what the filter is made of."""
    import datasets

    kept = datasets.Dataset.from_dict({"id": ["a"], "jsonResponse": ["{}"]})
    queries = ("SKY.BLUE", "SKY.BLUE.count > 1", "SKY.BLUE.count > 1", "SKY.RED")
    one, more, more_again, other = (kq.parse(text).filter(kept)._fingerprint for text in queries)
    assert more == more_again
    monkeypatch.setattr(training_sets, "version", lambda package: f"99 of {package}")
    of_another_release = kq.parse(queries[0]).filter(kept)._fingerprint
    assert len({one, more, other, of_another_release}) == 4

    def missing(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(training_sets, "version", missing)
    first, again = (kq.parse(queries[0]).filter(kept)._fingerprint for _ in range(2))
    assert first != again  # without a release, nothing that was kept is used


def test_items_of_pytorch() -> None:
    torch_data = pytest.importorskip("torch.utils.data", reason="torch from PyPI brings 4 GB of CUDA")
    items = [{"image": n, "jsonResponse": BLUE if n % 2 else {}} for n in range(4)]
    found = QUERY.filter(items)
    assert isinstance(found, torch_data.Subset)
    assert [item["image"] for item in found] == [1, 3]


def test_what_is_not_known_is_no_answer() -> None:
    with pytest.raises(UnknownContentError):
        QUERY.filter([{"jsonResponse": None}])
    with pytest.raises(ArgumentError, match="read by index, not `int`"):
        QUERY.filter(3)
