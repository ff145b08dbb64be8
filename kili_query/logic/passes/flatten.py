"""Flattening: an AND in an AND, an OR in an OR."""

from kili_query.ast import And, Or, Predicate
from kili_query.logic.rewrite import bottom_up, joined


def flatten(tree: Predicate) -> Predicate:
    """Join what is nested without need, and unwrap what has one operand.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(flatten(parse_tree("J.A.count > 0 AND (J.B.count > 0 AND (J.C.count > 0))")))
    'J.A.count > 0 AND J.B.count > 0 AND J.C.count > 0'
    """
    return bottom_up(_flatten, tree)


def _flatten(node: And | Or) -> Predicate:
    kind = type(node)
    if len(node.operands) > 1 and not any(isinstance(operand, kind) for operand in node.operands):
        return node
    return joined(node, node.operands)
