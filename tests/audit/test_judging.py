"""What a wrong answer speaks against, of servers that the sandbox cannot play."""

import pytest

from kili_query.audit.judging import judge
from kili_query.audit.probes import Observed, Probe
from kili_query.audit.report import AuditReport, Trait, TraitResult
from kili_query.ontology import Ontology
from kili_query.planning import STRICT_PROFILE
from tests.audit.street import PROJECT

ONTOLOGY = Ontology.load(PROJECT)
PROBES = [
    Probe(op, bound)
    for op, bound in ((">", 0), ("==", 0), ("<", 1), ("<=", 0), ("==", 1), (">", 1), ("<=", 1), ("==", 3), (">", 3))
]


def seen(ours: int, theirs: int, *, is_repeated: bool = False, wrong: tuple[Probe, ...] = ()) -> Observed:
    """A label in which the server counts so many, and answers some probes not even as it counts."""
    answers = {probe: probe.holds(theirs) != (probe in wrong) for probe in PROBES}
    return Observed("label", ("TRACK", "CAR"), ours, is_repeated, answers)


def failing(*root: Observed, child: tuple[Observed, ...] = ()) -> set[Trait]:
    return {one.trait for one in judge(root, child, ONTOLOGY) if one.verdict is TraitResult.DISAGREES}


@pytest.mark.parametrize(
    ("observed", "trait"),
    [
        (seen(1, 0), Trait.FINDS_PRESENT),
        (seen(3, 0), Trait.FINDS_PRESENT),
        (seen(0, 1), Trait.FINDS_PRESENT),
        (seen(0, 0, wrong=(Probe("==", 1),)), Trait.FINDS_PRESENT),
        (seen(0, 0, wrong=(Probe("==", 0),)), Trait.FINDS_ABSENT),
        (seen(0, 0, wrong=(Probe("<", 1),)), Trait.FINDS_ABSENT),
        (seen(0, 0, wrong=(Probe("<=", 1),)), Trait.FINDS_ABSENT),
        (seen(1, 1, wrong=(Probe("==", 0),)), Trait.FINDS_ABSENT),
        (seen(1, 1, wrong=(Probe("==", 1),)), Trait.COUNTS_BEYOND_ONE),
        (seen(3, 1), Trait.COUNTS_BEYOND_ONE),
        (seen(3, 4), Trait.COUNTS_BEYOND_ONE),
        (seen(1, 3), Trait.COUNTS_BEYOND_ONE),
        (seen(1, 3, is_repeated=True), Trait.COUNTS_VIDEOS),
        (seen(3, 1, is_repeated=True), Trait.COUNTS_BEYOND_ONE),
    ],
)
def test_root_jobs(observed: Observed, trait: Trait) -> None:
    assert failing(observed) == {trait}
    assert failing(observed, child=(observed,)) in ({trait}, {trait, Trait.COUNTS_CHILD_JOBS})
    if trait is not Trait.FINDS_ABSENT:
        assert failing(seen(0, 0), seen(3, 3), child=(observed,)) == {Trait.COUNTS_CHILD_JOBS}


@pytest.mark.parametrize(
    ("root", "child", "is_explained"),
    [
        (seen(0, 0, wrong=(Probe("==", 0),)), seen(0, 0, wrong=(Probe("==", 0),)), True),
        (seen(0, 0), seen(0, 0, wrong=(Probe("==", 0),)), False),
        (seen(3, 3), seen(0, 0, wrong=(Probe("==", 0),)), True),
        (seen(3, 1), seen(3, 1), True),
        (seen(3, 1), seen(3, 4), False),
        (seen(3, 1), seen(3, 0), False),
        (seen(1, 3, is_repeated=True), seen(1, 3, is_repeated=True), True),
        (seen(1, 3, is_repeated=True), seen(1, 3), False),
        (seen(1, 0), seen(1, 0), False),
    ],
)
def test_what_root_jobs_explain_is_not_laid_to_child_jobs(root: Observed, child: Observed, is_explained: bool) -> None:
    assert (Trait.COUNTS_CHILD_JOBS not in failing(root, child=(child,))) == is_explained


def test_no_profile_for_a_server_that_misses_what_is_there() -> None:
    report = AuditReport(project_id="p", sampled=1, searches=9, findings=tuple(judge([seen(1, 0)], [], ONTOLOGY)))
    assert not report.is_covered
    assert report.profile == STRICT_PROFILE
    assert str(report).endswith("even `> 0` on root jobs differs from our counts")
