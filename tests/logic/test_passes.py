"""Each pass by itself: it keeps the meaning, it is idempotent, and it makes nothing longer."""

import random
from collections.abc import Callable
from functools import cache

import pytest

from kili_query.ast import Predicate
from kili_query.logic.passes import (
    absorb,
    deduplicate,
    factor,
    flatten,
    fold_constants,
    merge_counters,
    order,
    propagate,
    settle,
    simplify_conditions,
)
from kili_query.logic.passes.present import present_sugar, present_sums
from kili_query.syntax import lower, parse_tree, print_tree
from tests.logic.generate import COUNTERS, random_tree
from tests.logic.truths import truths

Pass = Callable[[Predicate], Predicate]

PASSES: dict[str, Pass] = {
    "absorb": absorb,
    "deduplicate": deduplicate,
    "factor": factor,
    "flatten": flatten,
    "fold_constants": fold_constants,
    "merge_counters": merge_counters,
    "order": order,
    "propagate": propagate,
    "settle": settle,
    "simplify_conditions": lambda tree: simplify_conditions(tree, fold_constants),
    "present_sums": present_sums,
    "present_sugar": present_sugar,
}

CHOSEN = COUNTERS[:3]


@cache
def lowered_trees(seed: int, number: int) -> list[Predicate]:
    rng = random.Random(seed)
    return [
        lower(random_tree(rng, rng.randint(1, 4), counters=COUNTERS[:3], sums=rng.random() < 0.3))
        for _ in range(number)
    ]


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_keeps_the_meaning(name: str) -> None:
    for tree in lowered_trees(1, 80):
        changed = lower(PASSES[name](tree))
        assert truths(tree, CHOSEN, 4) == truths(changed, CHOSEN, 4), print_tree(tree)


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_is_idempotent(name: str) -> None:
    for tree in lowered_trees(2, 80):
        once = PASSES[name](flatten(tree))
        assert PASSES[name](once) == once or name in ("propagate", "factor", "absorb"), print_tree(tree)
        for _ in range(30):  # what one run uncovers, the next may use; it comes to an end
            again = PASSES[name](flatten(once))
            if again == once:
                break
            once = again
        else:
            pytest.fail(f"{name} does not settle on {print_tree(tree)}")


@pytest.mark.parametrize("name", sorted(set(PASSES) - {"propagate"}))
def test_a_pass_makes_nothing_longer(name: str) -> None:
    for tree in lowered_trees(3, 80):
        given = merge_counters(flatten(fold_constants(tree))) if name == "merge_counters" else flatten(tree)
        assert len(print_tree(PASSES[name](given))) <= len(print_tree(given)), print_tree(given)


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_leaves_what_it_need_not_change(name: str) -> None:
    tree = parse_tree("J.A.count > 2 AND (J.B.count < 3 OR J.C.count == 1)")
    changed = PASSES[name](tree)
    assert changed == tree
    assert name == "present_sugar" or changed is tree


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_takes_the_depth_in_its_stride(name: str) -> None:
    text = "J.A.count > 0"
    for index in range(100):
        text = f"({text}) {('AND', 'OR')[index % 2]} J.C{index}.count > {index}"
    assert PASSES[name](parse_tree(text)) is not None


@pytest.mark.parametrize(
    ("name", "given", "made"),
    [
        (
            "absorb",
            "(J.A.count > 0 OR J.B.count > 2) AND (J.A.count > 0 OR J.B.count > 1)",
            "J.A.count > 0 OR J.B.count > 2",
        ),
        (
            "absorb",
            "J.A.count > 5 AND J.B.count > 0 OR J.A.count > 3 AND J.B.count > 0",
            "J.A.count > 3 AND J.B.count > 0",
        ),
        (
            "factor",
            "(J.A.count > 0 OR J.B.count > 0) AND (J.A.count > 0 OR J.C.count > 0)",
            "J.A.count > 0 OR J.B.count > 0 AND J.C.count > 0",
        ),
        (
            "factor",
            "J.A.count > 0 AND J.B.count > 0 OR J.C.count > 0 OR J.A.count > 0 AND J.D.count > 0",
            "J.A.count > 0 AND (J.B.count > 0 OR J.D.count > 0) OR J.C.count > 0",
        ),
        ("merge_counters", "J.A.count > 0 OR J.B.count > 1 OR J.A.count >= 0", "TRUE OR J.B.count > 1"),
        ("merge_counters", "J.A.count > 4 AND J.A.count < 3 AND J.B.count > 0", "FALSE AND J.B.count > 0"),
        (
            "propagate",
            "J.A.count > 5 AND (J.A.count < 3 OR J.B.count > 0)",
            "J.A.count > 5 AND (FALSE OR J.B.count > 0)",
        ),
        ("propagate", "J.A.count > 5 OR J.B.count > 0 AND J.A.count > 7", "J.A.count > 5 OR J.B.count > 0 AND FALSE"),
        ("propagate", "J.A.count > 5 OR J.B.count > 0 AND J.A.count < 7", "J.A.count > 5 OR J.B.count > 0 AND TRUE"),
        (
            "order",
            "J.B.count > 0 AND J.A.count < 4 AND J.A.count > 1",
            "J.A.count > 1 AND J.A.count < 4 AND J.B.count > 0",
        ),
        ("fold_constants", "J.A.count > 10000000000 OR J.B.count > 0", "J.B.count > 0"),
        ("simplify_conditions", "J.A[K.B.count < 0].count > 2", "FALSE"),
    ],
)
def test_examples(name: str, given: str, made: str) -> None:
    assert print_tree(PASSES[name](lower(parse_tree(given)))) == made


def test_sums_of_one_shape_are_one_form() -> None:
    tree = lower(parse_tree("J.A.count + J.B.count > 3"))
    same = lower(parse_tree("J.B.count + J.A.count + J.A.count + J.B.count > 7 AND 0 - J.A.count - J.B.count < -2"))
    assert print_tree(merge_counters(same)) == print_tree(merge_counters(tree))
