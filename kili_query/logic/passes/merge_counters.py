"""Merging: all that the operands of one AND or OR say of one counter becomes one condition."""

from kili_query.ast import And, Comparison, Linear, Or, Predicate
from kili_query.logic.intervals import IntervalSet
from kili_query.logic.literals import NO_BOUNDS, Bounds, Form, Literal, is_shortest, join_values, read_leaf, write
from kili_query.logic.rewrite import bottom_up, joined
from kili_query.source import NOWHERE, Span


def merge_counters(tree: Predicate, bounds: Bounds = NO_BOUNDS) -> Predicate:
    """Intersect under AND and unite under OR, counter by counter and sum by sum, each written as short as can be.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(merge_counters(parse_tree("J.A.count >= 2 AND J.B.count > 0 AND J.A.count < 3")))
    'J.A.count == 2 AND J.B.count > 0'
    """
    run = _Merge(bounds)
    return bottom_up(run.merge, tree, run.leaf)


class _Merge:
    """One run of the pass; it remembers which of the ANDs and ORs that it returned speak of one form alone."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.literals: dict[int, tuple[Predicate, Literal]] = {}

    def leaf(self, leaf: Predicate) -> Predicate:
        """A comparison in its shortest form."""
        match leaf:
            case Comparison(counter) if is_shortest(leaf) and counter not in self.bounds:
                return leaf
            case Comparison() | Linear():
                form, values = read_leaf(leaf, self.bounds)
                return self.remember(_same_or_new(leaf, write(form, values, self.bounds, leaf.span)), (form, values))
            case _:
                return leaf

    def remember(self, tree: Predicate, literal: Literal) -> Predicate:
        self.literals[id(tree)] = tree, literal  # the tree is kept, so that its id stays its own
        return tree

    def form(self, operand: Predicate) -> Form | None:
        if isinstance(operand, Comparison):
            return operand.counter
        known = self.literals.get(id(operand))
        return None if known is None else known[1][0]

    def values(self, operand: Predicate) -> IntervalSet:
        known = self.literals.get(id(operand))
        if known is not None:
            return known[1][1]
        assert isinstance(operand, Comparison)  # all else that has a form is remembered
        return read_leaf(operand, self.bounds)[1]

    def merge(self, node: And | Or) -> Predicate:
        groups: dict[Form | int, list[Predicate]] = {}
        for index, operand in enumerate(node.operands):
            form = self.form(operand)
            groups.setdefault(index if form is None else form, []).append(operand)
        if len(groups) == len(node.operands):
            return node
        parts: list[Predicate] = []
        for form_or_index, group in groups.items():
            if isinstance(form_or_index, int) or len(group) == 1:
                parts.extend(group)
                continue
            values = join_values(node, list(map(self.values, group)))
            merged = write(form_or_index, values, self.bounds, _cover(group))
            parts.append(self.remember(merged, (form_or_index, values)))
        if len(parts) == 1:
            return self.remember(_same_or_new(node, parts[0]), self.literals[id(parts[0])][1])
        return _same_or_new(node, joined(node, parts))


def _same_or_new(old: Predicate, new: Predicate) -> Predicate:
    return old if old == new else new


def _cover(group: list[Predicate]) -> Span:
    span = NOWHERE
    for operand in group:
        span = span.cover(operand.span)
    return span
