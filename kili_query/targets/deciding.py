"""When a comparison is decided, and a predicate by its operands."""

from collections.abc import Callable, Sequence
from typing import TypeVar, assert_never

from attrs import frozen

from kili_query.ast import (
    MAX_COUNT,
    Addend,
    And,
    CompareOp,
    Comparison,
    Constant,
    Linear,
    NamePattern,
    Or,
    Pattern,
    Predicate,
    Sugar,
    map_operands,
    without_constants,
)
from kili_query.syntax.lower import lower

_T = TypeVar("_T")


@frozen
class Outcome:
    """The verdict on a counter, while it is read and once it is read in full.

    Attributes:
        stop: as soon as this many objects are found, the verdict is certain. With 0 nothing has to be read.
        at_stop: that verdict.
        is_exact: a counter that ends before matches with one object less than ``stop``, and with no other number;
            otherwise the verdict is the contrary of ``at_stop``.
    """

    stop: int
    at_stop: bool
    is_exact: bool = False

    def at_end(self, found: int) -> bool:
        """The verdict on a counter that was read in full and is less than ``stop``."""
        return found == self.stop - 1 if self.is_exact else not self.at_stop


def outcome(op: CompareOp, bound: int) -> Outcome:
    """When a count, which lies in 0 … `MAX_COUNT`, decides a comparison.

    >>> outcome(CompareOp.GE, 3), outcome(CompareOp.EQ, 0)
    (Outcome(stop=3, at_stop=True, is_exact=False), Outcome(stop=1, at_stop=False, is_exact=True))
    >>> outcome(CompareOp.LE, MAX_COUNT)
    Outcome(stop=0, at_stop=True, is_exact=False)
    """
    match op:
        case CompareOp.GT:
            return outcome(CompareOp.GE, bound + 1)
        case CompareOp.LE:
            return outcome(CompareOp.LT, bound + 1)
        case CompareOp.GE | CompareOp.LT:
            reached = op is CompareOp.GE
            return Outcome(0, not reached) if bound > MAX_COUNT else Outcome(max(bound, 0), reached)
        case CompareOp.EQ:
            return Outcome(bound + 1, False, is_exact=True) if 0 <= bound <= MAX_COUNT else Outcome(0, False)
        case _:
            assert_never(op)


_EVERYTHING = Pattern(NamePattern(("", "")), NamePattern(("", "")))


def lowered_to_read(tree: Predicate) -> Predicate:
    """Lower a predicate; if its verdict is the same whatever a label holds, let it count everything all the same.

    Otherwise nothing would be read, and malformed labels would pass for matches.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> print_tree(lowered_to_read(parse_tree("J.A.count >= 0 AND NOT FALSE")))
    '*.*.count >= 0'
    >>> print_tree(lowered_to_read(parse_tree("J.A AND TRUE")))
    'J.A.count > 0 AND TRUE'
    """
    lowered = lower(tree)
    match without_constants(_with_certain(lowered)):
        case Constant(value):
            return Linear((Addend(1, _EVERYTHING),), CompareOp.GE if value else CompareOp.LT, 0)
        case _:
            return lowered


def _with_certain(tree: Predicate) -> Predicate:
    """Write comparisons that all counts meet, or none, as constants."""
    if isinstance(tree, Comparison):
        decided = outcome(tree.op, tree.bound)
        return Constant(decided.at_stop) if decided.stop == 0 else tree
    return map_operands(_with_certain, tree)


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
