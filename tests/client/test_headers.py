"""The headers of a call."""

import platform

import pytest
import requests

from kili_query.client.headers import KeyInHeader, call_headers, client_version
from kili_query.client.settings import Settings

SETTINGS = Settings("the-secret-key", "https://kili.example/api/label/v2/graphql")


def test_who_calls_what_when_and_with_which_id() -> None:
    headers = call_headers("labels", "2024-07-01T12:00:00.000Z", "an-id")
    version = client_version()
    assert headers.pop("User-Agent") == f"kili-query/{version} python-requests/{requests.__version__}"
    assert "gzip" in headers.pop("Accept-Encoding")
    assert headers.pop("kili-client-platform-version").isascii()
    assert headers == {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "apollographql-client-name": "kili-query",
        "apollographql-client-version": version,
        "kili-client-name": "kili-query",
        "kili-client-version": version,
        "kili-client-language-name": "Python",
        "kili-client-language-version": platform.python_version(),
        "kili-client-platform-name": platform.system(),
        "kili-client-method-name": "labels",
        "kili-client-call-time": "2024-07-01T12:00:00.000Z",
        "kili-client-call-uuid": "an-id",
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://kili.example/api/label/v2/files/1", "X-API-Key: the-secret-key"),
        ("https://bucket.example/files/1", None),
        ("https://kili.example/api/label/v2/../files", None),
    ],
)
def test_the_key_goes_where_the_url_that_is_dialled_leads(url: str, shown: str | None) -> None:
    prepared = requests.Request("GET", url, auth=KeyInHeader(SETTINGS)).prepare()
    assert prepared.headers.get("Authorization") == shown


def test_the_key_is_in_no_representation() -> None:
    assert "the-secret-key" not in repr(KeyInHeader(SETTINGS))
