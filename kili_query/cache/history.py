"""Versions of a cache, and the labels that entered or left the answer to a query between two of them."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from attrs import frozen

from kili_query.cache.search import Search
from kili_query.cache.tables import Tables, commits, told
from kili_query.errors import ArgumentError, CacheError
from kili_query.protocol import read_instant


@frozen
class Version:
    """A version of a cache.

    Attributes:
        number: its number.
        written: when, by the clock of the machine that wrote it.
        summary: what changed: labels, the ontology, or that files were joined.
    """

    number: int
    written: datetime
    summary: str


@frozen
class Difference:
    """The ids of labels that a query finds in one of two versions only, oldest label first.

    Attributes:
        entered: found in the later version only.
        left: found in the earlier version only.
    """

    entered: tuple[str, ...]
    left: tuple[str, ...]


def versions_of(tables: Tables) -> list[Version]:
    """Return the versions up to this one, oldest first, without the steps of changes."""
    if tables.version is None:
        return []
    with told(tables.folder):
        found = [
            Version(one.number, one.written, "compacted" if one.state is None else one.state.summary)
            for one in commits(tables.folder, tables.version)
            if one.state is None or one.state.is_whole
        ]
    return found[::-1]


def checked_version(version: object) -> int | datetime:
    """Return the number of a version or a time, from either or from the text of a time.

    Raises:
        ArgumentError: it is something else.

    >>> checked_version(3), checked_version("2024-02-01")
    (3, datetime.datetime(2024, 2, 1, 0, 0, tzinfo=datetime.timezone.utc))
    """
    with suppress(ValueError):
        if isinstance(version, int) and not isinstance(version, bool):
            return version
        if isinstance(version, str | datetime):
            time = read_instant(version) if isinstance(version, str) else version
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time
    raise ArgumentError(f"a version is a number or a time such as 2024-02-01T09:30Z, not {version!r:.60}")


def version_at(tables: Tables, time: datetime) -> int:
    """Return the number of the version that was the latest at a time.

    Raises:
        CacheError: there was no version yet.
    """
    versions = versions_of(tables)
    found = [one.number for one in versions if one.written <= time]
    if not found:
        since = f"the first is of {versions[0].written:%Y-%m-%d %H:%M} UTC" if versions else "it is empty"
        raise CacheError(f"`{tables.folder}` has no version of {time:%Y-%m-%d %H:%M} UTC: {since}")
    return max(found)


def difference(before: Search, after: Search) -> Difference:
    """Compare the answers of two searches."""
    old, new = list(_ids(before)), list(_ids(after))
    known_old, known_new = set(old), set(new)
    return Difference(
        entered=tuple(one for one in new if one not in known_old),
        left=tuple(one for one in old if one not in known_new),
    )


def _ids(search: Search) -> Iterator[str]:
    return (str(label["id"]) for label in search.labels(["id"]))
