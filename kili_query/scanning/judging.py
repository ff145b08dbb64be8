"""Judgements on the JSON texts and values that a scan reads."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from attrs import frozen

from kili_query.counting.label import CONTENT, content_of
from kili_query.datasets import DatasetItem
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.places import Place, Problem, ProblemKind, Record
from kili_query.scanning.labels import decode, labels_in
from kili_query.scanning.objects import Engine, ObjectsJudge, objects_judge
from kili_query.scanning.report import LabelNames
from kili_query.scanning.split import JsonText
from kili_query.targets.closures import Matcher

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class Handler(Protocol[_T_co]):
    """Makes something of each text and value of a source."""

    def texts(self, texts: Iterable[JsonText | Problem]) -> Iterator[_T_co]:
        """Handle the JSON texts in a file."""

    def value(self, value: object, place: Place) -> Iterator[_T_co]:
        """Handle a value in memory."""

    def items(self, items: Iterable[DatasetItem | Problem]) -> Iterator[_T_co]:
        """Handle the items of a dataset."""


class Labels:
    """Returns the labels themselves; ``at`` is the field that holds their content."""

    def __init__(self, at: str) -> None:
        self._at = at

    def texts(self, texts: Iterable[JsonText | Problem]) -> Iterator[Record | Problem]:
        for text in texts:
            yield from self.text(text)

    def text(self, text: JsonText | Problem) -> Iterator[Record | Problem]:
        """Handle one JSON text."""
        value = text if isinstance(text, Problem) else decode(text)
        return iter((value,)) if isinstance(value, Problem) else self.value(value, text.place)

    def value(self, value: object, place: Place) -> Iterator[Record | Problem]:
        return labels_in(value, place, self._at)

    def items(self, items: Iterable[DatasetItem | Problem]) -> Iterator[Record | Problem]:
        for item in items:
            if isinstance(item, Problem):
                yield item
            elif item.label is not None:
                yield item.record()


class Misses(NamedTuple):
    """A number of labels that do not match."""

    number: int


class Judged(NamedTuple, Generic[_T]):
    """A label, and what the judge returned for its content."""

    label: dict[str, object]
    verdict: _T


Judgement: TypeAlias = Misses | Judged[_T] | Problem
Undecoded: TypeAlias = Judgement[_T] | JsonText
"""A judgement, or the text of a label that matches."""

_MISS = Misses(1)


@frozen
class Judge(Generic[_T]):
    """Judges labels by their content.

    Args:
        judge_content: called with the decoded content of a label; may raise the errors of a label.
        at: the field of a label that holds its content.
        names: where the names in the first labels are noted.
        sift: judges the JSON text of a label before it is decoded; returns None where that cannot be done.
        decode: reads the JSON text of a label that was sifted.
        is_whole: whether the matching labels of a dataset get their shapes too.
        judge_objects: judges the objects of a label that holds nothing else; returns None where that cannot be done.
    """

    _judge_content: Callable[[object], _T]
    _at: str
    _names: LabelNames | None = None
    _sift: Callable[[bytes], bool | None] | None = None
    _decode: Callable[[bytes], object] = json.loads
    _is_whole: bool = False
    _judge_objects: ObjectsJudge | None = None

    @staticmethod
    def of_query(engine: Engine, at: str, names: LabelNames | None = None, *, is_whole: bool = True) -> "Judge[bool]":
        """Judge by a compiled query. One for JSON bytes judges most labels before they are decoded."""
        judge_objects = objects_judge(engine)
        if isinstance(engine, Matcher):
            return Judge(engine, at, names, is_whole=is_whole, judge_objects=judge_objects)
        return Judge(engine.judge_content, at, names, engine.sift, engine.decode, is_whole, judge_objects)

    def texts(self, texts: Iterable[JsonText | Problem]) -> Iterator[Judgement[_T]]:
        return map(self.decoded, self.undecoded(texts))

    def undecoded(self, texts: Iterable[JsonText | Problem]) -> Iterator[Undecoded[_T]]:
        """Judge texts, but leave those undecoded that were found to match as they are."""
        labels = Labels(self._at)
        for text in texts:
            is_match = None if isinstance(text, Problem) else self._sifted(text.data)
            if is_match is None:
                yield from map(self._judge, labels.text(text))
            else:
                yield text if is_match else _MISS

    def _sifted(self, data: bytes) -> bool | None:
        if self._names is not None and not self._names.is_enough:
            self._names.tally(len(data))
            return None  # so that the label is decoded
        return None if self._sift is None else self._sift(data)

    def decoded(self, judgement: Undecoded[_T]) -> Judgement[_T]:
        """Decode the label of a judgement."""
        if not isinstance(judgement, JsonText):
            return judgement
        value = decode(judgement, self._decode)
        if isinstance(value, Problem):
            return value
        return cast("Judged[_T]", Judged(cast("dict[str, object]", value), True))  # only a query's texts get here

    def value(self, value: object, place: Place) -> Iterator[Judgement[_T]]:
        return map(self._judge, labels_in(value, place, self._at))

    def items(self, items: Iterable[DatasetItem | Problem]) -> Iterator[Judgement[_T]]:
        judge_objects, names = self._judge_objects or _undecided, self._names
        for item in items:
            if isinstance(item, Problem):
                yield item
                continue
            objects = item.objects if names is None or names.is_enough else None
            verdict = None if objects is None else judge_objects(objects)
            if verdict is False:
                yield _MISS
            elif verdict or item.label is not None:
                label = item.sketch()
                judgement: Judgement[_T]
                if verdict:
                    judgement = Judged(label, cast("_T", verdict))  # a judge of objects is that of a query
                else:
                    judgement = self._judge(Record(label, item.place), CONTENT)
                if self._is_whole and isinstance(judgement, Judged) and judgement.verdict:
                    judgement = _with_shapes(judgement, item)
                yield judgement

    def _judge(self, record: Record | Problem, at: str | None = None) -> Judgement[_T]:
        if isinstance(record, Problem):
            return record
        try:
            content = content_of(record.label, self._at if at is None else at)
            verdict = self._judge_content(content)
        except UnknownContentError as error:
            return Problem(record.place, ProblemKind.UNKNOWN, error.message, error.path)
        except MalformedLabelError as error:
            return Problem(record.place, ProblemKind.MALFORMED, error.message, error.path)
        if self._names is not None:
            self._names.add(content)
        return Judged(record.label, verdict)


def _undecided(_: object) -> None:
    return None


def _with_shapes(judged: Judged[_T], item: DatasetItem) -> Judgement[_T]:
    record = item.record()
    return record if isinstance(record, Problem) else Judged(record.label, judged.verdict)
