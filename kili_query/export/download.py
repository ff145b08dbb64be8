"""Downloads over HTTP: retried, and taken up where they broke off."""

import json
import re
import time
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from kili_query.export.errors import DownloadError
from kili_query.export.media import Fetched

__all__ = ["download"]

_TIMEOUTS_S = (10, 60)
_ATTEMPTS = 4
_FIRST_PAUSE_S = 0.2
_CHUNK_BYTES = 1 << 16  # of the last one, what came before a connection broke off is lost
_PARTIAL, _BAD_RANGE = 206, 416
_SIGNATURE = re.compile(
    # of Google and Amazon, then of CloudFront and older ones, then of Azure
    r"(?:x-(?:goog|amz)-[\w-]+|signature|expires|policy|key-pair-id|googleaccessid|awsaccesskeyid"
    r"|s[vretp]|sig|spr|srt|sk(?:oid|tid|t|e|s|v))=",
    re.IGNORECASE,
)
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


def download(
    url: str, to: Path, cache: Path | None = None, *, auth: AuthBase | None = None, verify: bool | str = True
) -> Fetched:
    """The file at a URL.

    Args:
        url: ``http`` or ``https``.
        to: where it goes, without a cache.
        cache: where finished and broken-off downloads are kept from one export to the next. A file is known by its
            URL without what signs it, which changes from one hour to the next.
        auth: puts a key into requests to whom it is for.
        verify: whether certificates are checked, or the path of the authorities to check them against.

    Raises:
        DownloadError: the server refuses, or does not answer as often as it is asked.
    """
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        to = cache / sha256(_unsigned(url).encode("utf-8", "replace")).hexdigest()
    about = to.with_suffix(".json")
    if not about.exists():
        about.write_text(json.dumps({"type": _stored(url, to, auth, verify)}), encoding="utf-8")
    return Fetched(to, json.loads(about.read_text(encoding="utf-8"))["type"])


def _stored(url: str, to: Path, auth: AuthBase | None, verify: bool | str) -> str | None:
    part = to.with_suffix(".part")
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_FIRST_PAUSE_S * 2 ** (attempt - 1))
        try:
            content_type = _attempt(url, part, auth, verify)
        except requests.RequestException as error:
            reason = f"{type(error).__name__}"
        except _PassingError as error:
            reason = str(error)
        else:
            part.replace(to)
            return content_type
    raise DownloadError(f"`{_plain(url)}` could not be downloaded in {_ATTEMPTS} attempts: {reason}")


class _PassingError(Exception):
    """An answer that may be another one the next time."""


def _attempt(url: str, part: Path, auth: AuthBase | None, verify: bool | str) -> str | None:
    """One request for what is still missing."""
    there_bytes = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there_bytes}-"} if there_bytes else {})
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUTS_S, auth=auth, verify=verify) as answer:
        if answer.status_code in _PASSING:
            raise _PassingError(f"HTTP {answer.status_code}")
        if answer.status_code == _BAD_RANGE:  # another file than the one that was begun
            part.unlink()
            raise _PassingError("HTTP 416")
        if not answer.ok:
            raise DownloadError(f"`{_plain(url)}` cannot be downloaded: HTTP {answer.status_code}")
        is_rest = answer.status_code == _PARTIAL and answer.headers.get("Content-Range", "").startswith(
            f"bytes {there_bytes}-"
        )
        with part.open("ab" if is_rest else "wb") as file:
            for chunk in answer.iter_content(_CHUNK_BYTES):
                file.write(chunk)
        content_type = answer.headers.get("Content-Type")
        return content_type if isinstance(content_type, str) else None


def _unsigned(url: str) -> str:
    """The URL without what clouds put into its query to sign it.

    >>> _unsigned("https://cdn.example.org/files?id=7&X-Goog-Date=20260102&X-Goog-Signature=ab#top")
    'https://cdn.example.org/files?id=7'
    """
    parts = urlsplit(url)
    kept = [one for one in parts.query.split("&") if not _SIGNATURE.match(one)]
    return parts._replace(query="&".join(kept), fragment="").geturl()


def _plain(url: str) -> str:
    """The URL without what signs it."""
    return urlsplit(url)._replace(query="", fragment="").geturl()
