"""The weakening of a predicate: the strongest that a target can express and that holds wherever the predicate does.

INVARIANT: for every label L, q(L) implies weaken(q)(L); where ``is_exact``, also the reverse.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, assert_never

from attrs import frozen

from kili_query.ast import (
    MAX_COUNT,
    Addend,
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Exists,
    Filtered,
    Linear,
    Membership,
    Not,
    Or,
    Pattern,
    Predicate,
    Relation,
    Term,
    comparison,
    conjunction,
    disjunction,
)
from kili_query.ontology import Ontology
from kili_query.planning.profile import ServerProfile
from kili_query.syntax import lower
from kili_query.targets.base import Capabilities, is_core_name

__all__ = ["Target", "Weakened", "weaken"]

TRUE = Constant(True)
Bounds: TypeAlias = Mapping[Term, tuple[int, int]]
"""The least and the most that a term can count, ends included, where more is known than 0 … `MAX_COUNT`."""


@frozen
class Target:
    """Who is asked: what it can express, how far it is trusted, and what is known of the jobs.

    Attributes:
        capabilities: what it can express.
        profile: what it is trusted with; None where it is our own engine.
        ontology: the project's, which says what is a child job and what a video.
        has_default_policy: objects are counted by the default policy, under which the children of objects add up.
    """

    capabilities: Capabilities
    profile: ServerProfile | None = None
    ontology: Ontology | None = None
    has_default_policy: bool = True


@frozen
class Weakened:
    """A predicate that the target can express, and whether it says all."""

    predicate: Predicate
    is_exact: bool


def weaken(tree: Predicate, target: Target, bounds: Bounds | None = None) -> Weakened:
    """Weaken a predicate to what the target can express.

    Args:
        tree: the predicate; sugar is lowered.
        target: who is asked.
        bounds: what the surroundings say of single terms.
    """
    known = bounds or {}
    match tree:
        case And(operands):
            narrowed = narrow(operands, known)
            parts = [weaken(operand, target, narrowed) for operand in operands]
            wanted = [part.predicate for part in parts if part.predicate != TRUE]
            return Weakened(conjunction(dict.fromkeys(wanted), tree.span), all(part.is_exact for part in parts))
        case Or(operands):
            parts = [weaken(operand, target, known) for operand in operands]
            if any(part.predicate == TRUE for part in parts):
                return Weakened(TRUE, any(part.predicate == TRUE and part.is_exact for part in parts))
            found = disjunction(dict.fromkeys(part.predicate for part in parts), tree.span)
            return Weakened(found, all(part.is_exact for part in parts))
        case Constant():
            return Weakened(tree, is_exact=True)
        case Comparison(counter):
            return _weaken_comparison(tree, counter, target)
        case Linear():
            if target.capabilities.linear and all(_is_column(addend.counter, target) for addend in tree.addends):
                return Weakened(tree, is_exact=True)
            steps = [weaken(step, target, known) for step in implied_by_sum(tree, known)]
            wanted = [step.predicate for step in steps if step.predicate != TRUE]
            return Weakened(conjunction(dict.fromkeys(wanted), tree.span), is_exact=False)
        case Not() | Exists() | Relation() | Membership():
            return weaken(lower(tree), target, known)
        case _:
            assert_never(tree)


def _is_column(term: Term, target: Target) -> bool:
    return isinstance(term, Counter) and _can_spell(term, target)


def _can_spell(counter: Counter, target: Target) -> bool:
    return target.capabilities.any_name or (is_core_name(counter.job) and is_core_name(counter.category))


def _weaken_comparison(leaf: Comparison, term: Term, target: Target) -> Weakened:
    match term:
        case Counter():
            return _weaken_counter(leaf, term, target)
        case Pattern():
            return Weakened(leaf, is_exact=True) if target.capabilities.patterns else Weakened(TRUE, is_exact=False)
        case Filtered():
            if target.capabilities.filtered:
                return Weakened(leaf, is_exact=True)
            low = lower_bound(leaf)
            if low < 1:
                return Weakened(TRUE, is_exact=False)
            steps = [weaken(step, target) for step in _implied_by_objects(term, low, target)]
            wanted = [step.predicate for step in steps if step.predicate != TRUE]
            return Weakened(conjunction(dict.fromkeys(wanted), leaf.span), is_exact=False)
        case _:
            assert_never(term)


def _weaken_counter(leaf: Comparison, counter: Counter, target: Target) -> Weakened:
    if not _can_spell(counter, target):
        return Weakened(TRUE, is_exact=False)
    profile = target.profile
    if profile is None:
        return Weakened(leaf, is_exact=True)
    if not profile.counts_child_jobs and not _is_root_job(counter.job, target.ontology):
        return Weakened(TRUE, is_exact=False)
    low = lower_bound(leaf)
    if low < 1:
        trusted = profile.finds_absent and profile.counts_beyond_one and _counts_frames(profile, target.ontology)
        if trusted or (profile.finds_absent and upper_bound(leaf) == 0):
            return Weakened(leaf, is_exact=True)
        return Weakened(TRUE, is_exact=False)
    if profile.counts_beyond_one and _counts_frames(profile, target.ontology):
        return Weakened(leaf, is_exact=True)
    at_least_one = Comparison(counter, CompareOp.GE, 1, span=leaf.span)
    return Weakened(at_least_one, is_exact=lower_bound(leaf) == 1 and upper_bound(leaf) >= MAX_COUNT)


def _is_root_job(job: str, ontology: Ontology | None) -> bool:
    """Whether the ontology vouches that the job stands at the root alone."""
    known = None if ontology is None else ontology.jobs.get(job)
    return known is not None and not known.is_child


def _counts_frames(profile: ServerProfile, ontology: Ontology | None) -> bool:
    """Whether the number is trusted: without an ontology the label may be a video's."""
    return profile.counts_videos or (ontology is not None and ontology.input_type is not None and not ontology.is_video)


