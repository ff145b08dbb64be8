"""Merging: all that the operands of one AND or OR say of one counter becomes one condition."""

from collections.abc import Iterable

from kili_query.ast import MAX_COUNT, And, CompareOp, Comparison, Linear, Or, Predicate, conjunction, disjunction
from kili_query.logic.intervals import IntervalSet, intersection, union
from kili_query.logic.literals import NO_BOUNDS, Bounds, Form, read_leaf, write
from kili_query.logic.rewrite import bottom_up
from kili_query.source import NOWHERE, Span

__all__ = ["merge_counters"]


def merge_counters(tree: Predicate, bounds: Bounds = NO_BOUNDS) -> Predicate:
    """Intersect under AND and unite under OR, counter by counter and sum by sum, each written as short as can be.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(merge_counters(parse_tree("J.A.count >= 2 AND J.B.count > 0 AND J.A.count < 3")))
    'J.A.count == 2 AND J.B.count > 0'
    """
    return bottom_up(_Merge(bounds).merge, tree)


class _Merge:
    """One run of the pass; it remembers which of the trees that it returned speak of one form alone."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.literals: dict[int, tuple[Predicate, tuple[Form, IntervalSet | None]]] = {}

    def merge(self, node: Predicate) -> Predicate:
        match node:
            case Comparison(counter, op, bound) if _is_shortest(op, bound) and counter not in self.bounds:
                return self.remember(node, (counter, None))
            case Comparison() | Linear():
                form, values = read_leaf(node, self.bounds)
                return self.remember(_same_or_new(node, write(form, values, self.bounds, node.span)), (form, values))
            case And(operands) | Or(operands):
                return self.merge_operands(node, operands)
            case _:
                return node

    def remember(self, tree: Predicate, literal: tuple[Form, IntervalSet | None]) -> Predicate:
        self.literals[id(tree)] = tree, literal  # the tree is kept, so that its id stays its own
        return tree

    def merge_operands(self, node: And | Or, operands: tuple[Predicate, ...]) -> Predicate:
        groups: dict[Form | int, list[Predicate]] = {}
        for index, operand in enumerate(operands):
            known = self.literals.get(id(operand))
            groups.setdefault(index if known is None else known[1][0], []).append(operand)
        if len(groups) == len(operands):
            return node
        parts = [part for form, group in groups.items() for part in self.unite(node, form, group)]
        join = conjunction if isinstance(node, And) else disjunction
        merged = _same_or_new(node, join(parts, node.span))
        if len(groups) == 1 and not isinstance(only := next(iter(groups)), int):
            return self.remember(merged, (only, self.values(node, groups[only])))
        return merged

    def unite(self, node: And | Or, form: Form | int, group: list[Predicate]) -> Iterable[Predicate]:
        """What stands for the operands that speak of one form."""
        if isinstance(form, int) or len(group) == 1:
            return group
        values = self.values(node, group)
        tree = write(form, values, self.bounds, _cover(group))
        parts = tree.operands if type(tree) is type(node) and isinstance(tree, And | Or) else (tree,)
        for part in parts:
            literal = values if len(parts) == 1 else self.part_values(part)
            self.remember(part, (form, literal))
        return parts

    def part_values(self, part: Predicate) -> IntervalSet:
        if isinstance(part, Comparison | Linear):
            return read_leaf(part, self.bounds)[1]
        assert isinstance(part, And)  # within an OR, one interval with two ends
        low, high = (read_leaf(end, self.bounds)[1] for end in part.operands if isinstance(end, Comparison | Linear))
        return low & high

    def values_of(self, operand: Predicate) -> IntervalSet:
        known = self.literals[id(operand)][1][1]
        if known is None:
            assert isinstance(operand, Comparison)  # of what is remembered, it alone is read on demand
            return read_leaf(operand, self.bounds)[1]
        return known

    def values(self, node: And | Or, group: list[Predicate]) -> IntervalSet:
        sets = [self.values_of(operand) for operand in group]
        return intersection(sets) if isinstance(node, And) else union(sets)


def _is_shortest(op: CompareOp, bound: int) -> bool:
    """Whether `write` would say the same of a counter that may be any count."""
    return 0 < bound < MAX_COUNT and op in (CompareOp.GT, CompareOp.EQ, CompareOp.LT)


def _same_or_new(old: Predicate, new: Predicate) -> Predicate:
    return old if old == new else new


def _cover(group: list[Predicate]) -> Span:
    span = NOWHERE
    for operand in group:
        span = span.cover(operand.span)
    return span
