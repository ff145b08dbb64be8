"""Media: where the files of an asset come from. A few assets ahead are fetched at once, and given in order.

What is fetched is the asset's ``content``, or, of a video that is a list of frames, the frames of its ``jsonContent``.
A text without a scheme is a file, below the folder that the caller names: an asset document cannot pull in any other
file of this machine. A frame list or a video may be many files; memory holds none of them.
"""

import json
import mimetypes
import os
import re
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

from attrs import frozen

from kili_query._extras import load
from kili_query.diagnostics.layout import printable
from kili_query.export.cutting import cut
from kili_query.export.errors import DownloadError
from kili_query.export.naming import split_extension

Document: TypeAlias = Mapping[str, object]
T = TypeVar("T")

_AHEAD = 16  # assets
_WORKERS = 8
_SHOWN_CHARACTERS = 200
_MOST_DIGITS = 9  # of the number of a frame
_URL = re.compile(r"https?://", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/@]*@")


class Fetched(NamedTuple):
    """A file that was fetched: where it lies, and what the server says it is (a MIME type)."""

    file: Path
    content_type: str | None = None


class Fetch(Protocol):
    """How media are had. Called from several threads at once."""

    def __call__(self, source: str, to: Path, /) -> Fetched:
        """Fetch what ``source`` names: into ``to``, or give a file that is there already.

        Raises:
            DownloadError: it cannot be had.
        """


def is_url(source: object) -> bool:
    """Whether a text is the URL of something that can be downloaded."""
    return isinstance(source, str) and _URL.match(source) is not None


def shown_source(source: str) -> str:
    """Return the name of a source in messages: a URL without signature and user, no terminal control characters.

    >>> shown_source("https://ada:key@cdn.example.org/a.png?X-Goog-Signature=ab"), shown_source("a\\0b")
    ('https://cdn.example.org/a.png', 'a�b')
    """
    told = _USER.sub("", re.split("[?#]", source, maxsplit=1)[0], count=1) if is_url(source) else source
    return printable(told if len(told) <= _SHOWN_CHARACTERS else told[:_SHOWN_CHARACTERS] + "…")


def fetched(fetch: Fetch, source: str, to: Path) -> Fetched:
    """Fetch a source. Every failure, whatever the document names, becomes an error that concerns its asset alone.

    Raises:
        DownloadError: the source cannot be fetched or stored.
    """
    try:
        return fetch(source, to)
    except OSError as error:
        raise DownloadError(f"cannot store or read `{shown_source(source)}`: {error.strerror or error}") from error
    except ValueError as error:  # a NUL, half a character, a host in half a bracket, a port that is not a number
        raise DownloadError(f"`{shown_source(source)}` is neither a URL nor a path that can be read") from error


class FetchedAsset(NamedTuple):
    """The files of one asset: itself, or its frames, numbered from 0, or both."""

    content: Fetched | None
    frames: dict[int, Fetched]


@frozen
class LocalOrHttp:
    """Files below a folder, and whatever is at an ``http`` or ``https`` URL.

    Attributes:
        root: where local files are looked for; none outside it is read.
        cache: where downloads are kept, so that an interrupted export goes on where it was; None to keep none.
    """

    root: Path
    cache: Path | None = None

    def __call__(self, source: str, to: Path, /) -> Fetched:
        if is_url(source):
            download = load("kili_query.export.download", "downloading media", "export").download
            found: Fetched = download(source, to, self.cache)
            return found
        shown = shown_source(source)
        path = Path(os.path.realpath(self.root / source))
        if not path.is_relative_to(os.path.realpath(self.root)):
            raise DownloadError(f"`{shown}` lies outside `{self.root}`: name the folder of media by `media_root`")
        if not path.is_file():
            raise DownloadError(f"no such file: `{shown}` in `{self.root}`")
        return Fetched(path)


