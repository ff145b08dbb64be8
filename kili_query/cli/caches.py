"""Label caches and datasets where commands take files of labels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from attrs import asdict

from kili_query.cache_folder import is_cache
from kili_query.cli import CommandError
from kili_query.cli.datasets import dataset_at
from kili_query.cli.output import print_json
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.diagnostics.layout import printable
from kili_query.extras import load
from kili_query.ontology import Ontology
from kili_query.planning import ServerProfile
from kili_query.query import Query

if TYPE_CHECKING:
    from kili_query.cache import Expected, LabelCache, Summary
    from kili_query.cache.reading import Reading
    from kili_query.scanning import LabelNames

_CONTENT = "jsonResponse"


def opened_cache(folder: str) -> "LabelCache":
    """Return a cache. Its libraries are imported here, because most commands need none.

    Raises:
        CommandError: the path is empty.
        MissingExtraError: the extra is not installed; the message names it.
    """
    if not folder:
        raise CommandError("the path of a label cache is empty: name a folder")
    cache: LabelCache = load("kili_query.cache", "a label cache", "cache").LabelCache(folder)
    return cache


def readable(labels: Sequence[object]) -> list[object]:
    """Return sources as scans read them: a cache as a stream of its labels, a dataset once it is open."""
    return [_readable(one) if isinstance(one, str) else one for one in labels]


def _readable(source: str) -> object:
    return opened_cache(source).reading().stream() if is_cache(source) else dataset_at(source) or source


def reading_of(
    labels: Sequence[str],
    query: Query | None,
    ontology: str | None,
    policy: CountPolicy = DEFAULT_POLICY,
    at: str = _CONTENT,
) -> "Reading | None":
    """Return a cache whose columns help to answer; None where files are read, or labels are counted in another way.

    Args:
        labels: the sources of labels.
        query: the query; None for all labels.
        ontology: the file or cache whose ontology is used.
        policy: how objects are counted.
        at: the field that holds the content of a label.

    Raises:
        BadParameter: contents are asked for in a field that no cache has.
    """
    if at != _CONTENT and (cached := next(filter(is_cache, labels), None)) is not None:
        raise typer.BadParameter(
            f"`{cached}` is a label cache, whose contents are in {_CONTENT}: leave it out", param_hint="'--at'"
        )
    if len(labels) != 1 or not is_cache(labels[0]):
        return None
    cache = opened_cache(labels[0])
    own = labels[0] if cache.state.ontology is not None else None
    return cache.reading(query) if ontology == own and cache.state.policy == policy else None


def expected_of(folder: str, query: Query, ontology: str | None, profile: ServerProfile) -> "Expected | None":
    """Return what a query would find and cost on a server, by a cache; None if its labels are counted in another way.

    Args:
        folder: the cache.
        query: the query.
        ontology: the file or cache whose ontology is used.
        profile: which of the server's searches are reliable.
    """
    cache = opened_cache(folder)
    own = folder if cache.state.ontology is not None else None
    return cache.expected(query, profile=profile) if ontology == own else None


def print_summary(summary: "Summary", folder: str, *, as_json: bool, is_dry: bool = False) -> None:
    """Print what changed in a cache, or what would."""
    if as_json:
        print_json({"cache": folder, **asdict(summary)})
    else:
        print(f"{printable(folder)}: {f'would be {summary.told}' if is_dry else summary}")


def names_for(ontology: Ontology | None, cache: "Reading | None") -> "LabelNames | None":
    """Return what takes the names in labels where no ontology checks them; a cache knows them beforehand."""
    if ontology is not None:
        return None
    from kili_query.scanning import LabelNames  # here, because it takes long to import

    return LabelNames() if cache is None else cache.names()
