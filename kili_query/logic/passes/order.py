"""Ordering: operands by the names of their counters, so that equal predicates print alike."""

from operator import ne
from typing import Any, TypeAlias

from kili_query.ast import And, Comparison, Counter, Linear, Or, Predicate
from kili_query.logic.literals import NO_BOUNDS, Bounds, FormKey, form_key, pure_literal, read_leaf
from kili_query.logic.rewrite import bottom_up
from kili_query.syntax.printer import print_tree

_Key: TypeAlias = tuple[FormKey, int, tuple[Any, ...]]
"""The first counter, what kind of tree it is, and what tells those of one kind apart."""

_NO_NAMES: FormKey = ("", "", "", ())


def order(tree: Predicate, bounds: Bounds = NO_BOUNDS) -> Predicate:
    """Sort operands by their first counter, and conditions on one counter from below.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(order(parse_tree("J.B.count > 5 OR J.B.count < 2 OR J.A.count > 0")))
    'J.A.count > 0 OR J.B.count < 2 OR J.B.count > 5'
    """
    return bottom_up(_Order(bounds).sort, tree)


class _Order:
    """One run of the pass; keys are nested tuples that share what is below, and compare no deeper than they must."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.keys: dict[int, tuple[Predicate, _Key]] = {}

    def sort(self, node: And | Or) -> Predicate:
        keys = [self.key(operand) for operand in node.operands]
        under_and = isinstance(node, And)
        places = sorted(range(len(keys)), key=lambda index: _turned(keys[index]) if under_and else keys[index])
        if any(map(ne, places, range(len(places)))):
            operands = tuple(node.operands[index] for index in places)
            node = And(operands, span=node.span) if under_and else Or(operands, span=node.span)
        self.keys[id(node)] = node, self.join_key(node, [keys[index] for index in places])
        return node

    def key(self, operand: Predicate) -> _Key:
        known = self.keys.get(id(operand))
        return self.leaf_key(operand) if known is None else known[1]

    def leaf_key(self, leaf: Predicate) -> _Key:
        match leaf:
            case Comparison(Counter(job, category)):
                return (job, category, "", ()), 0, read_leaf(leaf, self.bounds)[1].intervals
            case Comparison() | Linear():
                form, values = read_leaf(leaf, self.bounds)
                return form_key(form), 0, values.intervals
            case _:
                return _NO_NAMES, 3, (print_tree(leaf),)

    def join_key(self, node: And | Or, keys: list[_Key]) -> _Key:
        literal = pure_literal(node, self.bounds)
        if literal is not None:
            return form_key(literal[0]), 0, literal[1].intervals
        names = min((key[0] for key in keys), default=_NO_NAMES)
        return names, 2 if isinstance(node, And) else 1, tuple(keys)


def _turned(key: _Key) -> _Key:
    """Under AND a lower bound stands before an upper one, though elsewhere what starts lower stands first."""
    names, rank, detail = key
    if rank or not detail:
        return key
    low, high = detail[0]
    return names, rank, ((-high, low), *detail[1:])
