"""Truth tables say what evaluation says."""

import random

from kili_query.logic.evaluate import holds
from tests.logic.generate import COUNTERS, assignments, random_tree
from tests.logic.truths import truths


def test_a_table_has_a_bit_for_each_row() -> None:
    rng = random.Random(3)
    for _ in range(60):
        chosen = COUNTERS[: rng.randint(1, 3)]
        tree = random_tree(rng, 3, counters=chosen, sums=True)
        table = truths(tree, chosen, 4)
        for place, row in enumerate(assignments(chosen, 4)):
            assert (table >> place & 1) == holds(tree, row), (tree, row)
