"""Decisions: what holds of all labels, and a label that shows where something does not.

Exact for boolean combinations of comparisons of single counters, with or without an ontology; for sums where bounds
or small numbers settle them. Where it is not certain the verdict is unknown, never wrong.
"""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from attrs import field, frozen

from kili_query.ast import Counter, Predicate
from kili_query.logic.evaluate import holds
from kili_query.logic.facts import Fact, metadata_facts, ontology_facts
from kili_query.logic.literals import pure_literal
from kili_query.logic.opaque import buildable, is_buildable, known_of_opaque, opaque_terms
from kili_query.logic.passes.simplify_conditions import simplify_conditions
from kili_query.logic.pipeline import simplify_core
from kili_query.logic.solver import DEFAULT_STEPS, Solution, solve
from kili_query.logic.witness import Counterexample, Example, example_of
from kili_query.ontology import Ontology, VideoPolicy
from kili_query.ontology.bind import bind
from kili_query.syntax.lower import lower, negate


@frozen(unsafe_hash=False)
class Verdict:
    """Yes, no, or unknown; in a condition only yes is true.

    Attributes:
        value: None when it is unknown.
        counterexample: counts that show why it is no; there are none to show that something can never be.
        example: counts that show that something can be.
        note: why it is unknown.
    """

    value: bool | None
    counterexample: Counterexample | None = field(default=None, kw_only=True)
    example: Example | None = field(default=None, kw_only=True)
    note: str = field(default="", kw_only=True)

    @property
    def unknown(self) -> bool:
        """Whether neither yes nor no is certain."""
        return self.value is None

    def __bool__(self) -> bool:
        return self.value is True

    def __str__(self) -> str:
        """``yes``, ``no: J.A = 2``, or ``unknown: …``."""
        if self.value is None:
            return f"unknown: {self.note}"
        shown = self.example if self.value else self.counterexample
        return ("yes" if self.value else "no") + ("" if shown is None else f": {shown}")


class Given(TypedDict, total=False):
    """Further settings of a question.

    Attributes:
        labels_are_complete: whether required jobs hold something; False by default.
        video: what is counted in a video.
        steps: the budget of work beyond what the size of the tree calls for.
    """

    labels_are_complete: bool
    video: VideoPolicy
    steps: int


def satisfiable(tree: Predicate, ontology: Ontology | None = None, **given: Unpack[Given]) -> Verdict:
    """Whether some label meets a predicate.

    Args:
        tree: any predicate.
        ontology: of the labels that are asked about: only those that obey it.
        given: see `Given`.

    Returns:
        A yes has an ``example``.

    >>> from kili_query.syntax import parse_tree
    >>> print(satisfiable(parse_tree("J.A.count > 2 AND J.B.count == 0")))
    yes: J.A = 3, J.B = 0
    >>> print(satisfiable(parse_tree("J.A.count > 2 AND NOT J.A")))
    no
    """
    question = _Question((tree,), ontology, **given)
    found = question.find([question.trees[0]])
    return Verdict(found.value, example=found.example, note=found.note)


def always_true(tree: Predicate, ontology: Ontology | None = None, **given: Unpack[Given]) -> Verdict:
    """Whether every label meets a predicate; see `satisfiable` for the arguments.

    >>> from kili_query.syntax import parse_tree
    >>> print(always_true(parse_tree("J.A.count > 2 OR J.A.count < 7")))
    yes
    >>> print(always_true(parse_tree("J.A.count < 7")))
    no: J.A = 7
    """
    question = _Question((tree,), ontology, **given)
    return _denied(question.find([negate(question.trees[0])]))


def implies(left: Predicate, right: Predicate, ontology: Ontology | None = None, **given: Unpack[Given]) -> Verdict:
    """Whether every label that meets the left predicate meets the right one.

    >>> from kili_query.syntax import parse_tree
    >>> print(implies(parse_tree("J.A.count + J.B.count >= 5"), parse_tree("J.A.count >= 3 OR J.B.count >= 3")))
    yes
    >>> print(implies(parse_tree("J.A.count > 3"), parse_tree("J.A.count > 5")))
    no: J.A = 4
    """
    question = _Question((left, right), ontology, **given)
    return _denied(question.find([question.trees[0], negate(question.trees[1])]))


