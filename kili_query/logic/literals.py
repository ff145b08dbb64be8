"""Literals: a leaf as what it speaks of and the numbers that it allows, and the shortest text for that.

What a leaf speaks of, its *form*, is a counter or a weighted sum of counters. Sums that differ by a factor alone have
one form, so that what is said of one counter and of one sum is merged by the same rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import gcd
from operator import lt
from typing import TypeAlias, assert_never

from kili_query.ast import (
    MAX_COUNT,
    Addend,
    And,
    CompareOp,
    Comparison,
    Counter,
    Filtered,
    Linear,
    Or,
    Pattern,
    Predicate,
    Term,
    conjunction,
    disjunction,
)
from kili_query.logic.intervals import COUNTS, Interval, IntervalSet, intersection, union
from kili_query.source import NOWHERE, Span
from kili_query.syntax.printer import print_tree

Form: TypeAlias = Term | tuple[Addend, ...]
"""A counter, or the addends of a sum: sorted, the first coefficient positive, without a common factor."""

Literal: TypeAlias = tuple[Form, IntervalSet]
"""A form, and the numbers that it may be."""

Bounds: TypeAlias = Mapping[Term, Interval]
"""Ranges of counters, where more is known than `COUNTS`."""

FormKey: TypeAlias = tuple[str, str, str, tuple[tuple[str, ...], ...]]

NO_BOUNDS: Bounds = {}


def read_leaf(leaf: Comparison | Linear, bounds: Bounds = NO_BOUNDS) -> Literal:
    """Return the form of a leaf, and the numbers in its range that it allows."""
    if isinstance(leaf, Comparison):
        return leaf.counter, IntervalSet.comparing(leaf.op, leaf.bound, bounds.get(leaf.counter, COUNTS))
    form, factor = _form_of(leaf.addends)
    values = IntervalSet.comparing(leaf.op, leaf.bound, _scaled_range(range_of(form, bounds), factor))
    if factor != 1:
        values = values.scaled(factor)
    return (form[0].counter, values) if len(form) == 1 else (form, values)


def _form_of(addends: tuple[Addend, ...]) -> tuple[tuple[Addend, ...], int]:
    """The addends of the form of a sum, and the factor by which the sum is larger than its form."""
    keys = [term_key(addend.counter) for addend in addends]
    if addends and addends[0].coefficient == 1 and all(map(lt, keys, keys[1:])):
        return addends, 1  # as this module writes most sums
    weights: dict[Term, int] = {}
    for addend in addends:
        weights[addend.counter] = weights.get(addend.counter, 0) + addend.coefficient
    terms = sorted((term for term, weight in weights.items() if weight), key=term_key)
    if not terms:
        return (), 1
    factor = gcd(*(weights[term] for term in terms))
    factor = factor if weights[terms[0]] > 0 else -factor
    return tuple(Addend(weights[term] // factor, term) for term in terms), factor


def _scaled_range(interval: Interval, factor: int) -> Interval:
    ends = factor * interval[0], factor * interval[1]
    return ends if factor > 0 else (ends[1], ends[0])


def range_of(form: Form, bounds: Bounds = NO_BOUNDS) -> Interval:
    """The least and the greatest number that a form can be."""
    if not isinstance(form, tuple):
        return bounds.get(form, COUNTS)
    if not bounds:
        signed = [addend.coefficient for addend in form]
        return MAX_COUNT * sum(min(one, 0) for one in signed), MAX_COUNT * sum(max(one, 0) for one in signed)
    low = high = 0
    for addend in form:
        ends = [addend.coefficient * end for end in bounds.get(addend.counter, COUNTS)]
        low, high = low + min(ends), high + max(ends)
    return low, high


def pure_literal(tree: Predicate, bounds: Bounds = NO_BOUNDS, depth: int = 2) -> Literal | None:
    """The literal of a tree that speaks of one form alone; None for other trees, and for very nested ones.

    >>> from kili_query.syntax import parse_tree
    >>> pure_literal(parse_tree("J.A.count < 5 OR J.A.count > 5 AND J.A.count < 9"))[1].intervals
    ((0, 4), (6, 8))
    """
    if isinstance(tree, Comparison | Linear):
        return read_leaf(tree, bounds)
    if not isinstance(tree, And | Or) or not depth or not tree.operands or _speaks_of_several(tree.operands):
        return None
    literals = [pure_literal(operand, bounds, depth - 1) for operand in tree.operands]
    found = [literal for literal in literals if literal is not None]
    form = found[0][0] if found else None
    if form is None or len(found) < len(literals) or any(literal[0] != form for literal in found):
        return None
    return form, join_values(tree, [literal[1] for literal in found])


def join_values(node: And | Or, sets: Sequence[IntervalSet]) -> IntervalSet:
    """The numbers that a node allows whose operands allow these."""
    return intersection(sets) if isinstance(node, And) else union(sets)


def _speaks_of_several(operands: tuple[Predicate, ...]) -> bool:
    """Whether two comparisons differ in their counters: most often the first two do, and nothing need be read."""
    first: Term | None = None
    for operand in operands:
        if isinstance(operand, Comparison):
            if first is None:
                first = operand.counter
            elif operand.counter != first:
                return True
    return False


def is_shortest(leaf: Comparison) -> bool:
    """Whether a comparison of a counter that may be any count is what `write` would say, and no constant.

    True of nearly all comparisons in passes, which then have less to do.
    """
    match leaf.op:
        case CompareOp.GT:
            return 0 <= leaf.bound < MAX_COUNT
        case CompareOp.LT:
            return 0 < leaf.bound <= MAX_COUNT
        case CompareOp.EQ:
            return 0 < leaf.bound < MAX_COUNT
        case _:
            return False


def write(form: Form, values: IntervalSet, bounds: Bounds = NO_BOUNDS, span: Span = NOWHERE) -> Predicate:
    """The shortest core predicate for what a form may be.

    ``<`` and ``>`` are never longer than ``<=`` and ``>=``, so they alone are used, beside ``==`` within the range.

    >>> print_tree(write(Counter("J", "A"), IntervalSet.of([(5, 5)]).complement()))
    'J.A.count < 5 OR J.A.count > 5'
    >>> print_tree(write(Counter("J", "A"), IntervalSet.of([(0, 0), (2, 2), (4, 6)])))
    'J.A.count < 1 OR J.A.count == 2 OR J.A.count > 3 AND J.A.count < 7'
    """
    within = range_of(form, bounds)
    return disjunction((write_range(form, one, within, span) for one in values.intervals), span)


def write_range(form: Form, interval: Interval, within: Interval, span: Span) -> Predicate:
    """The shortest core predicate for one interval of a range."""
    low, high = interval
    if within[0] < low == high < within[1]:
        return _compare(form, CompareOp.EQ, low, span)
    parts = []
    if low > within[0]:
        parts.append(_compare(form, CompareOp.GT, low - 1, span))
    if high < within[1]:
        parts.append(_compare(form, CompareOp.LT, high + 1, span))
    return conjunction(parts, span)


def _compare(form: Form, op: CompareOp, bound: int, span: Span) -> Comparison | Linear:
    return Linear(form, op, bound, span=span) if isinstance(form, tuple) else Comparison(form, op, bound, span=span)


def term_key(term: Term) -> tuple[str, str, str]:
    """Return the sort key of a term: job, category, then the rest."""
    match term:
        case Counter(job, category):
            return job, category, ""
        case Pattern(job, category):
            return "*".join(job.pieces), "*".join(category.pieces), f"*{len(job.pieces)}"
        case Filtered(counter, condition):
            job_name, category_name, rest = term_key(counter)
            return job_name, category_name, f"{rest}[{print_tree(condition)}]"
        case _:
            assert_never(term)


def form_key(form: Form) -> FormKey:
    """Return the sort key of a form: its first counter, then the rest."""
    if not isinstance(form, tuple):
        return (*term_key(form), ())
    keys = [(*term_key(addend.counter), str(addend.coefficient)) for addend in form]
    first = keys[0] if keys else ("", "", "", "")
    return (*first[:3], tuple(keys))


def leaves(tree: Predicate) -> Iterator[Predicate]:
    """All of a lowered tree but AND and OR, in the order of the text."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, And | Or):
            stack.extend(reversed(node.operands))
        else:
            yield node
