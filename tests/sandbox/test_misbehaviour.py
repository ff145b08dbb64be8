"""Misbehaviours: each shows in answers, and each is kept in check by the profile it deserves."""

import json
from itertools import combinations
from pathlib import Path

import pytest
from attrs import asdict
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.ast import Constant, Counter, Predicate
from kili_query.errors import MalformedLabelError
from kili_query.logic.evaluate import holds
from kili_query.ontology import Ontology
from kili_query.planning import DEFAULT_PROFILE, STRICT_PROFILE, ServerProfile
from kili_query.planning.split import split
from kili_query.planning.weaken import Target
from kili_query.sandbox.misbehaviour import Misbehaviour, deserved_profile, miscount, misread
from kili_query.targets.base import CORE
from kili_query.targets.server import print_core
from tests import reference, strategies

DATA = Path(__file__).resolve().parents[1] / "data"
STREET = Ontology.load(DATA / "ontology_street.json")
VIDEO = Ontology.load(DATA / "cases_video.json")
ANY_LABEL = st.one_of(strategies.contents(), strategies.contents(), strategies.video_contents())
GROUPS = [set(group) for size in range(3) for group in combinations(Misbehaviour, size)] + [set(Misbehaviour)]
DESERVING = {
    profile: [group for group in GROUPS if deserved_profile(group) == profile]
    for profile in map(deserved_profile, GROUPS)
}
"""The groups of misbehaviours that deserve a profile: the same is sent to them, and evaluated here."""


def box(mid: str, **children: str) -> dict[str, object]:
    """A car, with the category of each child job."""
    jobs = {job: {"categories": [{"name": name}]} for job, name in children.items()}
    return {"mid": mid, "categories": [{"name": "CAR"}], **({"children": jobs} if jobs else {})}


CARS = {"TRACK": {"annotations": [box("a", LIGHTS="ON"), box("b", LIGHTS="ON"), box("c")]}}
FILM = {"0": CARS, "1": CARS}
"""Three cars, two of them lit, in each of two frames."""


def finds(search: str, content: object, misbehaves: set[Misbehaviour], ontology: Ontology | None = None) -> bool:
    """Whether a server finds a label, as the store asks it: counts when it is written, a search when it is asked."""
    counts = miscount(content, ontology, misbehaves)
    return holds(misread(search, misbehaves), {Counter(*pair): number for pair, number in counts.items()})


@pytest.mark.parametrize(
    ("misbehaviour", "search", "content", "is_found"),
    [
        ("misses-absent", "TRACK.BUS.count == 0", CARS, False),
        ("misses-absent", "TRACK.BUS.count < 2", CARS, False),
        ("misses-absent", "TRACK.BUS.count <= 2", CARS, False),
        ("misses-absent", "TRACK.BUS.count >= 0", CARS, False),
        ("misses-absent", "TRACK.BUS.count > 0 OR (TRACK.CAR.count > 2 AND TRACK.BUS.count < 1)", CARS, False),
        ("counts-presence", "TRACK.CAR.count >= 2", CARS, False),
        ("counts-presence", "TRACK.CAR.count == 1", CARS, True),
        ("counts-presence", "LIGHTS.ON.count > 1", CARS, False),
        ("ignores-child-jobs", "LIGHTS.ON.count > 0", CARS, False),
        ("ignores-child-jobs", "LIGHTS.ON.count == 0", CARS, True),
        ("merges-child-jobs", "LIGHTS.ON.count == 2", CARS, False),
        ("merges-child-jobs", "LIGHTS.ON.count == 1", CARS, True),
        ("counts-frames", "TRACK.CAR.count == 3", FILM, False),
        ("counts-frames", "TRACK.CAR.count == 6 AND LIGHTS.ON.count == 4", FILM, True),
        ("truncates-decimals", "TRACK.CAR.count > 3.5", {"TRACK": {"annotations": [box(one) for one in "abcd"]}}, None),
        ("truncates-decimals", "TRACK.CAR.count >= 3.5", CARS, True),
        ("truncates-decimals", "TRACK.CAR.count > 2.5e0 AND TRACK.CAR.count < 3.5", CARS, False),
        ("truncates-decimals", "TRACK.CAR.count == 3.14", CARS, True),
        ("truncates-decimals", "TRACK.BUS.count > -0.5", CARS, False),
        ("truncates-decimals", "(TRACK . CAR\n. count <= +2.99) OR TRACK.CAR.count == 03.0", CARS, None),
    ],
)
def test_each_shows(misbehaviour: str, search: str, content: object, is_found: bool | None) -> None:
    """What the misbehaving server answers, and that the right answer is another; None where both are yes."""
    right = kq.parse(search, dialect="core").matches(content)
    assert finds(search, content, set()) == right
    assert finds(search, content, {Misbehaviour(misbehaviour)}) == (right if is_found is None else is_found)
    assert is_found is None or right != is_found


def test_what_is_there_is_still_found() -> None:
    for misbehaviour in set(Misbehaviour) - {Misbehaviour.IGNORES_CHILD_JOBS}:
        assert finds("TRACK.CAR.count > 0 AND LIGHTS.ON.count >= 1", FILM, {misbehaviour})
    assert finds("TRACK.CAR.count > 0", FILM, set(Misbehaviour))
    assert finds("TRACK.CAR.count < 4", CARS, {Misbehaviour.MISSES_ABSENT})


def test_several_at_once() -> None:
    both = {Misbehaviour.COUNTS_FRAMES, Misbehaviour.MERGES_CHILD_JOBS}
    assert miscount(FILM, VIDEO, both) == {("TRACK", "CAR"): 6, ("LIGHTS", "ON"): 2}
    assert miscount(FILM, VIDEO, set(Misbehaviour)) == {("TRACK", "CAR"): 1}


