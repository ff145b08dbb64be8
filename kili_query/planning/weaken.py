"""Weaken a predicate to the strongest one that it implies and that a target can express.

INVARIANT: for every label L, q(L) implies weaken(q)(L); where ``is_exact``, also the reverse.
"""

from collections.abc import Iterable, Iterator
from operator import is_
from typing import assert_never

from attrs import evolve, frozen

from kili_query.ast import (
    MAX_COUNT,
    Addend,
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Filtered,
    Linear,
    Or,
    Pattern,
    Predicate,
    Sugar,
    Term,
    all_of,
    any_of,
    comparison,
)
from kili_query.ontology import Ontology
from kili_query.planning.bounds import Bounds, extent, implied_by_sum, lower_bound, narrow, upper_bound
from kili_query.planning.profile import DEFAULT_PROFILE, ServerProfile
from kili_query.planning.staircases import staircase
from kili_query.syntax import lower
from kili_query.targets.base import Capabilities, inexpressible, is_core_name

TRUE, FALSE = Constant(True), Constant(False)


@frozen
class Target:
    """A target: what it can express, how far it is trusted, and the ontology.

    Attributes:
        capabilities: what it can express.
        name: its name in messages.
        profile: what it is trusted with; None for our own engines.
        ontology: the project's ontology, which says which jobs are child jobs and whether labels are videos.
        has_default_policy: objects are counted by the default policy, under which the children of objects add up. A
            server has no other policy.
        sum_size: maximum number of characters that replace one sum.
    """

    capabilities: Capabilities
    name: str = "the server"
    profile: ServerProfile | None = None
    ontology: Ontology | None = None
    has_default_policy: bool = True
    sum_size: int = DEFAULT_PROFILE.filter_size

    def is_root_job(self, job: str) -> bool:
        """Whether the ontology declares the job as a root job, which only counts at the root."""
        known = None if self.ontology is None else self.ontology.jobs.get(job)
        return known is not None and not known.is_child

    @property
    def may_see_videos(self) -> bool:
        """Whether a label may belong to a video; always true without an ontology."""
        return self.ontology is None or self.ontology.input_type is None or self.ontology.is_video


@frozen
class Weakened:
    """A predicate that the target can express, and whether it is equivalent to the original."""

    predicate: Predicate
    is_exact: bool


def weaken(tree: Predicate, target: Target, bounds: Bounds | None = None) -> Weakened:
    """Weaken a predicate to what the target can express.

    Args:
        tree: the predicate; sugar is lowered.
        target: the target.
        bounds: known bounds of single terms, from the conditions around the predicate.
    """
    known = bounds or {}
    match tree:
        case And(operands):
            narrowed = narrow(operands, known)
            return _joined(tree, [weaken(operand, target, narrowed) for operand in operands])
        case Or(operands):
            parts = [weaken(operand, target, known) for operand in operands]
            if any(part.predicate == TRUE and part.is_exact for part in parts):
                return Weakened(TRUE, is_exact=True)
            return _joined(tree, parts)
        case Constant():
            return Weakened(tree, is_exact=True)
        case Comparison(counter):
            return _weaken_comparison(tree, counter, target, known)
        case Linear():
            return _weaken_sum(tree, target, known)
        case Sugar():
            return weaken(lower(tree), target, known)
        case _:
            assert_never(tree)


def _joined(tree: And | Or, parts: list[Weakened]) -> Weakened:
    """Join weakened operands; return the same tree if none of them changed."""
    predicates = [part.predicate for part in parts]
    is_exact = all(part.is_exact for part in parts)
    if all(map(is_, predicates, tree.operands)):
        return Weakened(tree, is_exact)
    join = all_of if isinstance(tree, And) else any_of
    return Weakened(join(dict.fromkeys(predicates), tree.span), is_exact)


def _weaken_sum(tree: Linear, target: Target, known: Bounds) -> Weakened:
    if _is_expressible(tree, target):
        return Weakened(tree, is_exact=True)
    stairs: list[Predicate] = []
    for one in () if target.capabilities.linear else _staircases(tree, target, known):
        if one.is_exact:
            return one
        stairs.append(one.predicate)
    steps = [weaken(step, target, known).predicate for step in implied_by_sum(tree, known)]
    steps += stairs
    steps += [one for one in _relaxed(tree) if _is_expressible(one, target)]
    return Weakened(all_of(dict.fromkeys(steps), tree.span), is_exact=False)


def _staircases(tree: Linear, target: Target, known: Bounds) -> Iterator[Weakened]:
    """Yield the staircase without known bounds, then the one with them, if any counter has some."""
    has_bounds = any(extent(addend.counter, known) != (0, MAX_COUNT) for addend in tree.addends)
    for bounds in ({}, known) if has_bounds else ({},):
        stairs = staircase(tree, bounds, target.sum_size)
        if stairs is not None:
            weakened = weaken(stairs.predicate, target, known)
            yield Weakened(weakened.predicate, stairs.is_exact and weakened.is_exact)


