"""Labels in memory for a page; needs no other package, so that it also runs in a browser."""

from array import array
from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Any

from attrs import define, field

from kili_query.ast import Counter, Pattern, Predicate, Term, terms
from kili_query.ast.walk import matches_pattern
from kili_query.counting import count
from kili_query.counting.label import content_of
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.logic.evaluate import holds
from kili_query.page.source import Occurrences, PageSource, Pair
from kili_query.places import Problem
from kili_query.query import Query
from kili_query.scanning import LabelSource, read_labels
from kili_query.syntax import lower

_FLIPPED = bytes((1, 0)) + bytes(254)
_MOST_COLUMNS = 64
"""How many columns of counts are kept for the next query."""


@define(eq=False, slots=False, kw_only=True)
class PlainSource(PageSource):
    """Labels as dictionaries, counted when this is made.

    >>> source = PlainSource.of([{"id": "a", "jsonResponse": {"J": {"categories": [{"name": "X"}]}}}, {"id": "b"}])
    >>> source.n_labels, source.unknown, list(source.find(source.read("J.X")).rows)
    (2, [1], [0])
    """

    _labels: list[dict[str, Any]] = field(factory=list)
    _unknown: list[int] = field(factory=list)
    _malformed: list[int] = field(factory=list)
    _held: dict[Pair, dict[int, int]] = field(factory=dict)
    _columns: dict[Term, "array[int]"] = field(factory=dict, init=False)

    @classmethod
    def of(cls, labels: LabelSource, **about: Any) -> "PlainSource":
        """Read labels: a list of them, or anything else that `kili_query.scan` reads.

        Args:
            labels: the labels.
            **about: the attributes of a `PageSource`.

        Raises:
            SourceError: a file cannot be read.
        """
        source = cls(**about)
        for record in read_labels(labels):
            if isinstance(record, Problem):
                source.broken_records.add(record)
            else:
                source._add(record.label)
        return source

    def _add(self, label: dict[str, Any]) -> None:
        row = len(self._labels)
        self._labels.append(label)
        try:
            found = count(content_of(label), ontology=self.ontology, policy=self.policy)
        except UnknownContentError:
            self._unknown.append(row)
            return
        except MalformedLabelError:
            self._malformed.append(row)
            return
        for pair, number in found.items():
            self._held.setdefault(pair, {})[row] = number

    @property
    def n_labels(self) -> int:
        return len(self._labels)

    @property
    def unknown(self) -> Sequence[int]:
        return self._unknown

    @property
    def malformed(self) -> Sequence[int]:
        return self._malformed

    @cached_property
    def _uncounted(self) -> frozenset[int]:
        return frozenset([*self._unknown, *self._malformed])

    @cached_property
    def occurrences(self) -> Mapping[Pair, "Tally[int]"]:
        return {pair: Tally(held.values()) for pair, held in self._held.items()}

    def counts(self, rows: Sequence[int], pairs: Sequence[Pair]) -> list[list[int | None]]:
        held = [self._held.get(pair, {}) for pair in pairs]
        return [[None if row in self._uncounted else one.get(row, 0) for one in held] for row in rows]

    def labels(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        return [self._labels[row] for row in rows]

    def facts(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        return self.labels(rows)

    def meeting(self, query: Query) -> Sequence[int]:
        tree = lower(query.tree)
        return list(compress(range(self.n_labels), self._verdicts(tree, list(dict.fromkeys(terms(tree))))))

    def _verdicts(self, tree: Predicate, named: list[Term]) -> Iterator[bool]:
        """Judge by counts. Labels with equal counts are judged together, because few combinations occur."""
        keys = list(zip(*map(self._column, named), strict=True)) if named else [()] * self.n_labels
        verdict_of = {key: holds(tree, dict(zip(named, key, strict=True))) for key in set(keys)}
        return (verdict_of[key] and row not in self._uncounted for row, key in enumerate(keys))

    def _column(self, term: Term) -> "array[int]":
        column = self._columns.get(term)
        if column is None:
            if len(self._columns) >= _MOST_COLUMNS:
                self._columns.clear()
            column = array("q", bytes(8 * self.n_labels))
            for pair, held in self._held.items():
                if _is_of(term, pair):
                    for row, number in held.items():
                        column[row] += number
            self._columns[term] = column
        return column

    def occurrences_among(self, rows: Sequence[int]) -> Occurrences:
        is_in = bytearray(self.n_labels)
        for row in rows:
            is_in[row] = 1
        if 2 * len(rows) <= self.n_labels:
            return {pair: self._tally(held, rows, is_in) for pair, held in self._held.items()}
        others = [row for row, is_one in enumerate(is_in) if not is_one]
        is_out = is_in.translate(_FLIPPED)
        return {pair: self.occurrences[pair] - self._tally(held, others, is_out) for pair, held in self._held.items()}

    def _tally(self, held: Mapping[int, int], rows: Sequence[int], is_in: bytearray) -> "Tally[int]":
        """Count how often each count occurs, by walking over the shorter of the two."""
        if len(held) < len(rows):
            return Tally(number for row, number in held.items() if is_in[row])
        return Tally(filter(None, map(held.get, rows)))


def _is_of(term: Term, pair: Pair) -> bool:
    """Whether a term counts objects of a category."""
    match term:
        case Counter(job, category):
            return (job, category) == pair
        case Pattern(job, category):
            return matches_pattern(job.pieces, pair[0]) and matches_pattern(category.pieces, pair[1])
        case _:
            return False
