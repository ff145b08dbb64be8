"""Media: where the files of an asset come from. A few assets ahead are fetched at once, and given in order.

What is fetched is the asset's ``content``, or, of a video that is a list of frames, the frames of its ``jsonContent``.
A text without a scheme is a file, below the folder that the caller names: an asset document cannot pull in any other
file of this machine. A frame list or a video may be many files; memory holds none of them.
"""

import json
import mimetypes
import shutil
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit

from attrs import frozen

from kili_query._extras import load
from kili_query.export.errors import DownloadError, NotCompatibleOptions
from kili_query.export.naming import split_extension

__all__ = ["Fetch", "Fetched", "FetchedAsset", "LocalOrHttp", "MediaStage", "extension_of", "ffmpeg_program"]

Document: TypeAlias = Mapping[str, object]
T = TypeVar("T")

_AHEAD = 16  # assets
_WORKERS = 8


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
        if source.startswith(("http://", "https://")):
            download = load("kili_query.export.download", "downloading media", "export").download
            found: Fetched = download(source, to, self.cache)
            return found
        path = (self.root / source).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise DownloadError(f"`{source}` lies outside `{self.root}`: name the folder of media by `media_root`")
        if not path.is_file():
            raise DownloadError(f"no such file: `{path}`")
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
        """Each item, in order, with the media of its asset, or why they cannot be had; None for an item without one."""
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
            frames = {number: self._fetch(one, folder / f"frame{number}") for number, one in listed.items()}
            return FetchedAsset(None, frames)
        source = next((one for one in (asset.get("content"), asset.get("jsonContent")) if _is_source(one)), None)
        if source is None:
            raise DownloadError("it has no `content`: give it a URL, or a path below `media_root`")
        content = self._fetch(str(source), folder / "content")
        if self._is_video and self._ffmpeg is not None:
            return FetchedAsset(content, dict(enumerate(_cut(self._ffmpeg, content.file, folder / "frames", asset))))
        return FetchedAsset(content, {})

    def _frame_sources(self, value: object, folder: Path) -> dict[int, str]:
        """Where the frames of a video are, by number: a list, a map from numbers, the JSON text or a URL of one."""
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            value = self._fetch(value, folder / "list").file.read_text(encoding="utf-8")
        if isinstance(value, str):
            try:
                value = json.loads(value) if value.strip() else None
            except (ValueError, RecursionError) as error:
                raise DownloadError("its list of frames is no JSON") from error
        if isinstance(value, list):
            value = dict(enumerate(value))
        if not isinstance(value, dict):
            return {}
        numbered = {int(key): one for key, one in value.items() if str(key).isascii() and str(key).isdigit()}
        if len(numbered) < len(value) or not all(isinstance(one, str) for one in numbered.values()):
            raise DownloadError("its list of frames holds something else than where they are")
        return dict(sorted(numbered.items()))


def _is_source(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _cut(program: str, video: Path, folder: Path, asset: Document) -> list[Fetched]:
    """The frames of a video, as JPEG files, in order."""
    folder.mkdir()
    metadata = asset.get("jsonMetadata")
    processing = metadata.get("processingParameters") if isinstance(metadata, Mapping) else None
    told = processing if isinstance(processing, Mapping) else {}
    rate = told.get("framesPlayedPerSecond")
    is_resampled = told.get("shouldKeepNativeFrameRate") is False and isinstance(rate, int | float)
    timings = [["-vf", f"fps={rate}"]] if is_resampled else [["-fps_mode", "passthrough"], ["-vsync", "0"]]
    for timing in timings:  # the second is the name of the first before ffmpeg 5.1
        command = [program, "-nostdin", "-v", "error", "-i", str(video), *timing, "-q:v", "1", str(folder / "%d.jpg")]
        ran = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
        if ran.returncode == 0:
            break
    else:
        raise DownloadError(f"ffmpeg cannot cut it: {ran.stderr.strip()[:300] or ran.returncode}")
    return [Fetched(path, "image/jpeg") for path in sorted(folder.iterdir(), key=lambda path: int(path.stem))]


def extension_of(name: str, fetched: Fetched, source: str) -> str:
    """What a file is missing behind its name: nothing where the name tells already what it is.

    >>> extension_of("a.png", Fetched(Path("x")), ""), extension_of("v1.2", Fetched(Path("x"), "image/png"), "")
    ('', '.png')
    """
    if mimetypes.guess_type(name, strict=False)[0] is not None:
        return ""
    told = (fetched.content_type or "").split(";")[0].strip().lower()
    by_type = mimetypes.guess_extension(told) if told else None
    by_source = split_extension(urlsplit(source).path)[1]
    return by_type or (by_source if mimetypes.guess_type(by_source and "x" + by_source)[0] else "")


def ffmpeg_program() -> str:
    """The program that cuts videos.

    Raises:
        NotCompatibleOptions: it is not installed.
    """
    found = shutil.which("ffmpeg")
    if found is None:
        raise NotCompatibleOptions("`cut_videos` needs the program ffmpeg, which is not on the path")
    return found
