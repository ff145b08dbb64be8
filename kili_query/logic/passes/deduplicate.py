"""Duplicates: an operand that stands twice."""

from collections.abc import Hashable

from kili_query.ast import And, Or, Predicate
from kili_query.logic.rewrite import JOINS, Keys, bottom_up, joined


def deduplicate(tree: Predicate) -> Predicate:
    """Drop repeated operands, keeping the first of each.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(deduplicate(parse_tree("J.A.count > 0 OR J.B.count > 0 OR J.A.count > 0")))
    'J.A.count > 0 OR J.B.count > 0'
    """
    keys = Keys()

    def drop(node: And | Or) -> Predicate:
        first: dict[Hashable, Predicate] = {}
        for operand in node.operands:
            first.setdefault(keys.of(operand) if isinstance(operand, JOINS) else operand, operand)
        return node if len(first) == len(node.operands) else joined(node, first.values())

    return bottom_up(drop, tree)
