"""KQ203."""

import random

import pytest

from kili_query.diagnostics import Code
from kili_query.logic.lints import check_logic
from kili_query.syntax import lower, parse_tree, print_tree
from tests.logic.generate import COUNTERS, random_tree
from tests.logic.lints.samples import found_in, replaced
from tests.logic.truths import everywhere, truths


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("J.A.count > 3 AND J.A.count > 1", [("J.A.count > 1", ["J.A.count > 3"])]),
        ("J.A.count > 3 OR J.A.count > 1", [("J.A.count > 3", ["J.A.count > 1"])]),
        ("J.A OR J.B OR J.A", [("J.A", ["J.A"])]),
        ("J.A AND (J.A OR J.B)", [("(J.A OR J.B)", ["J.A"])]),
        ("J.A.count > 5 AND (J.A.count < 3 OR J.B)", [("J.A.count < 3", ["J.A.count > 5"])]),
        ("J.A.count IN {2, 3} AND J.A.count > 2", []),
        ("0 <= J.A.count < 5 AND J.B", []),
        ("J.A AND J.B OR J.C", []),
        ("J.A[K.B AND K.B].count > 2", [("K.B", ["K.B"])]),
    ],
)
def test_the_clause_and_its_cause_are_named(text: str, found: list[tuple[str, list[str]]]) -> None:
    assert found_in(text, Code.REDUNDANT_CLAUSE) == found


def test_without_a_redundant_clause_a_query_means_the_same() -> None:
    rng = random.Random(4)
    checked = 0
    for _ in range(250):
        chosen = COUNTERS[: rng.randint(2, 4)]
        tree = parse_tree(print_tree(random_tree(rng, rng.randint(2, 3), counters=chosen)))
        truth = truths(lower(tree), chosen, 4)
        found = list(check_logic(tree))
        codes = [one.code for one in found]
        assert (codes == [Code.ALWAYS_TRUE]) >= (truth == everywhere(chosen, 4))
        assert (codes == [Code.NEVER_TRUE]) >= (truth == 0)
        for one in found:
            if one.code is Code.REDUNDANT_CLAUSE:
                checked += 1
                without = [lower(replaced(tree, one, value)) for value in (True, False)]
                assert any(truths(other, chosen, 4) == truth for other in without), print_tree(tree)
    assert checked > 50
