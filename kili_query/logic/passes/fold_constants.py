"""Folding: comparisons that every count meets, or none, become constants, and constants vanish."""

from kili_query.ast import (
    And,
    Comparison,
    Constant,
    Linear,
    Or,
    Predicate,
)
from kili_query.logic.literals import NO_BOUNDS, Bounds, is_shortest, range_of, read_leaf
from kili_query.logic.rewrite import bottom_up, joined


def fold_constants(tree: Predicate, bounds: Bounds = NO_BOUNDS) -> Predicate:
    """Leave no constant but the whole.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(fold_constants(parse_tree("J.A.count >= 0 AND (J.B.count > 3 OR J.B.count < 0)")))
    'J.B.count > 3'
    """

    def fold_leaf(leaf: Predicate) -> Predicate:
        match leaf:
            case Comparison(counter) if is_shortest(leaf) and counter not in bounds:
                return leaf
            case Comparison() | Linear():
                form, values = read_leaf(leaf, bounds)
                if values.is_empty:
                    return Constant(False, span=leaf.span)
                return Constant(True, span=leaf.span) if values.covers(range_of(form, bounds)) else leaf
            case _:
                return leaf

    return bottom_up(_fold, tree, fold_leaf)


def _fold(node: And | Or) -> Predicate:
    constants = [operand for operand in node.operands if isinstance(operand, Constant)]
    if not constants:
        return node
    absorbing = isinstance(node, Or)
    if any(constant.value is absorbing for constant in constants):
        return Constant(absorbing, span=node.span)
    return joined(node, (operand for operand in node.operands if not isinstance(operand, Constant)))