def _relaxed(tree: Linear) -> list[Linear]:
    """Return sums of columns that are at least, or at most, as large: filtered objects become all objects."""
    is_equal = tree.op is CompareOp.EQ
    relaxed = []
    if tree.op in (CompareOp.GE, CompareOp.GT) or is_equal:
        at_least = CompareOp.GE if is_equal else tree.op
        relaxed.append(evolve(tree, addends=_most(tree.addends, sign=1), op=at_least))
    if tree.op in (CompareOp.LE, CompareOp.LT) or is_equal:
        at_most = CompareOp.LE if is_equal else tree.op
        relaxed.append(evolve(tree, addends=_most(tree.addends, sign=-1), op=at_most))
    return [one for one in relaxed if len(one.addends) > 1]  # bounds of single terms are derived elsewhere


def _most(addends: Iterable[Addend], sign: int) -> tuple[Addend, ...]:
    """Count all objects in addends of this sign; drop addends of the other sign that are not columns."""
    weights: dict[Term, int] = {}
    for addend in addends:
        adds = addend.coefficient * sign > 0
        if isinstance(addend.counter, Counter):
            term: Term = addend.counter
        elif adds:
            term = addend.counter.counter if isinstance(addend.counter, Filtered) else addend.counter
        else:
            continue
        weights[term] = weights.get(term, 0) + addend.coefficient
    return tuple(Addend(weight, term) for term, weight in weights.items() if weight)


def _is_expressible(tree: Linear, target: Target) -> bool:
    return target.capabilities.linear and next(inexpressible(tree, target.capabilities), None) is None


def _can_spell(counter: Counter, target: Target) -> bool:
    return target.capabilities.any_name or (is_core_name(counter.job) and is_core_name(counter.category))


def _weaken_comparison(leaf: Comparison, term: Term, target: Target, known: Bounds) -> Weakened:
    match term:
        case Counter():
            return _weaken_counter(leaf, term, target, extent(term, known)[0])
        case Pattern():
            return Weakened(leaf, is_exact=True) if target.capabilities.patterns else Weakened(TRUE, is_exact=False)
        case Filtered():
            if target.capabilities.filtered:
                return Weakened(leaf, is_exact=True)
            implied = _implied_by_objects(term, lower_bound(leaf), target)
            steps = dict.fromkeys(weaken(step, target).predicate for step in implied)
            return Weakened(all_of(steps, leaf.span), is_exact=False)
        case _:
            assert_never(term)


def _weaken_counter(leaf: Comparison, counter: Counter, target: Target, at_least: int) -> Weakened:
    """Weaken a comparison of a counter; the query is false if the counter is below ``at_least``."""
    nothing = Weakened(TRUE, is_exact=False)
    if not _can_spell(counter, target):
        return nothing
    profile = target.profile
    if profile is None:
        return Weakened(leaf, is_exact=True)
    if not profile.counts_child_jobs and not target.is_root_job(counter.job):
        return nothing
    is_known_policy = target.has_default_policy or not target.may_see_videos
    is_number_trusted = profile.counts_beyond_one and (
        not target.may_see_videos or (profile.counts_videos and target.has_default_policy)
    )
    low, high = max(lower_bound(leaf), at_least), upper_bound(leaf)
    if low < 1:
        is_trusted = profile.finds_absent and (is_number_trusted or (high == 0 and is_known_policy))
        return Weakened(leaf, is_exact=True) if is_trusted else nothing
    if is_number_trusted:
        return Weakened(leaf, is_exact=True)
    at_least_one = Comparison(counter, CompareOp.GE, 1, span=leaf.span)
    return Weakened(at_least_one, is_exact=lower_bound(leaf) == 1 and high == MAX_COUNT and is_known_policy)


def _implied_by_objects(term: Filtered, low: int, target: Target) -> list[Predicate]:
    """Return what ``low`` objects with a condition on their children imply: that many objects, and their children.

    Two objects of a root job share no children. Otherwise one object may stand below another, and share its children.
    One object may have two categories that a pattern matches.
    """
    if low < 1:
        return []
    outer = Comparison(term.counter, CompareOp.GE, low)
    if not target.has_default_policy:  # in frames, an object's children may count more or less often than the object
        return [outer]
    are_apart = isinstance(term.counter, Counter) and target.is_root_job(term.counter.job)
    return [outer, _children_of(term.condition, low if are_apart else 1, target)]


def _children_of(condition: Predicate, objects: int, target: Target) -> Predicate:
    """Return what objects that satisfy a condition imply for the whole label, if they share no children.

    A child counts once for each parent object, so the counts of the objects add up.
    """
    match condition:
        case And(operands):
            return all_of(_children_of(operand, objects, target) for operand in operands)
        case Or(operands):  # objects may satisfy different operands, but this many satisfy the same one
            share = -(-objects // max(1, len(operands)))
            return any_of(_children_of(operand, share, target) for operand in operands)
        case Constant():
            return condition
        case Comparison(Counter() as counter):
            low = lower_bound(condition)
            if low < 1 or target.is_root_job(counter.job):  # root jobs are only counted at the root
                return TRUE if low < 1 else FALSE
            return comparison(counter, CompareOp.GE, objects * low)
        case Comparison(Filtered(counter, inner)):  # each object has one below it that satisfies `inner`
            low = lower_bound(condition)
            outer = _children_of(Comparison(counter, CompareOp.GE, low), objects, target)
            return TRUE if low < 1 else all_of((outer, _children_of(inner, objects, target)))
        case Comparison():
            return TRUE
        case Linear():
            return all_of(_children_of(step, objects, target) for step in implied_by_sum(condition, {}))
        case Sugar():
            return _children_of(lower(condition), objects, target)
        case _:
            assert_never(condition)
