"""Simplification: the passes, run until none of them changes anything.

One loop runs them, and alone knows how to name and record each step, and when to give up.
"""

from collections.abc import Callable, Iterable
from itertools import cycle, islice
from typing import TypeAlias

from attrs import frozen

from kili_query.ast import Comparison, Constant, Counter, Predicate, terms_of
from kili_query.logic.facts import Fact, bounds_of
from kili_query.logic.literals import is_shortest, leaves
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
from kili_query.syntax.lower import lower
from kili_query.syntax.printer import print_tree

MAX_VISITS = 60_000
"""How many leaves the passes that changed something may have, all together; past it a query is returned as it is."""

MAX_TERMS = 16_000
"""How many terms a query may compare, that of a sum in each comparison of it; past it, it is returned as it is."""

MAX_ROUNDS = 60
MAX_BRACKETS = 16
"""How many rounds there may be, and how deep conditions in brackets are entered."""


@frozen
class _Context:
    """The assumptions of a run.

    Attributes:
        facts: of the labels, `()` for those that may hold anything.
        brackets: in how many brackets the tree stands.
    """

    facts: tuple[Fact, ...] = ()
    brackets: int = 0


Pass: TypeAlias = Callable[[Predicate, _Context], Predicate]
Run: TypeAlias = Callable[[str, Pass, Predicate], Predicate]


def _conditions(tree: Predicate, context: _Context) -> Predicate:
    if context.brackets == MAX_BRACKETS:
        return tree
    inner = _Context(brackets=context.brackets + 1)  # facts speak of whole labels, not of one object's children
    return simplify_conditions(tree, lambda condition: _run(condition, inner).tree)


_FIRST: tuple[tuple[str, Pass], ...] = (
    ("negation normal form", lambda tree, _: lower(tree)),
    ("conditions in brackets", _conditions),
)

_ROUND: tuple[tuple[str, Pass], ...] = (
    ("flattening", lambda tree, _: flatten(tree)),
    ("merging per counter", lambda tree, context: merge_counters(tree, bounds_of(context.facts))),
    ("constant folding", lambda tree, context: fold_constants(tree, bounds_of(context.facts))),
    ("duplicates", lambda tree, _: deduplicate(tree)),
    ("order", lambda tree, context: order(tree, bounds_of(context.facts))),
    ("propagation", lambda tree, context: propagate(tree, bounds_of(context.facts))),
    ("absorption", lambda tree, context: absorb(tree, bounds_of(context.facts))),
    ("factoring", lambda tree, _: factor(tree)),
)

_SETTLING: tuple[str, Pass] = (
    "contradiction and tautology",
    lambda tree, context: settle(tree, [fact.predicate for fact in context.facts]),
)
_PRESENTATION: tuple[str, Pass] = ("presentation of sums", lambda tree, _: present_sums(tree))

PIPELINE = (*_FIRST, *_ROUND, _SETTLING, _PRESENTATION)
"""The passes with their names: first those whose work no other undoes, then rounds of those that make work for each
other, last what is done once when all is settled."""


@frozen
class Step:
    """One pass that changed the tree.

    Attributes:
        name: of the pass.
        before: the tree that it was given.
        after: what it made of it.
    """

    name: str
    before: Predicate
    after: Predicate

    def __str__(self) -> str:
        return f"{self.name}: {print_tree(self.after)}"


@frozen
class Simplification:
    """A simplified tree, how it came about, and what kept it from being simpler.

    Attributes:
        tree: equivalent to the given one, and printed no longer.
        steps: the passes that changed something, in order; their last tree is `tree` unless `note` says why not.
        note: empty, or why the tree is the given one.
    """

    tree: Predicate
    steps: tuple[Step, ...] = ()
    note: str = ""


def simplify(tree: Predicate, *, facts: Iterable[Fact] = ()) -> Predicate:
    """An equivalent tree, as short as the passes can make it and never longer, equal for simplifying it again.

    Args:
        tree: any predicate.
        facts: what may be taken for granted of the labels; then it is equivalent on those labels alone.

    Returns:
        A tree of the core where that is no longer than what was given; else one with sugar; else the tree itself.

    >>> from kili_query.syntax import parse_tree
    >>> print_tree(simplify(parse_tree("NOT (J.B.count <= 4 OR J.A.count != 2) AND (J.B.count > 5 OR J.B.count > 3)")))
    'J.A.count == 2 AND J.B.count > 4'
    """
    return simplify_steps(tree, facts=facts).tree


def simplify_steps(tree: Predicate, *, facts: Iterable[Fact] = ()) -> Simplification:
    """Simplify and tell how; see `simplify`."""
    return _run(tree, _Context(tuple(facts)))


def _run(tree: Predicate, context: _Context) -> Simplification:
    if _is_simple(tree) and not context.facts:
        return Simplification(tree)
    steps: list[Step] = []
    run = _runner(context, steps)
    core = _core_of(tree, run)
    if core is None:
        return Simplification(tree, tuple(steps), "too large to simplify within the budget")
    core = run(*_PRESENTATION, core)
    length = len(print_tree(tree))
    if len(print_tree(core)) <= length:
        return Simplification(core, tuple(steps))
    sugared = run("presentation with sugar", lambda one, _: present_sugar(one), core)
    if len(print_tree(sugared)) <= length:
        return Simplification(sugared, tuple(steps))
    return Simplification(tree, tuple(steps), "no shorter text was found")


def simplify_core(tree: Predicate) -> Predicate:
    """Simplify for programs: the result has no sugar, though its text may be longer."""
    core = tree if _is_simple(tree) else _core_of(tree, _runner(_Context(), []))
    return lower(tree if core is None else core)  # conditions in brackets are simplified for people


def _runner(context: _Context, steps: list[Step]) -> Run:
    """Return a function that runs a pass and records the step if it changed the tree."""

    def run(name: str, apply: Pass, before: Predicate) -> Predicate:
        after = apply(before, context)
        if after is not before and after != before:
            steps.append(Step(name, before, after))
            return after
        return before

    return run


def _core_of(tree: Predicate, run: Run) -> Predicate | None:
    """Return the core tree that no pass changes, or None past the budget."""
    for name, apply in _FIRST:
        tree = run(name, apply, tree)
    core = _to_fixpoint(tree, run)
    return None if core is None else run(*_SETTLING, core)


def _is_simple(tree: Predicate) -> bool:
    """Whether no pass has anything to do: plans simplify thousands of single comparisons."""
    return isinstance(tree, Comparison) and isinstance(tree.counter, Counter) and is_shortest(tree)


def _to_fixpoint(tree: Predicate, run: Run) -> Predicate | None:
    """The tree that no pass changes; None past the budget."""
    visits, unchanged = 0, 0
    if sum(1 for leaf in leaves(tree) for _ in terms_of(leaf)) > MAX_TERMS:
        return None
    for name, apply in islice(cycle(_ROUND), MAX_ROUNDS * len(_ROUND)):
        before = tree
        tree = run(name, apply, before)
        unchanged = unchanged + 1 if tree is before else 1  # a pass does not change what it made
        if unchanged == len(_ROUND) or isinstance(tree, Constant):
            return tree
        if tree is not before:
            visits += sum(1 for _ in leaves(tree))
            if visits > MAX_VISITS:
                return None
    return None
