"""Folding: comparisons that every count meets, or none, become constants, and constants vanish."""

from kili_query.ast import (
    MAX_COUNT,
    And,
    CompareOp,
    Comparison,
    Constant,
    Linear,
    Or,
    Predicate,
    conjunction,
    disjunction,
)
from kili_query.logic.literals import NO_BOUNDS, Bounds, range_of, read_leaf
from kili_query.logic.rewrite import bottom_up

__all__ = ["fold_constants"]


def fold_constants(tree: Predicate, bounds: Bounds = NO_BOUNDS) -> Predicate:
    """Leave no constant but the whole.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(fold_constants(parse_tree("J.A.count >= 0 AND (J.B.count > 3 OR J.B.count < 0)")))
    'J.B.count > 3'
    """

    def fold(node: Predicate) -> Predicate:
        match node:
            case Comparison(counter, CompareOp.GT | CompareOp.EQ | CompareOp.LT, bound) if (
                0 < bound < MAX_COUNT and counter not in bounds
            ):
                return node  # the most of all leaves, so they are told apart without more work
            case Comparison() | Linear():
                form, values = read_leaf(node, bounds)
                if values.is_empty:
                    return Constant(False, span=node.span)
                return Constant(True, span=node.span) if values.covers(range_of(form, bounds)) else node
            case And(operands) if any(isinstance(operand, Constant) for operand in operands):
                if any(operand == Constant(False) for operand in operands):
                    return Constant(False, span=node.span)
                return conjunction((one for one in operands if not isinstance(one, Constant)), node.span)
            case Or(operands) if any(isinstance(operand, Constant) for operand in operands):
                if any(operand == Constant(True) for operand in operands):
                    return Constant(True, span=node.span)
                return disjunction((one for one in operands if not isinstance(one, Constant)), node.span)
            case _:
                return node

    return bottom_up(fold, tree)
