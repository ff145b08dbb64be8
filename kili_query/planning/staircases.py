"""Staircases: a sum of counters as steps of comparisons, for targets that only compare single counters.

``A + B >= 2`` is ``B >= 2 OR A >= 1 AND B >= 1 OR A >= 2``: one step for each value of one counter, combined with what
the rest of the sum must then reach.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from attrs import define, frozen

from kili_query.ast import MAX_COUNT, Addend, CompareOp, Constant, Linear, Predicate, Term, all_of, any_of, comparison
from kili_query.planning.bounds import Bounds, extent, limits
from kili_query.syntax import print_tree

TRUE, FALSE = Constant(True), Constant(False)

STEPS = (MAX_COUNT, 64, 32, 16, 12, 8, 6, 4, 3, 2)
"""How many steps a counter may have, tried in this order until the text is short enough; first one for each value."""

MAX_ADDENDS = 40
"""The steps of one counter contain those of the next, so a longer sum never has a short staircase."""

ENDLESS = 10_000
"""A counter with this many values is treated as unbounded."""

MANY_STEPS = 16
"""Steps of an unbounded counter, half of which double in length; hardly any label holds more objects."""

SHORTEST = len("A.B.count > 1")

JOINT = len(" AND ()")

Values: TypeAlias = tuple[int, int]
"""The least and the greatest value, both included."""


@frozen
class Staircase:
    """Comparisons in place of a sum.

    Attributes:
        predicate: holds whenever the sum and the bounds hold.
        is_exact: the sum holds whenever the predicate does, even if the bounds do not.
    """

    predicate: Predicate
    is_exact: bool


def staircase(tree: Linear, bounds: Bounds, size: int) -> Staircase | None:
    """Build the staircase with the smallest steps that fit into a text of about ``size`` characters, or None.

    Args:
        tree: the sum.
        bounds: known bounds of the counters; the predicate repeats them, because the steps rely on them.
        size: maximum number of characters of the predicate as text.
    """
    if len(tree.addends) > MAX_ADDENDS or size < len(tree.addends) * SHORTEST:
        return None
    parts = tuple(_part(one, bounds) for one in tree.addends)
    for steps in STEPS:
        builder = _Builder(steps, size)
        try:
            predicate = builder.sum(parts, *limits(tree))
            known = [builder.within(one, one.known, (0, MAX_COUNT)) for one in parts]
        except _TooLongError:
            continue
        return Staircase(all_of((*known, predicate)), builder.is_exact)
    return None


class _Part(NamedTuple):
    """An addend, and what each step needs to know of it. A tuple, because steps read it thousands of times.

    Attributes:
        weight: its coefficient.
        counter: its counter.
        known: the bounds of the counter.
        ends: the least and the greatest value of the addend.
        cost: the number of characters of a comparison of the counter.
    """

    weight: int
    counter: Term
    known: Values
    ends: Values
    cost: int


def _part(addend: Addend, bounds: Bounds) -> _Part:
    weight, counter = addend.coefficient, addend.counter
    known = extent(counter, bounds)
    ends = weight * known[0], weight * known[1]
    cost = len(print_tree(comparison(counter, CompareOp.GE, 1))) + JOINT
    return _Part(weight, counter, known, (min(ends), max(ends)), cost)


def _opposite(part: _Part) -> _Part:
    least, most = part.ends
    return part._replace(weight=-part.weight, ends=(-most, -least))


class _TooLongError(Exception):
    """The text would be longer than allowed."""


@define
class _Builder:
    """Builds one staircase.

    Attributes:
        steps: how many steps each counter may have.
        left: how many characters are left.
        is_exact: no values of a counter have shared a step so far.
    """

    steps: int
    left: int
    is_exact: bool = True

    def sum(self, parts: Sequence[_Part], low: int | None, high: int | None) -> Predicate:
        """Return the steps of a sum from ``low`` to ``high``; None is no limit."""
        least = most = 0
        for part in parts:
            least, most = least + part.ends[0], most + part.ends[1]
        if low is not None and low <= least:
            low = None
        if high is not None and high >= most:
            high = None
        if (low is not None and low > most) or (high is not None and high < least):
            return FALSE
        if low is None:
            return TRUE if high is None else self.sum(tuple(map(_opposite, parts)), -high, None)
        if len(parts) == 1:
            return self._last(parts[0], low, high)
        values = [self._values(part, (least - part.ends[0], most - part.ends[1]), low, high) for part in parts]
        chosen = min(range(len(parts)), key=lambda at: values[at][1] - values[at][0])
        rest = (*parts[:chosen], *parts[chosen + 1 :])
        return self._steps(parts[chosen], rest, values[chosen], low, high)

    def _values(self, part: _Part, rest: Values, low: int, high: int | None) -> Values:
        """Return the values of a counter that matter: those for which the rest of the sum can reach the limits.

        With only a lower limit, all values from the first that needs nothing from the rest are equivalent.
        """
        weight, (fewest, most) = part.weight, part.known
        rest_least, rest_most = rest
        possible = _quotients(weight, low - rest_most, None if high is None else high - rest_least)
        first, last = max(fewest, possible[0]), min(most, possible[1])
        if high is None:
            enough = _quotients(weight, low - rest_least, None)
            first, last = (first, min(last, enough[0])) if weight > 0 else (max(first, enough[1]), last)
        return first, last

    def _last(self, part: _Part, low: int, high: int | None) -> Predicate:
        first, last = _quotients(part.weight, low, high)
        return self.within(part, (max(first, part.known[0]), min(last, part.known[1])), part.known)

    def _steps(self, part: _Part, rest: Sequence[_Part], values: Values, low: int, high: int | None) -> Predicate:
        weight, known = part.weight, part.known
        options: list[Predicate] = []
        before: Predicate = FALSE
        for first, last in self._shared(values, is_descending=weight < 0):
            step = (first, last)
            if high is None:  # values that increase the sum are fine too, so one end stays open
                step = (first, known[1]) if weight > 0 else (known[0], last)
            added = (weight * first, weight * last) if weight > 0 else (weight * last, weight * first)
            left_before = self.left
            remaining = self.sum(rest, low - added[1], None if high is None else high - added[0])
            if high is None and remaining == before:  # the previous step covers this one and is weaker on the counter
                self.left = left_before
                continue
            before = remaining
            options.append(all_of((self.within(part, step, known), remaining)))
        return any_of(options)

    def _shared(self, values: Values, *, is_descending: bool) -> Iterable[Values]:
        """Return the values of each step, starting with the one that needs most from the rest of the sum."""
        first, last = values
        many = last - first + 1
        if self.steps == MAX_COUNT and many > self.left:
            raise _TooLongError
        if many <= self.steps:
            cells = [(value, value) for value in range(first, last + 1)]
        else:
            self.is_exact = False
            starts = list(_starts(first, many, self.steps))
            cells = [(start, after - 1) for start, after in pairwise((*starts, last + 1))]
        return reversed(cells) if is_descending else cells

    def within(self, part: _Part, values: Values, known: Values) -> Predicate:
        """Return the condition that a counter has one of the values, without what is already known."""
        low, high = values
        if high < known[1] and known[1] - high < ENDLESS < high:  # practically any count
            high = known[1]
            self.is_exact = False
        wanted: list[Predicate] = []
        if low == high and known != values:
            wanted.append(comparison(part.counter, CompareOp.EQ, low))
        else:
            if low > known[0]:
                wanted.append(comparison(part.counter, CompareOp.GE, low))
            if high < known[1]:
                wanted.append(comparison(part.counter, CompareOp.LE, high))
        self.left -= len(wanted) * part.cost
        if self.left < 0:
            raise _TooLongError
        return all_of(wanted)


def _starts(first: int, many: int, steps: int) -> Iterator[int]:
    """Yield the first value of each step: evenly spaced, or for unbounded counters single values, then longer steps.

    Most labels hold few objects of a category.
    """
    if many < ENDLESS:
        yield from (first + many * step // steps for step in range(steps))
        return
    doubled = min(steps, MANY_STEPS) // 2
    yield from range(first, first + doubled)
    yield from (first + doubled + (1 << step) - 1 for step in range(doubled))


def _quotients(weight: int, low: int, high: int | None) -> Values:
    """Return the range of integers that, times ``weight``, are at least ``low`` and, if given, at most ``high``."""
    far = 2 * MAX_COUNT
    if weight > 0:
        return -(-low // weight), far if high is None else high // weight
    return -far if high is None else -(high // -weight), -low // -weight
