"""``kq.show``: the page in a notebook."""

import os
import sys
from typing import TYPE_CHECKING

from kili_query.cache_folder import is_cache
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.errors import ArgumentError
from kili_query.extras import load
from kili_query.ontology import Ontology
from kili_query.page.reading import source_in_memory
from kili_query.page.source import Origin, PageSource
from kili_query.scanning import LabelSource

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from kili_query.cache import LabelCache
    from kili_query.page.widget import PageWidget


def show(
    source: "LabelSource | LabelCache",
    query: str = "",
    *,
    ontology: Ontology | None = None,
    policy: CountPolicy | None = None,
) -> "PageWidget":
    """Show labels and the query that finds them as a widget of a notebook. Needs the extra ``widget``.

    As the last expression of a cell it shows in Jupyter, marimo and VS Code. Labels are read into memory; those of a
    cache are read from its folder when they come into sight.

    Args:
        source: anything that `kili_query.scan` reads, the folder of a label cache, or a `LabelCache`.
        query: what the editor begins with.
        ontology: names are checked against it; by default that of a dataset or a cache, or of a ``project.json`` beside
            the file of the labels. With another one, the labels of a cache are read and counted anew.
        policy: how objects are counted; by default as ``"objects"``, or as the cache does.

    Returns:
        The widget; its ``query`` is what the editor holds.

    Raises:
        MissingExtraError: the extra is not installed.
        SourceError: the labels cannot be read, or there are none.
        CacheError: the cache cannot be read.
        ArgumentError: the source is a data frame.
    """
    widget: type[PageWidget] = load("kili_query.page.widget", "`kq.show`", "widget").PageWidget
    return widget(_opened(source, ontology, policy), query)


def _opened(source: "LabelSource | LabelCache", ontology: Ontology | None, policy: CountPolicy | None) -> PageSource:
    if _is_cache_object(source):
        return _cached(source, ontology, policy)
    if isinstance(source, str | os.PathLike) and is_cache(source):
        cache: LabelCache = load("kili_query.cache", "a label cache", "cache").LabelCache(source)
        return _cached(cache, ontology, policy)
    if hasattr(type(source), "columns"):
        raise ArgumentError(
            "`source` is a data frame: pass its rows, as `frame.to_dict('records')` (pandas) or "
            "`frame.to_dicts()` (polars) returns them"
        )
    return source_in_memory(source, ontology=ontology, policy=policy or DEFAULT_POLICY)


def _is_cache_object(source: object) -> "TypeIs[LabelCache]":
    module = sys.modules.get("kili_query.cache")  # while it is not loaded, no object can be a cache
    return module is not None and isinstance(source, module.LabelCache)


def _cached(cache: "LabelCache", ontology: Ontology | None, policy: CountPolicy | None) -> PageSource:
    """Open a cache: its own counts where they are asked for, otherwise its labels counted anew."""
    path, version = os.path.abspath(cache.folder), cache.version
    title = os.path.basename(path) + ("" if version is None else f", version {version}")
    module = load("kili_query.page.cached", "a label cache", "page")
    opened: PageSource
    if ontology is None and policy in (None, cache.state.policy):
        origin = Origin(path, "cache", path) if version is None else Origin()  # commands read the latest version
        opened = module.CacheSource.of(path, version=version, title=title, origin=origin)
        return opened
    opened = module.FileSource.of(
        cache.reading().stream(),
        title=title,
        ontology=cache.ontology if ontology is None else ontology,
        policy=cache.state.policy if policy is None else policy,
    )
    return opened
