"""Verdicts against an independent solver, on queries too large for brute force."""

import random
from typing import Any

import pytest

from kili_query.ast import MAX_COUNT, And, Comparison, Constant, Counter, Linear, Or, Predicate
from kili_query.logic import always_true, implies, satisfiable
from kili_query.syntax import lower, print_tree
from tests.logic.generate import random_tree

z3 = pytest.importorskip("z3")

COUNTERS = tuple(Counter("J", f"C{index}") for index in range(9))
OPS = {"==": "__eq__", ">=": "__ge__", "<=": "__le__", ">": "__gt__", "<": "__lt__"}


def formula(tree: Predicate) -> Any:
    match tree:
        case And(operands):
            return z3.And([formula(operand) for operand in operands])
        case Or(operands):
            return z3.Or([formula(operand) for operand in operands])
        case Constant(value):
            return z3.BoolVal(value)
        case Comparison(Counter(_, name), op, bound):
            return getattr(z3.Int(name), OPS[op.value])(bound)
        case Linear(addends, op, bound):
            total = z3.Sum([one.coefficient * z3.Int(one.counter.category) for one in addends])
            return getattr(total, OPS[op.value])(bound)
        case _:
            raise AssertionError(tree)


def is_satisfiable(*formulas: Any) -> bool:
    solver = z3.Solver()
    for counter in COUNTERS:
        solver.add(z3.Int(counter.category) >= 0, z3.Int(counter.category) <= MAX_COUNT)
    solver.add(*formulas)
    return solver.check() == z3.sat


@pytest.mark.parametrize("sums", [False, True])
def test_z3_agrees(sums: bool) -> None:
    rng = random.Random(11)
    unknown = 0
    for _ in range(40):
        left, right = (lower(random_tree(rng, depth, counters=COUNTERS, highest=9, sums=sums)) for depth in (5, 3))
        one, other = formula(left), formula(right)
        for found, truth in (
            (satisfiable(left), is_satisfiable(one)),
            (always_true(left), not is_satisfiable(z3.Not(one))),
            (implies(left, right), not is_satisfiable(one, z3.Not(other))),
        ):
            unknown += found.unknown
            assert found.unknown or found.value == truth, f"{print_tree(left)} and {print_tree(right)}"
    assert unknown <= (2 if sums else 0)
