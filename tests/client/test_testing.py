"""The service that `kili_query.client.testing` offers to the tests of others."""

import pytest

from kili_query.client import KiliClient
from kili_query.client.testing import FakeService
from kili_query.errors import ArgumentError

PROJECT = {"inputType": "IMAGE"}
URL = "https://storage.example/content"


def test_each_answer_is_a_copy() -> None:
    """The client decodes content in place, and callers change what they get."""
    content = '{"J": {"categories": [{"name": "A"}]}}'
    labels = [{"id": "a", "jsonResponse": content}, {"id": "b", "jsonResponseUrl": URL}]
    service = FakeService({"labels": labels, "projects": [PROJECT]}, files={URL: {"J": {}}})
    with KiliClient(transport=service, disable_tqdm=True) as client:
        first, second = client.labels("p", fields=["id", "jsonResponse"])
        first["jsonResponse"]["J"]["categories"].clear()
        second["jsonResponse"]["K"] = first.pop("id")
        again = client.labels("p", fields=["id", "jsonResponse"])
    assert [one["id"] for one in again] == ["a", "b"]
    assert again[0]["jsonResponse"] == {"J": {"categories": [{"name": "A"}]}}
    assert again[1]["jsonResponse"] == {"J": {}}
    assert labels[0]["jsonResponse"] == content


@pytest.mark.parametrize("number", [0, 99, 100, 101, 1203])
def test_lists_longer_than_a_page(number: int) -> None:
    ids = [f"l{one}" for one in range(number)]
    service = FakeService({"labels": [{"id": one} for one in ids], "projects": [PROJECT]})
    with KiliClient(transport=service) as client:
        assert [one["id"] for one in client.labels("p", fields=["id"], disable_tqdm=True)] == ids
        assert [one["id"] for one in client.labels("p", fields=["id"], first=700, skip=2)] == ids[2:702]
        assert client.count_labels("p") == number
    with (
        KiliClient(transport=FakeService({})) as client,
        pytest.raises(LookupError, match="no answer to `countLabels`"),
    ):
        client.count_labels("p")


def test_no_subscription_is_sent_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KILI_API_ENDPOINT", "http://127.0.0.1:9/graphql")
    service = FakeService({"projects": [PROJECT]})
    with KiliClient(transport=service) as client, pytest.raises(ArgumentError, match="with a `transport` cannot subsc"):
        client.label_created_or_updated("p")
    assert service.requests == []
