"""Find out from their ``jsonContent`` whether images are labeled in degrees. Newer services store it at a URL."""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TypeAlias

from kili_query.export.errors import DownloadError
from kili_query.export.joining import Joined
from kili_query.export.media import Fetch, fetched, is_url
from kili_query.scanning import Problem

_AHEAD = 16  # assets

Item: TypeAlias = Joined | Problem


def with_layers(items: Iterable[Item], fetch: Fetch, folder: Path, pool: Executor) -> Iterator[Item]:
    """Yield the items in order. ``layers`` is the JSON at the URL of ``jsonContent``, or the error of fetching it.

    Args:
        items: assets and problems.
        fetch: gets files.
        folder: a folder for files.
        pool: threads that fetch a few assets ahead.
    """
    folder.mkdir()
    waiting: deque[tuple[Item, Future[object] | None]] = deque()
    for number, item in enumerate(items):
        url = _url(item)
        future = None if url is None else pool.submit(_read, fetch, url, folder / str(number))
        waiting.append((item, future))
        if len(waiting) >= _AHEAD:
            yield _settled(*waiting.popleft())
    while waiting:
        yield _settled(*waiting.popleft())


def _settled(item: Item, future: Future[object] | None) -> Item:
    return item if future is None or isinstance(item, Problem) else item._replace(layers=future.result())


def _url(item: Item) -> str | None:
    told = None if isinstance(item, Problem) or not item.labels else item.asset.get("jsonContent")
    return told if isinstance(told, str) and is_url(told) else None


def _read(fetch: Fetch, url: str, folder: Path) -> object:
    """Return the JSON at a URL, or the error."""
    try:
        folder.mkdir()
        layers: object = json.loads(fetched(fetch, url, folder / "layers").file.read_bytes())
    except DownloadError as error:
        return DownloadError(f"its `jsonContent` cannot be fetched: {error}")
    except OSError as error:
        return DownloadError(f"the file of its `jsonContent` cannot be stored: {error.strerror or error}")
    except (ValueError, RecursionError) as error:
        return DownloadError(f"the file of its `jsonContent` is not JSON: {error}")
    return layers


def is_geotiff(asset: Mapping[str, object], layers: object = None) -> bool:
    """Whether the asset is an image labeled in degrees.

    Args:
        asset: as given.
        layers: the JSON at the URL in its ``jsonContent``, if that is a URL.
    """
    told = asset.get("jsonContent") if layers is None else layers
    if isinstance(told, str) and told.lstrip().startswith("["):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError):
            return False
    first = told[0] if isinstance(told, list) and told else None
    if not isinstance(first, Mapping) or first.get("useClassicCoordinates") is not False:
        return False
    return first.get("epsg") not in (None, "TiledImage")