def test_a_root_job_is_none_of_the_children() -> None:
    """A child job that stands at the root is read as what it is there."""
    content = {"LIGHTS": {"categories": [{"name": "ON"}]}, **CARS}
    assert miscount(content)["LIGHTS", "ON"] == 3
    assert miscount(content, None, {Misbehaviour.IGNORES_CHILD_JOBS})["LIGHTS", "ON"] == 1
    assert miscount(content, None, {Misbehaviour.MERGES_CHILD_JOBS})["LIGHTS", "ON"] == 2


@given(st.data(), st.none() | strategies.ontologies())
def test_a_server_that_behaves(data: st.DataObject, ontology: Ontology | None) -> None:
    content = data.draw(ANY_LABEL if ontology is None else ANY_LABEL | strategies.contents_of(ontology))
    assume(is_sound(content, ontology))
    assert (
        miscount(content, ontology)
        == reference.count(content, ontology=ontology)
        == kq.count(content, ontology=ontology)
    )


@pytest.mark.parametrize("content", [None, [], {"J": []}, {"J": {"categories": "A"}}])
@pytest.mark.parametrize("misbehaves", [(), tuple(Misbehaviour)])
def test_bad_contents_are_refused_alike(content: object, misbehaves: tuple[Misbehaviour, ...]) -> None:
    with pytest.raises(kq.DataError) as right:
        kq.count(content)
    with pytest.raises(kq.DataError) as raised:
        miscount(content, None, misbehaves)
    assert (type(raised.value), str(raised.value)) == (type(right.value), str(right.value))


@pytest.mark.parametrize("search", ["", "J.A", "NOT J.A.count > 1", "J.A.count > 1 AND"])
def test_what_is_no_core_search(search: str) -> None:
    for misbehaves in (set(), set(Misbehaviour)):
        with pytest.raises(kq.QuerySyntaxError):
            misread(search, misbehaves)


@settings(max_examples=30)  # each is tried with 23 servers, and `tests/planning/test_guarantee.py` tries more trees
@given(st.data(), strategies.trees(), strategies.ontologies())
def test_the_profile_it_deserves_keeps_answers_right(data: st.DataObject, tree: Predicate, ontology: Ontology) -> None:
    """What matches is found, and what is found and meets the residual matches, however the server misbehaves."""
    content = data.draw(st.one_of(strategies.contents_of(ontology), ANY_LABEL))
    assume(is_sound(content, ontology))
    matches = reference.matches(tree, content, ontology=ontology)
    for profile, groups in DESERVING.items():
        cut = split(tree, Target(CORE, profile=profile, ontology=ontology))
        residual = cut.residual is None or reference.matches(cut.residual, content, ontology=ontology)
        for misbehaves in groups:
            found = is_pushed_found(cut.pushed, content, misbehaves, ontology)
            assert found or not matches, misbehaves
            assert matches == (found and residual), misbehaves


@pytest.mark.parametrize(
    ("misbehaviour", "field"),
    [
        ("misses-absent", "finds_absent"),
        ("counts-presence", "counts_beyond_one"),
        ("ignores-child-jobs", "counts_child_jobs"),
        ("merges-child-jobs", "counts_child_jobs"),
        ("counts-frames", "counts_videos"),
        ("truncates-decimals", None),
    ],
)
def test_each_deserves_mistrust(misbehaviour: str, field: str | None) -> None:
    deserved = asdict(deserved_profile([Misbehaviour(misbehaviour)]))
    assert {name for name, is_trusted in deserved.items() if not is_trusted} == ({field} if field else set())


def test_nothing_else_can_be_mistrusted() -> None:
    assert deserved_profile(()) == DEFAULT_PROFILE
    assert deserved_profile(tuple(Misbehaviour)) == STRICT_PROFILE
    assert asdict(ServerProfile()).keys() == asdict(STRICT_PROFILE).keys()


@pytest.mark.parametrize(
    ("misbehaviour", "query", "content"),
    [
        ("misses-absent", "NOT TRACK.BUS", CARS),
        ("counts-presence", "TRACK.CAR.count >= 2", CARS),
        ("ignores-child-jobs", "LIGHTS.ON", CARS),
        ("merges-child-jobs", "LIGHTS.ON.count = 2", CARS),
        ("counts-frames", "TRACK.CAR.count <= 3", FILM),
    ],
)
def test_who_trusts_too_much_loses_labels(misbehaviour: str, query: str, content: object) -> None:
    """With the default profile a label is lost, with the deserved one it is found."""
    asked = kq.parse(query)
    assert asked.matches(content)
    misbehaves = {Misbehaviour(misbehaviour)}
    trusting = asked.plan(VIDEO).pushed.tree
    wary = asked.plan(VIDEO, profile=deserved_profile(misbehaves)).pushed.tree
    assert not is_pushed_found(trusting, content, misbehaves, VIDEO)
    assert is_pushed_found(wary, content, misbehaves, VIDEO)


def test_names_are_fit_for_a_command_line() -> None:
    assert json.dumps([*Misbehaviour]) == json.dumps([one.name.lower().replace("_", "-") for one in Misbehaviour])


def is_pushed_found(pushed: Predicate, content: object, misbehaves: set[Misbehaviour], ontology: Ontology) -> bool:
    """Whether what is pushed finds the label on a misbehaving server; constants are no request, or one of no filter."""
    if isinstance(pushed, Constant):
        return pushed.value
    return finds(print_core(pushed), content, misbehaves, ontology)


def is_sound(content: object, ontology: Ontology | None) -> bool:
    try:
        reference.count(content, ontology=ontology)
    except MalformedLabelError:
        return False
    return True
