"""Estimates: exact for one counter, and in the order that decides soonest."""

import pickle
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.ast import COMPARE, CompareOp, Comparison, Counter, Predicate
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.statistics import Histogram, Statistics
from kili_query.syntax import parse_tree, print_tree
from kili_query.targets.closures import compile_closure
from tests import reference, strategies

PAIR = ("J", "A")


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.sampled_from(CompareOp), st.integers(-1, 8))
def test_the_share_of_one_counter_is_exact(counts: list[int], op: CompareOp, bound: int) -> None:
    statistics = Statistics.of_counts([{PAIR: number} for number in counts])
    held = sum(COMPARE[op](number, bound) for number in counts)
    assert statistics.share(Comparison(Counter(*PAIR), op, bound)) == pytest.approx(held / len(counts))


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


@given(
    strategies.trees(),
    st.lists(strategies.contents(), max_size=4),
    st.one_of(strategies.contents(), strategies.video_contents(), strategies.malformed_contents(), st.none()),
)
def test_a_compiled_order_gives_every_verdict(tree: Predicate, counted: list[object], content: object) -> None:
    written, soonest = compile_closure(tree), Statistics.of_contents(counted).compile(tree)
    try:
        verdict = written(content)
    except UnknownContentError:
        with pytest.raises(UnknownContentError):
            soonest(content)
    except MalformedLabelError:
        with suppress(MalformedLabelError):
            assert soonest(content) in (True, False)
    else:
        assert soonest(content) == verdict


def test_a_fault_on_either_side_of_the_verdict() -> None:
    tree = parse_tree("J.A.count < 1 AND K.A.count < 1")
    rare_last = Statistics.of_counts([{("K", "A"): 1}]).compile(tree)
    held = {"categories": [{"name": "A"}]}
    assert not rare_last({"J": 1, "K": held})  # K is looked at first, and decides
    with pytest.raises(MalformedLabelError):
        compile_closure(tree)({"J": 1, "K": held})
    assert not rare_last({"J": held, "K": 1})  # J, first as written, decides before the fault
    with pytest.raises(MalformedLabelError):
        rare_last({"J": 1, "K": 1})


def test_a_compiled_order_explains_and_pickles_as_written() -> None:
    tree = parse_tree("J.A AND K.B")
    matcher = Statistics.of_counts([{("J", "A"): 1}]).compile(tree)
    assert matcher.tree == tree
    assert str(matcher.explain({})) == str(compile_closure(tree).explain({}))
    again = pickle.loads(pickle.dumps(matcher))
    assert again({"J": {"categories": [{"name": "A"}]}, "K": {"categories": [{"name": "B"}]}})


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