class MediaStage:
    """Fetches the media of assets, some of them at once; a context manager that leaves no file behind.

    Args:
        fetch: how.
        folder: where files lie until they are in the archive.
        is_video: whether assets are videos, and may be lists of frames.
        ffmpeg: the program that cuts videos in frames; None to leave them whole.
    """

    def __init__(self, fetch: Fetch, folder: Path, *, is_video: bool, ffmpeg: str | None) -> None:
        self._fetch = fetch
        self._folder = folder
        self._is_video = is_video
        self._ffmpeg = ffmpeg
        self._pool = ThreadPoolExecutor(_WORKERS)

    def __enter__(self) -> "MediaStage":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def run(
        self, items: Iterable[tuple[T, Document | None]]
    ) -> Iterator[tuple[T, FetchedAsset | DownloadError | None]]:
        """Return each item, in order, with the media of its asset, or why they cannot be had; None without one."""
        waiting: deque[tuple[T, Future[FetchedAsset | DownloadError] | None, Path]] = deque()
        for number, (item, asset) in enumerate(items):
            folder = self._folder / str(number)
            future = None if asset is None else self._pool.submit(self._fetched, asset, folder)
            waiting.append((item, future, folder))
            if len(waiting) >= _AHEAD:
                yield from self._first(waiting)
        while waiting:
            yield from self._first(waiting)

    def _first(
        self, waiting: "deque[tuple[T, Future[FetchedAsset | DownloadError] | None, Path]]"
    ) -> Iterator[tuple[T, FetchedAsset | DownloadError | None]]:
        item, future, folder = waiting.popleft()
        yield item, None if future is None else future.result()
        shutil.rmtree(folder, ignore_errors=True)  # it is in the archive now

    def _fetched(self, asset: Document, folder: Path) -> FetchedAsset | DownloadError:
        try:
            folder.mkdir(parents=True)
            return self._files(asset, folder)
        except DownloadError as error:
            return error
        except OSError as error:
            return DownloadError(f"cannot store its media: {error.strerror or error}")

    def _files(self, asset: Document, folder: Path) -> FetchedAsset:
        if self._is_video and (listed := self._frame_sources(asset.get("jsonContent"), folder)):
            frames = {number: fetched(self._fetch, one, folder / f"frame{number}") for number, one in listed.items()}
            return FetchedAsset(None, frames)
        source = next((one for one in (asset.get("content"), asset.get("jsonContent")) if _is_source(one)), None)
        if source is None:
            raise DownloadError("it has no `content`: give it a URL, or a path below `media_root`")
        content = fetched(self._fetch, str(source), folder / "content")
        if self._is_video and self._ffmpeg is not None:
            cut_frames = cut(self._ffmpeg, content.file, folder / "frames", asset)
            return FetchedAsset(
                content, {number: Fetched(path, "image/jpeg") for number, path in enumerate(cut_frames)}
            )
        return FetchedAsset(content, {})

    def _frame_sources(self, value: object, folder: Path) -> dict[int, str]:
        """Return where the frames of a video are, by number: from a list, a map, JSON text or a URL of one."""
        text: str | bytes | None = value if isinstance(value, str) else None
        if is_url(value):
            text = fetched(self._fetch, str(value), folder / "list").file.read_bytes()
        if text is not None:
            try:
                value = json.loads(text) if text.strip() else None
            except (ValueError, RecursionError) as error:
                raise DownloadError("its list of frames is not JSON") from error
        if isinstance(value, list):
            value = dict(enumerate(value))
        if not isinstance(value, dict):
            return {}
        frames = numbered(value)
        if len(frames) < len(value):
            raise DownloadError("its list of frames holds something else than where they are")
        return dict(sorted(frames.items()))


def numbered(frames: Mapping[object, object]) -> dict[int, str]:
    """Return where frames are, by number; anything else is left out.

    >>> numbered({0: "a.png", "1": "b.png", "total": "2", "9" * 5000: "c.png"})
    {0: 'a.png', 1: 'b.png'}
    """
    told = {str(key): one for key, one in frames.items() if isinstance(one, str)}
    return {int(key): one for key, one in told.items() if len(key) <= _MOST_DIGITS and key.isascii() and key.isdigit()}


def _is_source(value: object) -> bool:
    return isinstance(value, str) and value != ""


def extension_of(name: str, fetched: Fetched, source: str) -> str:
    """Return the extension that a name lacks: nothing where the name already shows what the file is.

    >>> extension_of("a.png", Fetched(Path("x")), ""), extension_of("v1.2", Fetched(Path("x"), "image/png"), "")
    ('', '.png')
    """
    if mimetypes.guess_type(name, strict=False)[0] is not None:
        return ""
    told = (fetched.content_type or "").split(";")[0].strip().lower()
    by_type = mimetypes.guess_extension(told) if told else None
    by_source = split_extension(_path_in(source))[1]
    return by_type or (by_source if mimetypes.guess_type(by_source and "x" + by_source)[0] else "")


def _path_in(source: str) -> str:
    """Return the path of a URL, or the source itself."""
    if not is_url(source):
        return source
    _, slash, path = re.split("[?#]", source.partition("://")[2], maxsplit=1)[0].partition("/")
    return slash + path
