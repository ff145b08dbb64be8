"""Ordering: operands by the names of their counters, so that equal predicates print alike."""

from typing import TypeAlias

from kili_query.ast import And, Comparison, Constant, Exists, Linear, Membership, Or, Predicate, Relation
from kili_query.ast.walk import terms_of
from kili_query.logic.literals import NO_BOUNDS, Bounds, form_key, pure_literal, term_key
from kili_query.logic.rewrite import JOINS, bottom_up
from kili_query.syntax.printer import print_tree

__all__ = ["order"]

_Key: TypeAlias = tuple[object, ...]


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

    def sort(self, node: Predicate) -> Predicate:
        if isinstance(node, JOINS):
            keyed = [(self.key(operand, isinstance(node, And)), index) for index, operand in enumerate(node.operands)]
            placed = [index for _, index in sorted(keyed)]
            if any(index != place for place, index in enumerate(placed)):
                operands = tuple(node.operands[index] for index in placed)
                node = And(operands, span=node.span) if isinstance(node, And) else Or(operands, span=node.span)
        self.keys[id(node)] = node, self.make_key(node)  # the node is kept, so that its id stays its own
        return node

    def key(self, operand: Predicate, under_and: bool) -> _Key:
        """Under AND a lower bound stands before an upper one; under OR lower numbers stand before higher ones."""
        names, rank, detail = self.keys[id(operand)][1]
        if under_and and rank == 0:
            return names, rank, tuple((-high, low) for low, high in detail)  # type: ignore[attr-defined]
        return names, rank, detail

    def make_key(self, node: Predicate) -> _Key:
        literal = pure_literal(node, self.bounds)
        if literal is not None:
            return form_key(literal[0]), 0, literal[1].intervals
        match node:
            case And(operands) | Or(operands):
                below = tuple(self.keys[id(operand)][1] for operand in operands)
                names = min((key[0] for key in below), default=("", "", "", ()))  # type: ignore[type-var]
                return names, 1 if isinstance(node, Or) else 2, below
            case Constant(value):
                return ("", "", "", ()), 3, (value,)
            case Comparison() | Linear() | Exists() | Relation() | Membership():
                first = min((term_key(term) for term in terms_of(node)), default=("", "", ""))
                return (*first, ()), 4, (print_tree(node),)
            case _:
                return ("", "", "", ()), 5, (print_tree(node),)
