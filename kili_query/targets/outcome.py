"""When a comparison is decided: how far a counter has to be read."""

from typing import assert_never

from attrs import frozen

from kili_query.ast import MAX_COUNT, CompareOp


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
