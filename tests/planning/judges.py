"""What proofs of the planning guarantee share: targets, servers that misbehave, and the guarantee itself."""

from collections.abc import Callable, Mapping

from kili_query.ast import Comparison, Constant, Counter, Predicate, map_operands
from kili_query.logic.evaluate import holds
from kili_query.ontology import Ontology
from kili_query.planning import DEFAULT_PROFILE, STRICT_PROFILE, ServerProfile
from kili_query.planning.split import split
from kili_query.planning.weaken import Target
from kili_query.syntax.parser import parse_text
from kili_query.targets.base import COLUMNS, CORE, LABELS, inexpressible
from kili_query.targets.server import print_core
from tests import reference

__all__ = ["PROFILES", "assert_kept_whole", "found_by", "sent", "server_counts", "targets"]

PROFILES = [
    ServerProfile(finds_absent=absent, counts_beyond_one=beyond, counts_child_jobs=children, counts_videos=videos)
    for absent in (True, False)
    for beyond in (True, False)
    for children in (True, False)
    for videos in (True, False)
]


def targets(ontology: Ontology | None = None, *, has_default_policy: bool = True) -> list[Target]:
    """Every target, the server with some profiles."""
    profiles = (DEFAULT_PROFILE, STRICT_PROFILE, ServerProfile(finds_absent=False))
    common = {"ontology": ontology, "has_default_policy": has_default_policy}
    return [
        *(Target(CORE, profile=profile, **common) for profile in profiles),
        Target(COLUMNS, "a table", **common),
        Target(LABELS, "the engine", **common),
    ]


def server_counts(content: object, profile: ServerProfile, ontology: Ontology | None) -> dict[Counter, int]:
    """What a server counts that does wrong whatever its profile does not vouch for."""
    right = reference.count(content, ontology=ontology)
    frames = right
    if not profile.counts_videos:
        frames = reference.count(content, ontology=ontology, policy=reference.CountPolicy(video="frames"))
    counted = {Counter(job, category): number for (job, category), number in frames.items()}
    if not profile.counts_beyond_one:
        counted = dict.fromkeys(counted, 1)
    if not profile.counts_child_jobs:
        jobs = {} if ontology is None else ontology.jobs
        counted = {one: number for one, number in counted.items() if one.job in jobs and not jobs[one.job].is_child}
    return counted


def found_by(tree: Predicate, counts: Mapping[Counter, int], profile: ServerProfile) -> bool:
    """Whether a server finds a label by what it counted: maybe not by what is absent."""

    def judged(node: Predicate) -> Predicate:
        if isinstance(node, Comparison):
            is_seen = profile.finds_absent or counts.get(node.counter, 0) > 0  # type: ignore[call-overload]
            return Constant(is_seen and holds(node, dict(counts)))
        return map_operands(judged, node)

    return holds(judged(tree), {})


def sent(tree: Predicate, target: Target) -> Predicate:
    """What is asked; of a server, what it reads."""
    assert not list(inexpressible(tree, target.capabilities))
    if target.capabilities != CORE or isinstance(tree, Constant):
        return tree
    return parse_text(print_core(tree), "core")


def assert_kept_whole(
    tree: Predicate, target: Target, judge: Callable[[Predicate], bool], ask: Callable[[Predicate], bool]
) -> None:
    """On one label: what matches is found, and what is found and meets the residual matches."""
    cut = split(tree, target)
    matches = judge(tree)
    found = ask(sent(cut.pushed, target))
    assert found or not matches, f"lost by {target}: {cut.pushed}"
    assert matches == (found and (cut.residual is None or judge(cut.residual))), f"not the same for {target}: {cut}"
