"""What a scan makes of the JSON texts and values it reads."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeAlias, TypeVar, cast

from kili_query._extras import load
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.scanning.labels import content_of, decode, labels_in
from kili_query.scanning.names import LabelNames
from kili_query.scanning.places import Fault, Place, Problem, Record
from kili_query.scanning.split import JsonText
from kili_query.targets.closures import Matcher

__all__ = ["Judge", "Labels", "Match", "Misses", "Reader", "Undecoded", "Verdict"]

_T_co = TypeVar("_T_co", covariant=True)


class Reader(Protocol[_T_co]):
    """What is made of a source."""

    def texts(self, texts: Iterable[JsonText | Problem]) -> Iterator[_T_co]:
        """Of the JSON texts in a file."""

    def value(self, value: object, place: Place) -> Iterator[_T_co]:
        """Of a value in memory."""


class Labels:
    """The labels themselves; ``at`` is the field that holds their content."""

    def __init__(self, at: str) -> None:
        self._at = at

    def texts(self, texts: Iterable[JsonText | Problem]) -> Iterator[Record | Problem]:
        for text in texts:
            yield from self.text(text)

    def text(self, text: JsonText | Problem) -> Iterator[Record | Problem]:
        """Of one JSON text."""
        value = text if isinstance(text, Problem) else decode(text)
        return iter((value,)) if isinstance(value, Problem) else self.value(value, text.place)

    def value(self, value: object, place: Place) -> Iterator[Record | Problem]:
        return labels_in(value, place, self._at)


class Misses(NamedTuple):
    """So many labels that do not match."""

    number: int


class Match(NamedTuple):
    """A label that matches."""

    label: dict[str, object]


Verdict: TypeAlias = Misses | Match | Problem
Undecoded: TypeAlias = Verdict | JsonText
"""A verdict, or the text of a label that matches."""

_MISS = Misses(1)


class Judge:
    """Which labels match.

    With msgspec and a compiled query, most texts are judged before they are decoded, and few have to be.

    Args:
        matches: given the decoded content of a label; may raise the errors of a label.
        at: the field of a label that holds its content.
        is_fast: whether msgspec may be used.
        names: where the names in the first labels are noted.
    """

    def __init__(
        self, matches: Callable[[object], bool], at: str, *, is_fast: bool, names: LabelNames | None = None
    ) -> None:
        self._labels = Labels(at)
        self._names = names
        self._matches = matches
        self._at = at
        self._sift: Callable[[bytes], bool | None] | None = None
        self._read: Callable[[bytes], object] = json.loads
        if is_fast and isinstance(matches, Matcher):
            raw_bytes = load("kili_query.targets.raw_bytes", "judging labels before they are decoded", "fast")
            tree, ontology, policy = matches.tree, matches.ontology, matches.policy
            self._sift = raw_bytes.compile_bytes(tree, ontology=ontology, policy=policy, at=at).sift
            self._read = raw_bytes.decode

    def texts(self, texts: Iterable[JsonText | Problem]) -> Iterator[Verdict]:
        return map(self.decoded, self.undecoded(texts))

    def undecoded(self, texts: Iterable[JsonText | Problem]) -> Iterator[Undecoded]:
        """The same, with the texts of labels that were found to match as they were."""
        for text in texts:
            verdict = None if isinstance(text, Problem) else self._sifted(text.data)
            if verdict is None:
                yield from map(self._judge, self._labels.text(text))
            else:
                yield text if verdict else _MISS

    def _sifted(self, data: bytes) -> bool | None:
        if self._names is not None and not self._names.is_enough:
            self._names.tally(len(data))
            return None  # so that the label is decoded
        return None if self._sift is None else self._sift(data)

    def decoded(self, verdict: Undecoded) -> Verdict:
        """The verdict with its label decoded."""
        if not isinstance(verdict, JsonText):
            return verdict
        value = decode(verdict, self._read)
        return value if isinstance(value, Problem) else Match(cast("dict[str, object]", value))

    def value(self, value: object, place: Place) -> Iterator[Verdict]:
        return map(self._judge, self._labels.value(value, place))

    def _judge(self, record: Record | Problem) -> Verdict:
        if isinstance(record, Problem):
            return record
        try:
            content = content_of(record.label, self._at)
            is_match = self._matches(content)
        except UnknownContentError as error:
            return Problem(record.place, Fault.UNKNOWN, error.message, error.path)
        except MalformedLabelError as error:
            return Problem(record.place, Fault.MALFORMED, error.message, error.path)
        if self._names is not None:
            self._names.add(content)
        return Match(record.label) if is_match else _MISS
