"""Whether images are labeled in degrees: their ``jsonContent`` says so, which newer services keep at a URL."""

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
    """Return the items in order; ``layers`` is what is at the URL of ``jsonContent``, or why it cannot be had.

    Args:
        items: assets, and problems.
        fetch: how files are had.
        folder: where they may lie.
        pool: threads, in which a few assets ahead are fetched.
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
    """Return what is at a URL, or why that is not known."""
    try:
        folder.mkdir()
        layers: object = json.loads(fetched(fetch, url, folder / "layers").file.read_bytes())
    except DownloadError as error:
        return DownloadError(f"its `jsonContent` says how it is labeled, but {error}")
    except OSError as error:
        return DownloadError(f"what its `jsonContent` names cannot be stored: {error.strerror or error}")
    except (ValueError, RecursionError) as error:
        return DownloadError(f"what its `jsonContent` names is not JSON: {error}")
    return layers


def is_geotiff(asset: Mapping[str, object], layers: object = None) -> bool:
    """Whether the asset is an image whose labels are in coordinates of the earth.

    Args:
        asset: as given.
        layers: what is at the URL that its ``jsonContent`` is, if it is one.
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
