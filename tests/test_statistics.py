"""Estimates: exact for one counter, and in the order that decides soonest."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.ast import CompareOp, Comparison, Counter, Predicate
from kili_query.errors import MalformedLabelError
from kili_query.statistics import Histogram, Statistics
from kili_query.syntax import parse_tree, print_tree
from kili_query.targets.explain import COMPARE
from tests import reference, strategies

MANY = settings(derandomize=True, deadline=None, max_examples=200)
PAIR = ("J", "A")


@MANY
@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.sampled_from(CompareOp), st.integers(-1, 8))
def test_the_share_of_one_counter_is_exact(counts: list[int], op: CompareOp, bound: int) -> None:
    statistics = Statistics.of_counts([{PAIR: number} for number in counts])
    held = sum(COMPARE[op](number, bound) for number in counts)
    assert statistics.share(Comparison(Counter(*PAIR), op, bound)) == pytest.approx(held / len(counts))


@MANY
@given(strategies.trees(), st.lists(strategies.contents(), max_size=4))
def test_estimates_are_shares_and_order_keeps_the_meaning(tree: Predicate, contents: list[object]) -> None:
    statistics = Statistics.of_contents(contents)
    assert -1e-9 <= statistics.estimate(tree) <= 1 + 1e-9
    ordered = statistics.order(tree)
    for content in contents:
        try:
            reference.count(content)
        except MalformedLabelError:
            continue  # a content of the right shape for jobs may look like a video's
        assert reference.matches(ordered, content) == reference.matches(tree, content)


def test_the_rarest_first() -> None:
    statistics = Statistics.of_counts([{("J", "A"): 1, ("J", "B"): 2}, {("J", "A"): 1}, {}, {}])
    assert print_tree(statistics.order(parse_tree("J.A AND J.B AND J.C"))) == "J.C AND J.B AND J.A"
    assert print_tree(statistics.order(parse_tree("J.C OR J.B OR J.A"))) == "J.A OR J.B OR J.C"
    assert statistics.estimate(parse_tree("J.A AND J.B.count < 2")) == pytest.approx(0.5 * 0.75)


def test_unknown_and_malformed_labels_are_left_out() -> None:
    assert Statistics.of_contents([None, {"J": 1}, {}]).n_labels == 1


def test_no_labels() -> None:
    empty = Statistics.of_counts([])
    assert empty.estimate(parse_tree("J.A")) == 0
    assert Histogram.of({}).at_least(1) == 0
