"""Labels as they were read, and problems in place of those that could not be, each with its place."""

from enum import StrEnum
from typing import NamedTuple


class Place(NamedTuple):
    """Where a label stands, so that people can find it.

    Attributes:
        file: the path as given, ``ARCHIVE/ENTRY`` inside a zip, ``<stdin>``, ``<stream>`` or ``<labels>``.
        line: the line, from 1, in text that holds one label a line.
        path: the JSON path inside that line or file, such as ``[3].latestLabel``.

    >>> print(Place("labels.ndjson", 17))
    labels.ndjson:17
    >>> print(Place("data.json", path="[3].latestLabel"))
    data.json: [3].latestLabel
    """

    file: str
    line: int | None = None
    path: str = ""

    def __str__(self) -> str:
        line = "" if self.line is None else f":{self.line}"
        return f"{self.file}{line}" + (f": {self.path}" if self.path else "")


class Record(NamedTuple):
    """One label as it was read; a tuple, because millions of them are made.

    Attributes:
        label: the label; from an asset's document, with a ``labelOf`` that names the asset.
        place: where it stands.
    """

    label: dict[str, object]
    place: Place


class ProblemKind(StrEnum):
    """Why a record can be neither a match nor a non-match."""

    UNKNOWN = "unknown"  # a label without content
    MALFORMED = "malformed"  # a label whose content has the wrong shape
    BROKEN = "broken"  # not a label at all: not JSON, or not an object


class Problem(NamedTuple):
    """A record that cannot be judged.

    Attributes:
        place: where it stands.
        fault: what kind of problem it is.
        reason: why, in words that are true when read alone.
        path: the JSON path inside the label's content, when that is what is wrong.

    >>> print(Problem(Place("labels.ndjson", 17), ProblemKind.UNKNOWN, "`jsonResponse` is null"))
    labels.ndjson:17: `jsonResponse` is null
    """

    place: Place
    fault: ProblemKind
    reason: str
    path: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" + (f" (at `{self.path}`)" if self.path else "")