def lower_bound(leaf: Comparison | Linear) -> int:
    """The least count that satisfies a comparison; more than `MAX_COUNT` where none does."""
    match leaf.op:
        case CompareOp.EQ | CompareOp.GE:
            return max(leaf.bound, 0)
        case CompareOp.GT:
            return max(leaf.bound + 1, 0)
        case CompareOp.LT | CompareOp.LE:
            return 0
        case _:
            assert_never(leaf.op)


def upper_bound(leaf: Comparison | Linear) -> int:
    """The greatest count that satisfies a comparison; less than 0 where none does."""
    match leaf.op:
        case CompareOp.EQ | CompareOp.LE:
            return min(leaf.bound, MAX_COUNT)
        case CompareOp.LT:
            return min(leaf.bound - 1, MAX_COUNT)
        case CompareOp.GE | CompareOp.GT:
            return MAX_COUNT
        case _:
            assert_never(leaf.op)


def narrow(operands: Iterable[Predicate], known: Bounds) -> Bounds:
    """The bounds that the operands of an AND give to single terms, beside those known before."""
    narrowed = dict(known)
    for operand in operands:
        if isinstance(operand, Comparison):
            low, high = narrowed.get(operand.counter, (0, MAX_COUNT))
            narrowed[operand.counter] = (max(low, lower_bound(operand)), min(high, upper_bound(operand)))
    return narrowed


def implied_by_sum(tree: Linear, bounds: Bounds) -> Iterator[Predicate]:
    """What a sum says of its single counters.

    ``A + B >= 5`` says that one of the two is 3 or more (pigeonhole); ``A + B <= 5`` that each is 5 or less.
    """
    at_least = tree.bound + 1 if tree.op is CompareOp.GT else tree.bound
    at_most = tree.bound - 1 if tree.op is CompareOp.LT else tree.bound
    addends = list(tree.addends)
    if tree.op in (CompareOp.GE, CompareOp.GT, CompareOp.EQ):
        yield from _bounds_of_each([_negated(addend) for addend in addends], -at_least, bounds)
        yield pigeonhole(addends, at_least, bounds)
    if tree.op in (CompareOp.LE, CompareOp.LT, CompareOp.EQ):
        flipped = [_negated(addend) for addend in addends]
        yield from _bounds_of_each(addends, at_most, bounds)
        yield pigeonhole(flipped, -at_most, bounds)


