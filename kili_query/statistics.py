"""How often a predicate holds: histograms of counters, and estimates that plans are ordered by.

Estimates take counters for independent of one another, which they seldom quite are: they order, and bound nothing.
"""

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, takewhile
from math import prod
from typing import TypeAlias, assert_never

from attrs import frozen

from kili_query.ast import (
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Filtered,
    Linear,
    Not,
    Or,
    Predicate,
    Sugar,
    map_operands,
    terms_of,
)
from kili_query.counting import DEFAULT_POLICY, CountPolicy, count
from kili_query.errors import LabelError, MalformedLabelError
from kili_query.ontology import Ontology, OntologySource
from kili_query.syntax import lower
from kili_query.targets.closures import Matcher, compile_closure

Pair: TypeAlias = tuple[str, str]

_MAX_EXACT = 10
"""The greatest count that has a bin of its own."""

_GUESS = 1 / 3
"""The share of what no histogram tells."""

_BRACKETS = 10
"""How many counters may be read in the time of one with a condition in brackets, which gathers objects; measured."""


@frozen
class Histogram:
    """How many labels hold how many objects of one counter.

    Attributes:
        values: the counts that occur beside 0, ascending.
        labels: how many labels hold so many objects, or fewer but one at least.
    """

    values: tuple[int, ...]
    labels: tuple[int, ...]

    @classmethod
    def of(cls, labels_by_count: Mapping[int, int]) -> "Histogram":
        """From the number of labels for each count."""
        values = tuple(sorted(value for value, labels in labels_by_count.items() if value > 0 and labels > 0))
        return cls(values, tuple(accumulate(labels_by_count[value] for value in values)))

    @property
    def labels_by_count(self) -> dict[int, int]:
        """The number of labels for each count that occurs beside 0.

        >>> Histogram.of({2: 5, 0: 7, 1: 3}).labels_by_count
        {1: 3, 2: 5}
        """
        before = (0, *self.labels)
        return {value: up_to - below for value, up_to, below in zip(self.values, self.labels, before, strict=False)}

    def at_least(self, bound: int) -> int:
        """How many labels hold ``bound`` objects or more, with ``bound`` 1 or more."""
        below = bisect_left(self.values, bound)
        return (self.labels[-1] if self.labels else 0) - (self.labels[below - 1] if below else 0)


@frozen
class Bin:
    """How many labels hold a number of objects in a range, ends included."""

    first: int
    last: int
    labels: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def bins_of(occurrences: Mapping[int, int], labels: int) -> list[Bin]:
    """The numbers from 0 to the greatest one: each by itself up to 10, then in ranges that widen.

    Args:
        occurrences: how many labels hold 1, 2, … objects.
        labels: how many labels there are, those that hold none included.

    >>> [(str(one), one.labels) for one in bins_of({1: 4, 14: 2}, 10)][-3:]
    [('9', 0), ('10', 0), ('11-20', 2)]
    """
    counts = {**occurrences, 0: labels - sum(occurrences.values())}
    return [
        Bin(first, last, sum(counts[number] for number in counts if first <= number <= last))
        for first, last in takewhile(lambda ends: ends[0] <= max(counts), _ranges())
    ]


def _ranges() -> Iterator[tuple[int, int]]:
    for number in range(_MAX_EXACT + 1):
        yield number, number
    first, last = _MAX_EXACT + 1, 2 * _MAX_EXACT
    while True:
        yield first, last
        first = last + 1
        last = last * 5 // 2 if str(last)[0] == "2" else last * 2  # 20, 50, 100, 200, …


