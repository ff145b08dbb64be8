"""Downloads over HTTP that retry, and resume if the server still has the same file.

Threads and processes can share a cache: whoever fetches a file holds its lock, and the others wait for the result. An
entry is valid once a note beside it states its length. The note is written last and atomically, so a full disk or a
killed process leaves a part that can be resumed, never a wrong file.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import cast

import requests
import urllib3
from attrs import frozen
from filelock import FileLock, Timeout
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from kili_query.deadlines import Deadlines, Watch, watched
from kili_query.export.errors import DownloadError
from kili_query.export.media import Fetched, shown_source
from kili_query.output_files import replaced

_TIMEOUTS_S = (10, 60)
_HEADERS_S = 60
"""Maximum time until the body of an answer begins, including redirects and slow headers."""
_ATTEMPTS = 4
_FIRST_PAUSE_S = 0.2
_LOCK_TIMEOUT_S = 600  # after this, the file is fetched again outside the cache
_CHUNK_BYTES = 1 << 16
_WINDOW_S = 60
_LEAST_BYTES = 1 << 16  # minimum per window
_PARTIAL, _BAD_RANGE = 206, 416
_STRONG_AFTER = timedelta(seconds=60)  # an older date identifies a version of the file (RFC 9110, 8.8.2.2)
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
    """Download the file at a URL.

    Args:
        url: ``http`` or ``https``.
        to: the target file without a cache.
        cache: the folder that keeps complete and partial downloads between exports. A file is identified by its URL
            without the signature, because signatures expire.
        auth: adds the key to requests to the service.
        verify: whether certificates are checked, or the path of the trusted authorities.

    Raises:
        DownloadError: it is not a URL, the server refuses, or all attempts fail.
    """
    asking = _Asking(url, auth, verify)
    if cache is None:
        return Fetched(to, _stored(asking, to))
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / sha256(_unsigned(url).encode("utf-8", "replace")).hexdigest()
    found = _finished(kept)
    if found is not None:
        return found
    with _held(kept) as is_held:
        if not is_held:
            return Fetched(to, _stored(asking, to))
        found = _finished(kept)  # by the previous holder of the lock
        if found is None:
            found = Fetched(kept, _stored(asking, kept))
            _write_note(_note(kept), {"type": found.content_type, "bytes": kept.stat().st_size})
        return found


@frozen
class _Asking:
    """The settings of a request for a file."""

    url: str
    auth: AuthBase | None
    verify: bool | str

    @property
    def shown(self) -> str:
        return shown_source(self.url)


@contextmanager
def _held(kept: Path) -> Iterator[bool]:
    """Hold the lock of a cache entry; False if locks are not supported or another process holds it for too long."""
    lock = FileLock(_beside(kept, ".lock"), timeout=_LOCK_TIMEOUT_S)
    try:
        lock.acquire()
    except (Timeout, NotImplementedError):  # the second one on file systems without locks
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _finished(kept: Path) -> Fetched | None:
    """Return a cache entry if it is complete."""
    note = _read_note(_note(kept))
    content_type, size_bytes = note.get("type"), note.get("bytes")
    if not isinstance(content_type, str | None) or not kept.is_file() or kept.stat().st_size != size_bytes:
        return None
    return Fetched(kept, content_type)


def _note(kept: Path) -> Path:
    return _beside(kept, ".json")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _read_note(path: Path) -> Mapping[str, object]:
    """Return the content of a note; empty if it cannot be read."""
    try:
        note = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _write_note(path: Path, note: Mapping[str, object]) -> None:
    with replaced(path) as new:
        new.file.write(json.dumps(note).encode())


@frozen
class _Part:
    """A partial download, and a note beside it that names the version of the file."""

    path: Path
    note: Path

    @classmethod
    def of(cls, to: Path) -> "_Part":
        return cls(_beside(to, ".part"), _beside(to, ".part.json"))

    def version(self) -> str | None:
        """Return the server's name of the version that the part belongs to; None if it cannot be resumed."""
        told = _read_note(self.note).get("version")
        return told if isinstance(told, str) and self.size_bytes() else None

    def size_bytes(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def begin(self, version: str | None) -> None:
        """Start again with a version of the file."""
        self.forget()
        if version is not None:
            _write_note(self.note, {"version": version})

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def finish(self, to: Path) -> None:
        self.path.touch()  # an empty file had nothing to write
        self.path.replace(to)
        self.note.unlink(missing_ok=True)


def _stored(asking: _Asking, to: Path) -> str | None:
    part = _Part.of(to)
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_FIRST_PAUSE_S * 2 ** (attempt - 1))
        try:
            content_type = _attempt(asking, part)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise DownloadError(f"`{asking.shown}` is not a URL that can be requested") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            reason = f"{type(error).__name__}"
        except _PassingError as error:
            reason = str(error)
        else:
            part.finish(to)
            return content_type
    raise DownloadError(f"`{asking.shown}` could not be downloaded in {_ATTEMPTS} attempts: {reason}")


class _PassingError(Exception):
    """A failure that may not happen on the next attempt."""


