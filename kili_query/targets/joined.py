"""Joining judges of comparisons to the judge of a predicate."""

from collections.abc import Callable, Sequence
from typing import TypeVar, assert_never

from kili_query.ast import And, Comparison, Constant, Linear, Or, Predicate, Sugar
from kili_query.syntax.lower import lower

_T = TypeVar("_T")


def joined(tree: Predicate, leaf: Callable[[Comparison | Linear], Callable[[_T], bool]]) -> Callable[[_T], bool]:
    """Return a judge of a predicate that asks its operands from left to right, until the verdict is certain."""
    match tree:
        case Comparison() | Linear():
            return leaf(tree)
        case And(operands) | Or(operands):
            return _until([joined(operand, leaf) for operand in operands], isinstance(tree, Or))
        case Constant(value):
            return lambda _: value
        case Sugar():
            return joined(lower(tree), leaf)
        case _:
            assert_never(tree)


def _until(judges: Sequence[Callable[[_T], bool]], settling: bool) -> Callable[[_T], bool]:
    """A loop, because `all` and `any` over a generator take as long as counting a few objects."""

    def judge_all(given: _T) -> bool:
        for judge in judges:
            if judge(given) is settling:
                return settling
        return not settling

    return judge_all
