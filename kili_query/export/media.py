"""Fetch the media of assets, a few assets ahead, and return them in order.

Media are the asset's ``content``, or the frames in its ``jsonContent`` if a video is a list of frames. A text without a
scheme is a file in the folder that the caller names: an asset document cannot refer to any other file of this machine.
A video may have many files; they are kept on disk, not in memory.
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

from kili_query.datasets.files import Files
from kili_query.diagnostics.layout import printable
from kili_query.export.cutting import cut
from kili_query.export.errors import DownloadError
from kili_query.export.naming import split_extension
from kili_query.extras import load
from kili_query.wording import shortened

Document: TypeAlias = Mapping[str, object]
T = TypeVar("T")

_AHEAD = 16  # assets
_WORKERS = 8
_SHOWN_CHARACTERS = 200
_MOST_DIGITS = 9  # of the number of a frame
_URL = re.compile(r"https?://", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/@]*@")


class Fetched(NamedTuple):
    """A fetched file: its path, and the MIME type that the server reported."""

    file: Path
    content_type: str | None = None


class Fetch(Protocol):
    """Gets a media file. It is called from several threads at once."""

    def __call__(self, source: str, to: Path, /) -> Fetched:
        """Fetch ``source`` into ``to``, or return an existing file.

        Raises:
            DownloadError: the source cannot be fetched.
        """


def is_url(source: object) -> bool:
    """Whether a text is a URL that can be downloaded."""
    return isinstance(source, str) and _URL.match(source) is not None


def shown_source(source: str) -> str:
    """Return a source as messages show it: without the URL's signature and user, and without control characters.

    >>> shown_source("https://ada:key@cdn.example.org/a.png?X-Goog-Signature=ab"), shown_source("a\\0b")
    ('https://cdn.example.org/a.png', 'a�b')
    """
    told = _USER.sub("", re.split("[?#]", source, maxsplit=1)[0], count=1) if is_url(source) else source
    return printable(shortened(told, _SHOWN_CHARACTERS + 1))


def fetched(fetch: Fetch, source: str, to: Path) -> Fetched:
    """Fetch a source. Every failure becomes an error of this asset only.

    Raises:
        DownloadError: the source cannot be fetched or stored.
    """
    try:
        return fetch(source, to)
    except OSError as error:
        raise DownloadError(f"cannot store or read `{shown_source(source)}`: {error.strerror or error}") from error
    except ValueError as error:  # a NUL, a lone surrogate, an unclosed bracket in the host, a port that is not a number
        raise DownloadError(f"`{shown_source(source)}` is neither a URL nor a path that can be read") from error


class FetchedAsset(NamedTuple):
    """The files of one asset: its content, or its frames, numbered from 0, or both."""

    content: Fetched | None
    frames: dict[int, Fetched]


@frozen
class LocalOrHttp:
    """Gets files from a folder, and from ``http`` or ``https`` URLs.

    Attributes:
        root: the folder of local files; no file outside it is read.
        cache: the folder for downloads, so that an interrupted export does not repeat them; None to keep none.
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


@frozen
class OfDataset:
    """Gets files of a dataset, also from its archive, and everything else as another fetch does."""

    files: Files
    other: Fetch

    def __call__(self, source: str, to: Path, /) -> Fetched:
        if is_url(source) or not self.files.holds(source):
            return self.other(source, to)
        path = self.files.local(source)
        if path is None:
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(self.files.beside(source))
        return Fetched(to if path is None else path)


class MediaStage:
    """Fetches the media of several assets at a time; a context manager that removes its files at the end.

    Args:
        fetch: gets a file.
        folder: the folder for files until they are in the archive.
        is_video: whether assets are videos, which may be lists of frames.
        ffmpeg: the program that cuts videos into frames; None to leave them whole.
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
        """Yield each item, in order, with the media of its asset or the error; None for an item without an asset."""
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
        """Return the sources of a video's frames by number, from a list, a map, JSON text or the URL of one."""
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
            raise DownloadError("its list of frames must hold URLs or paths")
        return dict(sorted(frames.items()))


def numbered(frames: Mapping[object, object]) -> dict[int, str]:
    """Return the sources of frames by number; anything else is left out.

    >>> numbered({0: "a.png", "1": "b.png", "total": "2", "9" * 5000: "c.png"})
    {0: 'a.png', 1: 'b.png'}
    """
    told = {str(key): one for key, one in frames.items() if isinstance(one, str)}
    return {int(key): one for key, one in told.items() if len(key) <= _MOST_DIGITS and key.isascii() and key.isdigit()}


def _is_source(value: object) -> bool:
    return isinstance(value, str) and value != ""


def extension_of(name: str, fetched: Fetched, source: str) -> str:
    """Return the extension to add to a name; empty if the name already has one.

    >>> extension_of("a.png", Fetched(Path("x")), ""), extension_of("v1.2", Fetched(Path("x"), "image/png"), "")
    ('', '.png')
    """
    if mimetypes.guess_type(name, strict=False)[0] is not None:
        return ""
    told = (fetched.content_type or "").split(";")[0].strip().lower()
    by_type = mimetypes.guess_extension(told) if told else None
    by_source = split_extension(_path_in(source))[1]
    return by_type or (by_source if mimetypes.guess_type(by_source and "x" + by_source)[0] else "")


def extension_of_frames(frames: Mapping[int, Fetched]) -> str:
    """Return the extension of all frames of a video."""
    if not frames:
        return ""
    first = next(iter(frames.values()))
    return extension_of("", first, str(first.file)) or ".jpg"


def _path_in(source: str) -> str:
    """Return the path of a URL, or the source itself."""
    if not is_url(source):
        return source
    _, slash, path = re.split("[?#]", source.partition("://")[2], maxsplit=1)[0].partition("/")
    return slash + path
