"""The search for integers that meet several sums at once."""

from kili_query.logic.sums import WeightedSum, solve_sums

X, Y = 0, 1
RANGES = {X: (0, 1_000_000), Y: (0, 1_000_000)}


def test_what_is_narrowed_past_a_limit_holds_nothing() -> None:
    """Each of two counters is more than the other, so that both rise until they pass a limit, in whatever round."""
    x_above, y_above = WeightedSum(((X, 1), (Y, -1)), 1), WeightedSum(((Y, 1), (X, -1)), 1)
    for most in range(50):
        limit = WeightedSum(((X, -1),), -most)
        assert solve_sums([x_above, limit, y_above], RANGES)[0] is False
