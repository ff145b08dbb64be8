"""``kili-query drift``: how the ontology of a cache changed, and which queries changed meaning with it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import asdict, field, frozen

from kili_query.cache_folder import is_cache
from kili_query.cli import BAD, FINE, NEGATIVE, CommandError
from kili_query.cli.arguments import JsonOption
from kili_query.cli.caches import opened_cache
from kili_query.cli.inputs import read_query
from kili_query.cli.output import print_json, print_lines, tell_error
from kili_query.diagnostics.layout import counted
from kili_query.lint import FoundSearch, SkippedPlace, Unreadable, lint_paths
from kili_query.query import parse
from kili_query.wording import shortened

if TYPE_CHECKING:
    from kili_query.cache import Drift, LabelCache, QueryDrift

_IN_WORDS = {
    "same": "means the same",
    "invalid": "is no longer valid",
    "different": "means something else",
    "constant": "no longer distinguishes labels",
    "valid_now": "is valid now, and was not",
    "invalid_in_both": "is not valid in either version",
    "not_a_query": "is not a query",
}
_LONGEST = 300


def drift(
    folder: Annotated[str, typer.Argument(metavar="CACHE", show_default=False, help="The folder of the cache.")],
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERIES]...",
            show_default=False,
            help="Files (.py, .ipynb, .yaml, .yml, .json, .kq) and folders with saved queries, which lint finds.",
        ),
    ] = None,
    query: Annotated[
        list[str] | None,
        typer.Option(
            "--query", metavar="QUERY", help="A query; repeat it for several. - is standard input, @FILE a file."
        ),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="VERSION",
            help="A version of the cache, by number or time. [default: the oldest with an ontology]",
        ),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option("--to", metavar="VERSION", help="The version to compare it with. [default: the newest]"),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Find the queries that changed meaning between two versions of a cache.

    Prints jobs and categories that vanished, appeared, were renamed or changed kind; the queries that changed meaning,
    because they are no longer valid, count something else or are constant now; and the rewritten query where a rename
    makes it certain.
    Exit status: 0 when no query changed meaning, 1 when one did, 2 for a bad query, a file or version that cannot be
    read, a cache without an ontology, or bad usage.

    \b
    kili-query drift labels-cache src
    kili-query drift labels-cache --query 'OBJECTS.PERSON.count >= 3' --from 2024-02-01
    """
    if not is_cache(folder):
        raise CommandError(
            f"`{folder}` is not a label cache: `kili-query cache` and `kili-query pull --cache` make one"
        )
    cache = opened_cache(folder)
    saved = _Saved.read(query or [], paths or [])
    found = cache.drift(_version(before), _version(after), saved.texts)
    if as_json:
        print_json(_as_json(found, saved, folder))
    else:
        print_lines("\n".join(_lines(cache, found, saved, is_asked=bool(before or after))))
    for problem in saved.unreadable:
        tell_error(str(problem))
    if saved.unreadable or any(one.kind == "invalid_in_both" for one in found.queries[: len(query or [])]):
        return BAD
    return NEGATIVE if found.changed_queries else FINE


@frozen
class _Saved:
    """Queries, and where each stands."""

    texts: list[str] = field(factory=list)
    places: list[str] = field(factory=list)
    skipped: list[SkippedPlace] = field(factory=list)
    unreadable: list[Unreadable] = field(factory=list)

    @classmethod
    def read(cls, queries: Sequence[str], paths: Sequence[str]) -> "_Saved":
        saved = cls()
        for number, argument in enumerate(queries, start=1):
            text, name = read_query(argument)
            name = name if len(queries) == 1 else f"{name} {number}"
            parse(text, name=name)
            saved.texts.append(text)
            saved.places.append(name)
        for _, items in lint_paths(paths):
            for item in items:
                match item:
                    case FoundSearch(text, place):
                        line, column = place.source.position(place.whole.start)
                        saved.texts.append(text.rstrip("\r\n"))
                        saved.places.append(f"{place.source.name}:{line}:{column}")
                    case SkippedPlace():
                        saved.skipped.append(item)
                    case Unreadable():
                        saved.unreadable.append(item)
        return saved


def _version(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else text


def _as_json(found: "Drift", saved: _Saved, folder: str) -> dict[str, object]:
    queries = zip(saved.places, found.queries, strict=True)
    return {
        "cache": folder,
        "from": found.before,
        "to": found.after,
        "changes": [asdict(change) for change in found.changes],
        "queries": [{"place": place, "has_changed": one.has_changed, **asdict(one)} for place, one in queries],
        "skipped": list(map(str, saved.skipped)),
        "unreadable": list(map(str, saved.unreadable)),
    }


def _lines(cache: "LabelCache", found: "Drift", saved: _Saved, *, is_asked: bool) -> Iterator[str]:
    if found.before == found.after:
        same = "is the only one with an ontology: there is nothing to compare it with"
        yield f"version {found.after} {same if not is_asked else 'is compared with itself'}"
    else:
        written = {one.number: one.written for one in cache.versions}
        yield " against ".join(_version_text(number, written.get(number)) for number in (found.before, found.after))
        yield f"ontology: {counted(len(found.changes), 'change')}" if found.changes else "ontology: the same in both"
    yield from (f"  {change}" for change in found.changes)
    if not found.queries:
        yield "queries: none were given or found"
        return
    changed, total = len(found.changed_queries), counted(len(found.queries), "query", "queries")
    skipped = f", {len(saved.skipped)} skipped" if saved.skipped else ""
    yield f"queries: {changed or 'none'} of {total} changed meaning{skipped}"
    for place, one in zip(saved.places, found.queries, strict=True):
        if one.kind != "same":
            yield from _query_lines(place, one)


def _version_text(number: int, written: datetime | None) -> str:
    return f"version {number}" + ("" if written is None else f" ({written:%Y-%m-%d %H:%M:%S} UTC)")


def _query_lines(place: str, found: "QueryDrift") -> Iterator[str]:
    yield f"  {place}: `{shortened(' '.join(found.text.split()), _LONGEST)}` {_IN_WORDS[found.kind]}"
    yield from (f"    {reason}" for reason in found.reasons)
    if found.rewritten is not None:
        yield from (
            f"    {'write ' if not at else '      '}{line}" for at, line in enumerate(found.rewritten.split("\n"))
        )
    if found.entered is not None:
        of = "the rewritten query" if found.rewritten is not None else "its answer"
        yield f"    labels: {found.entered:,} entered {of}, {found.left:,} left"
