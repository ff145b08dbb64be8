"""Generated predicates, and all counts that tell them apart: for proofs by brute force."""

import random
from collections.abc import Iterator
from decimal import Decimal
from itertools import product

from kili_query.ast import (
    Addend,
    And,
    CompareOp,
    Constant,
    Counter,
    Exists,
    Linear,
    Membership,
    Not,
    Or,
    Predicate,
    Range,
    Relation,
    RelationOp,
    Sum,
    Summand,
    Term,
    comparison,
)

__all__ = ["COUNTERS", "assignments", "random_tree"]

COUNTERS = tuple(Counter("J", name) for name in "ABCD")
NUMBERS = (1, Decimal("0.5"), Decimal("1.5"))


def random_tree(
    rng: random.Random,
    depth: int = 3,
    *,
    counters: tuple[Counter, ...] = COUNTERS,
    highest: int = 2,
    sums: bool = False,
    sugar: bool = True,
) -> Predicate:
    """A predicate of at most the given depth over some counters, with bounds of at most ``highest``."""

    def leaf() -> Predicate:
        counter, bound = rng.choice(counters), rng.randint(-1, highest)
        kind = rng.random()
        if sums and kind < 0.25:
            return sum_of_counters()
        if sugar and kind < 0.45:
            return rng.choice((lambda: Exists(counter), lambda: membership(counter), lambda: chain(counter)))()
        if kind < 0.5:
            return Constant(rng.random() < 0.5)
        return comparison(counter, rng.choice(list(CompareOp)), bound if rng.random() < 0.95 else 10**30)

    def membership(counter: Counter) -> Predicate:
        lows = [rng.randint(0, highest) for _ in range(rng.randint(1, 3))]
        ranges = tuple(Range(low, rng.choice((low, low + 1, None))) for low in lows)
        summands = [Summand(counter)]
        if sums and rng.random() < 0.5:
            summands += [Summand(rng.choice(counters), rng.random() < 0.5), Summand(rng.choice(NUMBERS), True)]
        return Membership(Sum(tuple(summands)), ranges, rng.random() < 0.5)

    def chain(counter: Counter) -> Predicate:
        ends = [Sum((Summand(rng.randint(0, highest)),)) for _ in range(2)]
        ops = tuple(rng.choice(list(RelationOp)) for _ in range(2))
        return Relation((ends[0], Sum((Summand(counter),)), ends[1]), ops)

    def sum_of_counters() -> Predicate:
        chosen = rng.sample(counters, min(len(counters), rng.randint(1, 3)))
        if sugar and rng.random() < 0.5:
            sides = [Sum(tuple(Summand(one, rng.random() < 0.3) for one in part)) for part in (chosen, counters[:1])]
            return Relation(tuple(sides), (rng.choice(list(RelationOp)),))
        addends = tuple(Addend(rng.choice((-2, -1, 1, 1, 1, 2)), one) for one in chosen)
        return Linear(addends, rng.choice(list(CompareOp)), rng.randint(-1, 2 * highest))

    def tree(level: int) -> Predicate:
        kind = rng.random()
        if level == 0 or kind < 0.1:
            return leaf()
        if sugar and kind < 0.25:
            return Not(tree(level - 1))
        operands = tuple(
            tree(level - 1) for _ in range(rng.choice((0, 1, 2, 2, 2, 3, 3, 4)) if rng.random() < 0.2 else 2)
        )
        return And(operands) if rng.random() < 0.5 else Or(operands)

    return tree(depth)


def assignments(counters: tuple[Counter, ...] = COUNTERS, highest: int = 3) -> Iterator[dict[Term, int]]:
    """All counts up to the highest."""
    for numbers in product(range(highest + 1), repeat=len(counters)):
        yield dict(zip(counters, numbers, strict=True))
