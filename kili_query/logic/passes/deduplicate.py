"""Duplicates: an operand that stands twice."""

from collections.abc import Hashable

from kili_query.ast import And, Or, Predicate, conjunction, disjunction
from kili_query.logic.rewrite import JOINS, Keys, bottom_up


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
        if len(first) == len(node.operands):
            return node
        return (
            conjunction(first.values(), node.span) if isinstance(node, And) else disjunction(first.values(), node.span)
        )

    return bottom_up(drop, tree)