def _negated(addend: Addend) -> Addend:
    return Addend(-addend.coefficient, addend.counter)


def _extent(term: Term, bounds: Bounds) -> tuple[int, int]:
    """The least and most of a term; of objects chosen by their children, no more than of all those objects."""
    low, high = bounds.get(term, (0, MAX_COUNT))
    if isinstance(term, Filtered):
        high = min(high, _extent(term.counter, bounds)[1])
    return low, high


def _least(addend: Addend, bounds: Bounds) -> int:
    low, high = _extent(addend.counter, bounds)
    return addend.coefficient * (low if addend.coefficient > 0 else high)


def _bounds_of_each(addends: list[Addend], at_most: int, bounds: Bounds) -> Iterator[Predicate]:
    """From ``sum <= at_most``: what is left for each term when all others are as small as they can be."""
    least = [_least(addend, bounds) for addend in addends]
    total = sum(least)
    for addend, own in zip(addends, least, strict=True):
        room = at_most - (total - own)
        if addend.coefficient > 0:
            yield _clip(addend.counter, CompareOp.LE, room // addend.coefficient)
        else:
            yield _clip(addend.counter, CompareOp.GE, -(room // -addend.coefficient))


def _clip(term: Term, op: CompareOp, bound: int) -> Predicate:
    """A comparison, or TRUE where every count, or as good as every count, satisfies it."""
    if (op is CompareOp.LE and bound > MAX_COUNT // 2) or (op is CompareOp.GE and bound <= 0):
        return TRUE
    return comparison(term, op, bound)


def pigeonhole(addends: list[Addend], at_least: int, bounds: Bounds) -> Predicate:
    """From ``sum >= at_least``: one of the counters that add must reach its share.

    What subtracts is at its least; a counter whose most is less than its share leaves the rest to the others.
    """
    needed = at_least
    sharing: list[Addend] = []
    for addend in addends:
        low, _ = _extent(addend.counter, bounds)
        if addend.coefficient > 0:
            sharing.append(addend)
        else:
            needed += -addend.coefficient * low
    while sharing and needed > 0:
        shares = [-(-needed // (len(sharing) * addend.coefficient)) for addend in sharing]
        reached = [
            (addend, share)
            for addend, share in zip(sharing, shares, strict=True)
            if _extent(addend.counter, bounds)[1] >= share
        ]
        if len(reached) == len(sharing):
            return disjunction(_clip(addend.counter, CompareOp.GE, share) for addend, share in reached)
        unable = [addend for addend in sharing if all(addend is not able for able, _ in reached)]
        needed -= sum(addend.coefficient * _extent(addend.counter, bounds)[1] for addend in unable)
        sharing = [addend for addend, _ in reached]
    return Constant(needed <= 0)


def _implied_by_objects(term: Filtered, low: int, target: Target) -> Iterator[Predicate]:
    """What ``low`` objects with a condition on their children say: so many objects, and their children."""
    yield Comparison(term.counter, CompareOp.GE, low)
    if target.has_default_policy:
        yield _children_of(term.condition, low, target)


def _children_of(condition: Predicate, objects: int, target: Target) -> Predicate:
    """What ``objects`` objects that all satisfy the condition say of the counts of child jobs in the whole label.

    A child counts once for each parent object, so the counts of the objects add up.
    """
    match condition:
        case And(operands):
            return conjunction(_children_of(operand, objects, target) for operand in operands)
        case Or(operands):  # most of the objects may satisfy different operands, but some satisfy the same
            share = -(-objects // len(operands))
            return disjunction(_children_of(operand, share, target) for operand in operands)
        case Comparison(Counter() as counter) if lower_bound(condition) >= 1 and _adds_up(counter.job, target.ontology):
            return _clip(counter, CompareOp.GE, objects * lower_bound(condition))
        case Constant() | Comparison() | Linear():
            return TRUE
        case Not() | Exists() | Relation() | Membership():
            return _children_of(lower(condition), objects, target)
        case _:
            assert_never(condition)


def _adds_up(job: str, ontology: Ontology | None) -> bool:
    """Whether the count of a job in the whole label takes in its places below objects."""
    return not _is_root_job(job, ontology)
