"""A predicate as a function of whatever is counted."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar, assert_never

from kili_query.ast import (
    COMPARE,
    Addend,
    And,
    Comparison,
    Constant,
    Exists,
    Linear,
    Membership,
    Not,
    Or,
    Predicate,
    Relation,
)
from kili_query.syntax.lower import lower

__all__ = ["Total", "compile_judge"]

_T = TypeVar("_T")

Total: TypeAlias = Callable[[Sequence[Addend]], Callable[[_T], int]]
"""From a weighted sum of terms to the function that counts it."""


def compile_judge(tree: Predicate, total: Total[_T]) -> Callable[[_T], bool]:
    """The judge of a predicate, which counts no more than the verdict needs."""
    match tree:
        case Comparison(counter, op, bound):
            holds, number = COMPARE[op], total((Addend(1, counter),))
            return lambda given: holds(number(given), bound)
        case Linear(addends, op, bound):
            holds, number = COMPARE[op], total(addends)
            return lambda given: holds(number(given), bound)
        case And(operands):
            return _all([compile_judge(operand, total) for operand in operands])
        case Or(operands):
            return _any([compile_judge(operand, total) for operand in operands])
        case Constant(value):
            return lambda _: value
        case Not() | Exists() | Relation() | Membership():
            return compile_judge(lower(tree), total)
        case _:
            assert_never(tree)


# These are loops, for `all` and `any` over a generator take as long as the counting of a few objects.


def _all(judges: Sequence[Callable[[_T], bool]]) -> Callable[[_T], bool]:
    def judge_all(given: _T) -> bool:
        for judge in judges:  # noqa: SIM110 - see above
            if not judge(given):
                return False
        return True

    return judge_all


def _any(judges: Sequence[Callable[[_T], bool]]) -> Callable[[_T], bool]:
    def judge_any(given: _T) -> bool:
        for judge in judges:  # noqa: SIM110 - see above
            if judge(given):
                return True
        return False

    return judge_any
