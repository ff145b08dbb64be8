"""Why not: the smallest change of a label's counts after which it would match."""

from typing import assert_never

from attrs import frozen

from kili_query.ast import (
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
    conjunction,
    disjunction,
    terms,
    terms_of,
)
from kili_query.ast.walk import matches_pattern
from kili_query.logic import satisfiable
from kili_query.logic.evaluate import holds
from kili_query.syntax.printer import print_name
from kili_query.targets.nearest_counts import Counts, NearestCounts


@frozen
class Change:
    """A change of counts after which a label would match.

    Attributes:
        deltas: how many objects more, or fewer, of each counter that changes.
        is_smallest: no change of fewer objects would do.
    """

    deltas: tuple[tuple[Counter, int], ...]
    is_smallest: bool = True

    @property
    def size(self) -> int:
        """How many objects are added and taken away, all together."""
        return sum(abs(delta) for _, delta in self.deltas)

    def __str__(self) -> str:
        """``2 more OBJECTS.CAR and 1 fewer SKY.BLUE``."""
        parts = [
            f"{abs(delta)} {'more' if delta > 0 else 'fewer'} {print_name(counter.job)}.{print_name(counter.category)}"
            for counter, delta in self.deltas
        ]
        return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


@frozen
class WhyNot:
    """A change that would make a label match.

    Attributes:
        change: the change of its counts; None when none is known.
        is_impossible: no label can match at all.
    """

    change: Change | None = None
    is_impossible: bool = False

    def __str__(self) -> str:
        if self.is_impossible:
            return "no label can match"
        if self.change is None:
            return "no change of counts is known that would make it match"
        return f"would match with {self.change}{'' if self.change.is_smallest else ' (a smaller change may do)'}"


def why_not(tree: Predicate, counts: Counts) -> WhyNot:
    """Find a change that would make a label match.

    Counters are taken as independent of each other. Objects chosen by their children, and patterns that no ontology
    has expanded, are never what changes, nor is any counter changed that they depend on where they hold already.

    Args:
        tree: a lowered predicate that the counts do not meet.
        counts: how many of each of its terms the label holds.

    >>> from kili_query.syntax import parse_tree
    >>> from kili_query.syntax.lower import lower
    >>> tree = lower(parse_tree("J.A.count >= 3 AND NOT J.B"))
    >>> print(why_not(tree, {Counter("J", "A"): 1, Counter("J", "B"): 1}))
    would match with 2 more J.A and 1 fewer J.B
    >>> print(why_not(parse_tree("J.A.count > 3 AND J.A.count < 2"), {}))
    no label can match
    """
    if not any(isinstance(term, Filtered | Pattern) for term in terms(tree)):
        return _settled(tree, counts)
    certain, is_weaker = _without_opaque(tree, counts)
    found = _settled(certain, counts)
    if found.change is not None:
        return WhyNot(Change(found.change.deltas, found.change.is_smallest and not is_weaker))
    return WhyNot(is_impossible=satisfiable(tree).value is False)


def _settled(tree: Predicate, counts: Counts) -> WhyNot:
    """The answer for a predicate of single counters and sums of them."""
    search = NearestCounts(tree, counts)
    found = search.run()
    if found is None and not search.is_complete:
        verdict = satisfiable(tree)
        if verdict.unknown:
            return WhyNot()
        found = None if verdict.example is None else search.refined(verdict.example)
    if found is None:
        return WhyNot(is_impossible=True)
    deltas = ((counter, found[counter] - number) for counter, number in search.found.items())
    changed = tuple((counter, delta) for counter, delta in deltas if delta)
    return WhyNot(Change(changed, search.is_complete))


def _without_opaque(tree: Predicate, counts: Counts) -> tuple[Predicate, bool]:
    """Return a sufficient condition on single counters, and whether it may demand more than is needed.

    What cannot be looked into stays as it is as long as the counters that it depends on do.
    """
    match tree:
        case And(operands) | Or(operands):
            parts = [_without_opaque(operand, counts) for operand in operands]
            join = conjunction if isinstance(tree, And) else disjunction
            return join(part for part, _ in parts), any(is_weaker for _, is_weaker in parts)
        case Comparison() | Linear():
            opaque = [term for term in terms_of(tree) if not isinstance(term, Counter)]
            if not opaque:
                return tree, False
            if not holds(tree, counts):
                return Constant(False), True
            fixed = [
                Comparison(term, CompareOp.EQ, number)
                for term, number in counts.items()
                if isinstance(term, Counter) and (term in terms_of(tree) or any(_depends(one, term) for one in opaque))
            ]
            return conjunction(fixed), True
        case Constant():
            return tree, False
        case Sugar():
            raise AssertionError(f"not lowered: {tree}")
        case _:
            assert_never(tree)


def _depends(term: Term, counter: Counter) -> bool:
    """Whether a change of the counter may change the term."""
    match term:
        case Counter():
            return term == counter
        case Pattern(job, category):
            return matches_pattern(job.pieces, counter.job) and matches_pattern(category.pieces, counter.category)
        case Filtered(outer, condition):
            return _depends(outer, counter) or any(_depends(inner, counter) for inner in terms(condition))
        case _:
            assert_never(term)