@frozen
class Statistics:
    """The counts in a collection of labels, counter by counter.

    Attributes:
        n_labels: the labels whose counts are known.
        histograms: by job and category; a counter without one is 0 in every label.

    >>> from kili_query.syntax import parse_tree
    >>> labels = [{"J": {"categories": [{"name": "A"}]}}, {}, {}, {}]
    >>> statistics = Statistics.of_contents(labels)
    >>> statistics.estimate(parse_tree("J.A")), statistics.estimate(parse_tree("J.A OR J.B.count == 0"))
    (0.25, 1.0)
    """

    n_labels: int
    histograms: Mapping[Pair, Histogram]

    @classmethod
    def of_counts(cls, counts: Iterable[Mapping[Pair, int]]) -> "Statistics":
        """From the counts of each label, those that are 0 left out or not."""
        tallies: dict[Pair, Tally[int]] = {}
        n_labels = 0
        for of_label in counts:
            n_labels += 1
            for pair, number in of_label.items():
                tallies.setdefault(pair, Tally())[number] += 1
        return cls(n_labels, {pair: Histogram.of(tally) for pair, tally in tallies.items()})

    @classmethod
    def of_contents(
        cls, contents: Iterable[object], *, ontology: OntologySource | None = None, policy: CountPolicy = DEFAULT_POLICY
    ) -> "Statistics":
        """From the decoded content of each label; unknown and malformed ones are left out."""
        rules = Ontology.if_given(ontology)

        def known() -> Iterable[Mapping[Pair, int]]:
            for content in contents:
                try:
                    yield count(content, ontology=rules, policy=policy)
                except LabelError:
                    continue  # no query holds on it

        return cls.of_counts(known())

    def share(self, comparison: Comparison) -> float:
        """The share of labels on which a comparison holds, exact for one counter; from 0 to 1, and 0 of no labels."""
        term, op, bound = comparison.counter, comparison.op, comparison.bound
        if not isinstance(term, Counter):
            return _GUESS
        if not self.n_labels:
            return 0.0
        match op:
            case CompareOp.GE:
                return self._at_least(term, bound)
            case CompareOp.GT:
                return self._at_least(term, bound + 1)
            case CompareOp.LT:
                return 1 - self._at_least(term, bound)
            case CompareOp.LE:
                return 1 - self._at_least(term, bound + 1)
            case CompareOp.EQ:
                return self._at_least(term, bound) - self._at_least(term, bound + 1)
            case _:
                assert_never(op)

    def _at_least(self, counter: Counter, bound: int) -> float:
        if bound <= 0:
            return 1.0
        histogram = self.histograms.get((counter.job, counter.category))
        return 0.0 if histogram is None else histogram.at_least(bound) / self.n_labels

    def estimate(self, tree: Predicate) -> float:
        """The estimated share of labels on which a predicate holds, from 0 to 1.

        Exact for a comparison of one counter. Operands are taken to be independent; a sum, a pattern or a condition
        on children is guessed to hold on a third.
        """
        match tree:
            case Comparison():
                return self.share(tree)
            case And(operands):
                return prod(map(self.estimate, operands))
            case Or(operands):
                return 1 - prod(1 - self.estimate(operand) for operand in operands)
            case Constant(value):
                return float(value)
            case Linear():
                return _GUESS
            case Sugar():
                return self.estimate(lower(tree))
            case _:
                assert_never(tree)

    def order(self, tree: Predicate) -> Predicate:
        """The predicate in the order in which it is decided soonest.

        A conjunction tries first what holds on the fewest labels for its cost, a disjunction what holds on the most.
        The meaning stays; but an engine that stops early may then read other parts of a malformed label.

        >>> from kili_query.syntax import parse_tree, print_tree
        >>> statistics = Statistics.of_counts([{("J", "A"): 1, ("J", "B"): 1}, {("J", "A"): 1}])
        >>> [print_tree(statistics.order(parse_tree(text))) for text in ("J.A AND J.B", "J.B OR J.A")]
        ['J.B AND J.A', 'J.A OR J.B']
        """
        match map_operands(self.order, tree):
            case And(operands, span=span):
                return And(tuple(sorted(operands, key=lambda one: _rank(1 - self.estimate(one), one))), span=span)
            case Or(operands, span=span):
                return Or(tuple(sorted(operands, key=lambda one: _rank(self.estimate(one), one))), span=span)
            case leaf:
                return leaf

    def compile(
        self, tree: Predicate, *, ontology: OntologySource | None = None, policy: CountPolicy = DEFAULT_POLICY
    ) -> Matcher:
        """A matcher that decides in the order of `order`, for many labels like those that were counted.

        It gives every verdict of `Query.compile`, and raises no error that `Query.compile` does not. A label that is
        malformed may be judged where `Query.compile`, from left to right, would come to the fault before the verdict.
        The matcher's tree and explanations are as written; pickled, it is compiled anew, in the order as written.

        Args:
            tree: a predicate, bound where there is an ontology.
            ontology: as for `Query.compile`.
            policy: what one object is.

        >>> from kili_query.syntax import parse_tree
        >>> statistics = Statistics.of_counts([{("J", "A"): 1, ("J", "B"): 1}, {("J", "A"): 1}])
        >>> matches = statistics.compile(parse_tree("J.A AND J.B"))
        >>> matches({"J": {"categories": [{"name": "A"}]}}), matches
        (False, <Matcher J.A AND J.B>)
        """
        ontology = Ontology.if_given(ontology)
        judge_as_written = compile_closure(tree, ontology=ontology, policy=policy)
        judge_soonest = compile_closure(self.order(tree), ontology=ontology, policy=policy)

        def judge(json_response: object) -> bool:
            try:
                return judge_soonest(json_response)
            except MalformedLabelError:  # the order as written may come to a verdict before the fault
                return judge_as_written(json_response)

        return Matcher(tree, ontology, policy, judge=judge)


def _rank(share_decided: float, tree: Predicate) -> tuple[float, float]:
    """Put first what decides most labels for its cost."""
    cost = _cost(tree)
    return -share_decided / cost, cost


def _cost(tree: Predicate) -> int:
    """How many counters are read, with the children that conditions in brackets read."""
    match tree:
        case And(operands) | Or(operands):
            return sum(map(_cost, operands)) or 1
        case Not(operand):
            return _cost(operand)
        case _:
            return sum(_BRACKETS if isinstance(term, Filtered) else 1 for term in terms_of(tree)) or 1
