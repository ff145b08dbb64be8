"""Every filter beside the best that the server could be asked, by brute force over all counts.

The distance is the share of all counts that the filter finds and the best does not.
"""

import random
from collections.abc import Callable

import pytest
from attrs import evolve, frozen

import kili_query as kq
from kili_query.ast import CompareOp, Comparison, Counter, Predicate
from kili_query.logic.evaluate import holds
from kili_query.planning import DEFAULT_PROFILE, STRICT_PROFILE, ServerProfile
from kili_query.planning.split import split
from kili_query.planning.weaken import Target, weaken
from kili_query.query import built_query
from kili_query.syntax import lower
from kili_query.targets.base import CORE
from tests.logic.generate import assignments, random_tree
from tests.logic.truths import truths
from tests.planning.test_guarantee import IMAGES

A, B, C = (Counter("J", name) for name in "ABC")


@frozen
class Worlds:
    """All counts up to a highest one, and for each the comparisons that a target can be asked and that it satisfies.

    These comparisons are the bits of an integer.
    """

    target: Target
    counters: tuple[Counter, ...]
    highest: int
    satisfied: list[int]

    @classmethod
    def of(cls, target: Target, counters: tuple[Counter, ...], highest: int) -> "Worlds":
        ops = (CompareOp.EQ, CompareOp.GE, CompareOp.LE)
        every = [Comparison(one, op, number) for one in counters for op in ops for number in range(highest + 1)]
        asked = [one for one in every if weaken(one, target).is_exact]
        worlds = assignments(counters, highest)
        satisfied = [sum(holds(one, counts) << at for at, one in enumerate(asked)) for counts in worlds]
        return cls(target, counters, highest, satisfied)

    def found_by(self, tree: Predicate) -> list[bool]:
        """For each world, whether it meets a predicate."""
        table = truths(tree, self.counters, self.highest)
        return [bool(table >> at & 1) for at in range(len(self.satisfied))]


def best(tree: Predicate, worlds: Worlds) -> list[bool]:
    """What the strongest filter finds that is made of some comparisons with AND and OR, and finds all that matches.

    It finds whatever satisfies all the comparisons that something that matches satisfies.
    """
    wanted = {one for one, matches in zip(worlds.satisfied, worlds.found_by(tree), strict=True) if matches}
    return [one in wanted or any(one & least == least for least in wanted) for one in worlds.satisfied]


def distance(tree: Predicate, worlds: Worlds) -> float:
    found = worlds.found_by(split(tree, worlds.target).pushed)
    strongest = best(tree, worlds)
    assert all(is_found for is_found, is_best in zip(found, strongest, strict=True) if is_best)
    return (sum(found) - sum(strongest)) / len(found)


@pytest.mark.parametrize(
    "text",
    [
        "J.A.count + J.B.count <= 5",
        "J.A.count + J.B.count == 5",
        "J.A.count + J.B.count > 4",
        "J.A.count + J.B.count != 3",
        "J.A.count + J.B.count IN {2, 5..6}",
        "J.A.count + J.A.count - J.B.count == 1 AND J.B.count <= 7",
        "J.A.count == J.B.count AND J.A.count <= 7",
        "J.A.count > J.B.count AND J.B.count <= 7",
        "NOT (J.A.count > J.B.count AND J.B.count < 6) AND J.A.count < 7",
        "J.A.count - J.B.count IN {-1..1} AND J.B.count < 7",
        "J.A.count + J.B.count + J.C.count <= 4",
        "J.A.count + J.B.count - J.C.count == 2 AND J.C.count < 4",
        "J.A.count == J.C.count AND J.A.count + J.B.count <= 5",
        "J.A OR J.B.count + J.C.count > 2",
    ],
)
def test_sums_of_small_counts_leave_nothing(text: str) -> None:
    query = kq.parse(text)
    plan = query.plan()
    assert plan.residual is None
    counters = (A, B, C) if "J.C" in text else (A, B)
    assert truths(plan.pushed.tree, counters, 9) == truths(query.tree, counters, 9)


@pytest.mark.parametrize("text", ["J.A.count == J.B.count", "J.A.count > J.B.count", "J.A.count != J.B.count"])
def test_what_has_no_bounds_is_exact_where_counts_are_small(text: str) -> None:
    query = kq.parse(text)
    plan = query.plan()
    assert plan.residual is not None
    assert truths(plan.pushed.tree, (A, B), 8) == truths(query.tree, (A, B), 8)


PROFILES = {
    "all": (DEFAULT_PROFILE, 0.001, 0.02),
    "short": (evolve(DEFAULT_PROFILE, filter_size=400), 0.02, 0.7),
    "no sums": (evolve(DEFAULT_PROFILE, filter_size=0), 0.06, 1.0),
    "nothing absent": (ServerProfile(finds_absent=False), 0.001, 0.2),
    "strict": (STRICT_PROFILE, 0.01, 0.8),
}


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(("counters", "highest"), [((A, B), 7), ((A, B, C), 4)], ids=["two", "three"])
def test_distance_to_the_best(
    name: str, counters: tuple[Counter, ...], highest: int, record_property: Callable[[str, object], None]
) -> None:
    profile, mean, most = PROFILES[name]
    rng = random.Random(11)
    worlds = Worlds.of(Target(CORE, profile=profile, ontology=IMAGES), counters, highest)
    distances: list[tuple[float, Predicate]] = []
    for _ in range(120):
        tree = lower(random_tree(rng, depth=2, counters=counters, highest=highest // 2, sums=True))
        distances.append((distance(tree, worlds), tree))
    far, worst = max(distances, key=lambda one: one[0])
    average = sum(one for one, _ in distances) / len(distances)
    record_property("distance", f"{average:.3f} at the mean, {far:.3f} at most: {worst}")
    assert average <= mean
    assert far <= most


def test_a_filter_is_no_longer_than_it_may_be() -> None:
    """Of any query, and of one whose filter becomes longer when it is simplified."""
    rng = random.Random(12)
    queries = [built_query(lower(random_tree(rng, depth=3, highest=6, sums=True))) for _ in range(50)]
    for query in (kq.parse("J.A.count - J.D.count != 7 AND J.D.count < 6"), *queries):
        length, least = len(str(query.simplify())), 0
        for size in (0, 100, 400, 1_000, 4_000):
            text = query.plan(profile=evolve(DEFAULT_PROFILE, filter_size=size)).server_filter or ""
            least = least if size else len(text)
            assert len(text) <= max(size, least, length)
