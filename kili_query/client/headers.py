"""The HTTP headers of a call, and the rule for who gets the key."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import requests
from attrs import frozen
from requests.auth import AuthBase
from requests.utils import default_headers

from kili_query.client.inflating import ACCEPTED
from kili_query.client.settings import Settings
from kili_query.protocol import authorization

CLIENT_NAME = "kili-query"


@frozen
class KeyInHeader(AuthBase):
    """Puts the key into ``Authorization``, where the URL that is really dialled belongs to the service.

    An authentication object, even one that adds nothing, keeps the passwords of ``~/.netrc`` from taking its place.
    """

    settings: Settings

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.settings.is_authenticated(request.url or ""):
            request.headers["Authorization"] = authorization(self.settings.api_key)
        return request


def call_headers(operation: str, called_at: str, request_id: str) -> dict[str, str]:
    """Return the headers of a GraphQL call, without the key.

    Args:
        operation: the name of the operation that is called.
        called_at: the time in UTC, as ISO 8601 with a ``Z``.
        request_id: identifies the call in the service's logs; a retry keeps it.
    """
    return _lasting_headers() | {
        "kili-client-method-name": operation,
        "kili-client-call-time": called_at,
        "kili-client-call-uuid": request_id,
    }


@cache
def client_version() -> str:
    """Return the version of this package; ``0`` if it was not installed."""
    try:
        return version("kili-query")
    except PackageNotFoundError:
        return "0"


@cache
def plain_headers() -> dict[str, str]:
    """Return the headers of every call: the user agent and the accepted compressions."""
    own = default_headers()
    agent = f"{CLIENT_NAME}/{client_version()} {own['User-Agent']}"
    return {"Accept-Encoding": ACCEPTED, "User-Agent": agent}


@cache
def _lasting_headers() -> dict[str, str]:
    return plain_headers() | {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "apollographql-client-name": CLIENT_NAME,
        "apollographql-client-version": client_version(),
        "kili-client-name": CLIENT_NAME,
        "kili-client-version": client_version(),
        "kili-client-language-name": "Python",
        "kili-client-language-version": _ascii(platform.python_version()),
        "kili-client-platform-name": _ascii(platform.system()),
        "kili-client-platform-version": _ascii(platform.version()),
    }


def _ascii(text: str) -> str:
    """Replace characters that a header cannot hold."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text).strip()