def _attempt(asking: _Asking, part: _Part) -> str | None:
    """Request the missing rest once."""
    version = part.version()
    there_bytes = 0 if version is None else part.size_bytes()
    headers = {"Accept-Encoding": "identity"}
    if version is not None:  # without `If-Range`, the rest might belong to another version
        headers |= {"Range": f"bytes={there_bytes}-", "If-Range": version}
    with _asked(asking, headers) as (answer, watch):
        if answer.status_code in _PASSING:
            raise _PassingError(f"HTTP {answer.status_code}")
        is_rest = answer.status_code == _PARTIAL and _is_rest(answer, there_bytes, version)
        if answer.status_code == _BAD_RANGE or (answer.status_code == _PARTIAL and not is_rest):
            part.forget()  # it belongs to an older version of the file
            raise _PassingError(f"HTTP {answer.status_code}")
        if not answer.ok:
            raise DownloadError(f"`{asking.shown}` cannot be downloaded: HTTP {answer.status_code}")
        if not is_rest:
            part.begin(_version(answer))
        with part.path.open("ab") as file:
            for piece in _pieces(answer, watch):
                file.write(piece)
        content_type = answer.headers.get("Content-Type")
        return content_type if isinstance(content_type, str) else None


class _WatchedAdapter(HTTPAdapter):
    """Makes connections that report which exchange uses them."""

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> HTTPConnectionPool:
        """Return the connections to a host."""
        pool = cast("HTTPConnectionPool", super().get_connection_with_tls_context(request, verify, proxies, cert))
        pool.ConnectionCls = watched(cast("type[HTTPConnection]", pool.ConnectionCls))
        return pool


@contextmanager
def _asked(asking: _Asking, headers: Mapping[str, str]) -> Iterator[tuple[requests.Response, Watch]]:
    """Yield the answer once its body begins, with the watch that ends it after its time limit.

    Raises:
        _PassingError: the body did not begin in time.
    """
    late = _PassingError(f"the answer did not begin within {_HEADERS_S} seconds")
    deadlines = Deadlines()
    try:
        with requests.Session() as session, deadlines.watching(_HEADERS_S) as watch:
            for scheme in ("http://", "https://"):
                session.mount(scheme, _WatchedAdapter())
            try:
                answer = session.get(
                    asking.url,
                    headers=headers,
                    stream=True,
                    timeout=_TIMEOUTS_S,
                    auth=asking.auth,
                    verify=asking.verify,
                )
            except (OSError, urllib3.exceptions.HTTPError) as error:  # errors of requests are an OSError too
                if watch.is_over:
                    raise late from error
                raise
            with answer:
                if watch.is_over:  # truncated headers look complete
                    raise late
                yield answer, watch
    finally:
        deadlines.close()


def _pieces(answer: requests.Response, watch: Watch) -> Iterator[bytes]:
    """Yield the body in pieces while it is fast enough; the timeout of a read alone allows one byte at a time.

    Raises:
        _PassingError: the body is too slow.
    """
    slow = _PassingError(f"fewer than {_LEAST_BYTES:,} bytes came in {_WINDOW_S} seconds")
    watch.extend(_WINDOW_S)
    got_bytes = 0
    try:
        while piece := answer.raw.read1(_CHUNK_BYTES, decode_content=True):
            yield piece
            got_bytes += len(piece)
            if got_bytes >= _LEAST_BYTES:
                watch.extend(_WINDOW_S)
                got_bytes = 0
    except (OSError, urllib3.exceptions.HTTPError) as error:
        if watch.is_over:
            raise slow from error
        raise
    if watch.is_over:  # a body that was cut off by the time limit may look complete
        raise slow


def _is_rest(answer: requests.Response, there_bytes: int, version: str | None) -> bool:
    """Whether the server sends the missing rest of the same version."""
    begins_there = answer.headers.get("Content-Range", "").startswith(f"bytes {there_bytes}-")
    return version is not None and begins_there and _version(answer) in (version, None)


def _version(answer: requests.Response) -> str | None:
    """Return the server's name of this version of the file; None if it has none."""
    told = answer.headers
    if told.get("Content-Encoding", "identity").lower() != "identity":
        return None  # ranges would count other bytes than the stored ones
    tag, changed = told.get("ETag", ""), told.get("Last-Modified")
    if tag.startswith('"'):
        return str(tag)
    try:
        is_old = parsedate_to_datetime(told["Date"]) - parsedate_to_datetime(told["Last-Modified"]) >= _STRONG_AFTER
    except (KeyError, ValueError, TypeError):  # the last one if only one of the dates has a time zone
        return None
    return str(changed) if is_old else None


def _unsigned(url: str) -> str:
    """Return the URL without the signature that clouds add to its query.

    >>> _unsigned("https://cdn.example.org/files?id=7&X-Goog-Date=20260102&X-Goog-Signature=ab#top")
    'https://cdn.example.org/files?id=7'
    """
    address, _, query = url.partition("#")[0].partition("?")
    kept = [one for one in query.split("&") if one and not _SIGNATURE.match(one)]
    return f"{address}?{'&'.join(kept)}" if kept else address
