"""The guarantee: what matches is found by what is pushed, and is all of it that meets the residual.

By brute force over counts, and by the reference on random labels.
"""

import random
from collections.abc import Callable
from functools import cache, partial
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kili_query.ast import Counter, Predicate, terms
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.errors import MalformedLabelError
from kili_query.ontology import Ontology
from kili_query.ontology.bind import bind
from kili_query.planning import STRICT_PROFILE, ServerProfile
from kili_query.planning.split import split
from kili_query.planning.weaken import Target
from kili_query.syntax.lower import lower
from kili_query.targets.base import COLUMNS, CORE, LABELS
from tests import reference, strategies
from tests.logic.generate import COUNTERS, random_tree
from tests.logic.truths import truths
from tests.planning.judges import PROFILES, assert_kept_whole, found_by, sent, server_counts, targets

SETTINGS = settings(max_examples=30)  # each is put to five targets, and `fuzz/plan_is_sound.py` tries others
ANY_LABEL = st.one_of(strategies.contents(), strategies.contents(), strategies.video_contents())
INTERFACE = {
    "jobs": {
        "J": {"mlTask": "OBJECT_DETECTION", "content": {"categories": {name: {"name": name} for name in "ABCD"}}},
        "R": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": {"A": {"name": "A"}}}},
    }
}
IMAGES = Ontology.from_json_interface(INTERFACE, input_type="IMAGE")
UNSPEAKABLE = (Counter("J", "A"), Counter("J", "B"), Counter("J", "a name"), Counter("J", "C*"))


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("seed", range(3))
def test_all_counts(number: int, seed: int) -> None:
    """Some hundreds of predicates, all counts up to one above the bounds."""
    rng = random.Random(100 * number + seed)
    highest = {2: 4, 3: 2, 4: 1}[number]
    for _ in range(120 if number == 2 else 50):
        counters = rng.choice((COUNTERS, UNSPEAKABLE))[:number]
        tree = lower(random_tree(rng, depth=3, counters=counters, highest=highest, sums=True))
        target = rng.choice(targets(rng.choice((None, IMAGES))))
        cut = split(tree, target)
        asked = sent(cut.pushed, target)
        table = partial(truths, counters=counters, highest=2 * highest + 1 if number == 2 else highest + 1)
        found, matches = table(asked), table(tree)
        assert matches & ~found == 0, (tree, target)
        assert matches == (found if cut.residual is None else found & table(cut.residual)), (tree, target)


@SETTINGS
@given(strategies.trees(), ANY_LABEL)
def test_labels_without_ontology(tree: Predicate, label: object) -> None:
    assume(_is_sound(label, None))
    judge = _judge(label, None, DEFAULT_POLICY)
    for target in targets():
        assert_kept_whole(tree, target, judge, judge)


@SETTINGS
@given(st.data(), strategies.trees(), strategies.ontologies(), st.booleans())
def test_labels_with_ontology(data: st.DataObject, tree: Predicate, ontology: Ontology, is_bound: bool) -> None:
    label = data.draw(st.one_of(strategies.contents_of(ontology), ANY_LABEL))
    assume(_is_sound(label, ontology))
    judge = _judge(label, ontology, DEFAULT_POLICY)
    for target in targets(ontology):
        assert_kept_whole(bind(tree, ontology) if is_bound else tree, target, judge, judge)


@SETTINGS
@given(st.data(), strategies.core_trees(), st.none() | strategies.ontologies(), strategies.policies)
def test_policies(data: st.DataObject, tree: Predicate, ontology: Ontology | None, policy: CountPolicy) -> None:
    """Our own engines count by the policy, a server as it always does."""
    label = data.draw(strategies.video_contents() | strategies.contents())
    assume(_is_sound(label, ontology))
    judge, by_server = (_judge(label, ontology, one) for one in (policy, DEFAULT_POLICY))
    for target in targets(ontology, has_default_policy=policy == DEFAULT_POLICY):
        assert_kept_whole(tree, target, judge, judge if target.profile is None else by_server)


@SETTINGS
@given(st.data(), strategies.trees(), st.none() | strategies.ontologies(), st.permutations(PROFILES))
def test_servers_that_misbehave(
    data: st.DataObject, tree: Predicate, ontology: Ontology | None, profiles: list[ServerProfile]
) -> None:
    """A server does wrong whatever its profile does not vouch for, and still no label is lost, or too many kept."""
    label = data.draw(ANY_LABEL if ontology is None else st.one_of(ANY_LABEL, strategies.contents_of(ontology)))
    assume(_is_sound(label, ontology))
    judge = _judge(label, ontology, DEFAULT_POLICY)
    for profile in profiles[:4]:
        counts = server_counts(label, profile, ontology)
        target = Target(CORE, profile=profile, ontology=ontology)
        assert_kept_whole(tree, target, judge, partial(found_by, counts=counts, profile=profile))


def test_servers_that_misbehave_on_all_counts() -> None:
    rng = random.Random(7)
    counters = COUNTERS[:3]
    for _ in range(150):
        profile = rng.choice(PROFILES)
        tree = lower(random_tree(rng, depth=3, counters=counters, highest=2, sums=True))
        target = Target(CORE, profile=profile, ontology=IMAGES)
        cut = split(tree, target)
        asked = sent(cut.pushed, target)

        @cache
        def is_found(seen: tuple[int, ...]) -> bool:
            return found_by(asked, dict(zip(counters, seen, strict=True)), profile)  # noqa: B023 - called in this round only

        most = 3 if profile.counts_beyond_one else 1
        rows = product(range(4), repeat=len(counters))
        found = sum(is_found(tuple(min(number, most) for number in row)) << at for at, row in enumerate(rows))
        kept = found if cut.residual is None else found & truths(cut.residual, counters, 3)
        assert truths(tree, counters, 3) == kept, tree


def test_a_strict_profile_asks_for_presence_alone() -> None:
    rng = random.Random(8)
    for _ in range(120):
        tree = random_tree(rng, depth=3, highest=3, sums=True)
        pushed = split(tree, Target(CORE, profile=STRICT_PROFILE, ontology=IMAGES)).pushed
        named = {term for term in terms(pushed) if isinstance(term, Counter)}  # no other makes a difference
        rows = list(product(range(4), repeat=len(named)))
        table = truths(pushed, tuple(named), 3)
        found = {row: bool(table >> at & 1) for at, row in enumerate(rows)}
        for row in product(range(3), repeat=len(named)):
            # so the number of objects makes no difference, and more jobs never less of a match
            assert found[row] == found[tuple(min(number, 1) for number in row)]
            assert not found[row] or found[tuple(number + 1 for number in row)]
        nothing_known = split(tree, Target(CORE, profile=STRICT_PROFILE)).pushed
        assert not list(terms(nothing_known))


def test_engines_of_our_own_are_exact() -> None:
    rng = random.Random(9)
    for _ in range(120):
        tree = random_tree(rng, depth=3, highest=3, sums=True)
        for capabilities in (COLUMNS, LABELS):
            assert split(tree, Target(capabilities)).residual is None


def _is_sound(label: object, ontology: Ontology | None) -> bool:
    """Whether it can be read: a job called `0` makes a label a video's."""
    try:
        reference.count(label, ontology=ontology)
    except MalformedLabelError:
        return False
    return True


def _judge(label: object, ontology: Ontology | None, policy: CountPolicy) -> Callable[[Predicate], bool]:
    """What the reference says of a label; each tree is judged once, as several targets are sent the same."""
    return cache(lambda tree: reference.matches(tree, label, ontology=ontology, policy=policy))
