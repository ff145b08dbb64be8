"""Limits of sums, ends included."""

import pytest

from kili_query.ast import Addend, CompareOp, Counter, Linear
from kili_query.planning.bounds import limits


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (CompareOp.EQ, (3, 3)),
        (CompareOp.GE, (3, None)),
        (CompareOp.GT, (4, None)),
        (CompareOp.LE, (None, 3)),
        (CompareOp.LT, (None, 2)),
    ],
    ids=str,
)
def test_limits(op: CompareOp, expected: tuple[int | None, int | None]) -> None:
    assert limits(Linear((Addend(1, Counter("J", "A")), Addend(2, Counter("J", "B"))), op, 3)) == expected