def equivalent(left: Predicate, right: Predicate, ontology: Ontology | None = None, **given: Unpack[Given]) -> Verdict:
    """Whether the same labels meet two predicates.

    >>> from kili_query.syntax import parse_tree
    >>> bool(equivalent(parse_tree("NOT (J.A OR J.B)"), parse_tree("J.*.count == 0")))
    False
    >>> print(equivalent(parse_tree("J.A.count != 2"), parse_tree("J.A.count IN {0, 1, 3..}")))
    yes
    """
    question = _Question((left, right), ontology, **given)
    one, other = question.trees
    there = _denied(question.find([one, negate(other)]))
    if there.value is False:
        return there
    if there.unknown:
        question.steps = 0  # spent: one budget for both ways
    back = _denied(question.find([other, negate(one)]))
    return back if back.value is not True else there


def disjoint(left: Predicate, right: Predicate, ontology: Ontology | None = None, **given: Unpack[Given]) -> Verdict:
    """Whether no label meets both predicates.

    >>> from kili_query.syntax import parse_tree
    >>> print(disjoint(parse_tree("J.A.count > 3"), parse_tree("J.A.count < 5")))
    no: J.A = 4
    """
    question = _Question((left, right), ontology, **given)
    return _denied(question.find(question.trees))


def is_refuted(tree: Predicate) -> bool:
    """Whether it is certain that no label meets a tree in its core form, whatever the ontology."""
    facts = [fact.predicate for fact in metadata_facts([tree])]
    literal = None if facts else pure_literal(tree)
    if literal is not None:
        return literal[1].is_empty
    return solve([tree, *known_of_opaque([tree]), *facts]).is_satisfiable is False


def prepare(tree: Predicate, ontology: Ontology | None = None) -> Predicate:
    """The tree as the logic sees it: bound, without sugar, equal conditions in brackets written alike.

    Conditions hold no sugar either, so that a negation, which lowers what it negates, keeps the terms of the tree.
    """
    bound = tree if ontology is None else bind(tree, ontology)
    return simplify_conditions(lower(bound), simplify_core)


def facts_of(
    trees: Sequence[Predicate],
    ontology: Ontology | None = None,
    *,
    labels_are_complete: bool = False,
    video: VideoPolicy = "objects",
) -> tuple[Fact, ...]:
    """Return the facts that hold for all labels that the question is about."""
    facts = list(metadata_facts(trees))
    if ontology is not None:
        facts += ontology_facts(trees, ontology, labels_are_complete=labels_are_complete, video=video)
    return tuple(facts)


@frozen
class _Finding:
    """Whether there is a label, and which."""

    value: bool | None
    example: Example | None = None
    note: str = ""


def _denied(found: _Finding) -> Verdict:
    """The verdict on a claim whose denial was looked for."""
    return Verdict(None if found.value is None else not found.value, counterexample=found.example, note=found.note)


class _Question:
    """Some prepared trees, and what is known of the labels."""

    def __init__(
        self,
        trees: Sequence[Predicate],
        ontology: Ontology | None,
        *,
        labels_are_complete: bool = False,
        video: VideoPolicy = "objects",
        steps: int = DEFAULT_STEPS,
    ) -> None:
        self.ontology = ontology
        self.video = video
        self.steps = steps
        self.trees = tuple(prepare(tree, ontology) for tree in trees)
        facts = facts_of(self.trees, ontology, labels_are_complete=labels_are_complete, video=video)
        self.facts = [fact.predicate for fact in facts]
        self.known = [*self.facts, *known_of_opaque(self.trees)]
        self.opaque = frozenset(opaque_terms(self.trees))

    def find(self, trees: Sequence[Predicate]) -> _Finding:
        """Look for a label that meets all of some trees."""
        opaque = opaque_terms(trees)
        if not self.opaque.issuperset(opaque):
            raise AssertionError("a term that the question does not count")  # INVARIANT: `prepare` lowers conditions
        known = [*trees, *self.known]
        solution = solve(known, self.steps)
        if solution.values is not None and opaque:
            if not is_buildable(self.trees):
                return _Finding(None, note="it depends on what very many patterns match")
            built = solve([*known, *buildable(self.trees, may_invent=self.ontology is None)], self.steps)
            if built.values is None:
                return _Finding(None, note="it depends on conditions in brackets, or on what patterns match")
            solution = built
        return self.finding(trees, solution)

    def finding(self, trees: Sequence[Predicate], solution: Solution) -> _Finding:
        if solution.values is None:
            note = "" if solution.is_satisfiable is False else f"undecided after {solution.steps} steps of work"
            return _Finding(solution.is_satisfiable, note=note)
        values = dict(solution.values)
        if not all(holds(tree, values) for tree in (*trees, *self.facts)):
            raise AssertionError(
                "the solution does not meet the question"
            )  # INVARIANT: what the solver returns is checked
        counters = {term: number for term, number in values.items() if isinstance(term, Counter)}
        return _Finding(True, example_of(counters, self.ontology, video=self.video))
