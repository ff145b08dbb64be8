"""Terms that the solver cannot look into: filtered counters, and patterns that no ontology has expanded.

Each is a variable of its own. What is known of it (a filtered counter is no more than the whole, a pattern no less
than the counters that it matches) is enough to refute; a solution counts only when it can be built.
"""

from collections.abc import Iterable, Iterator

from kili_query.ast import (
    Addend,
    CompareOp,
    Comparison,
    Counter,
    Filtered,
    Linear,
    NamePattern,
    Pattern,
    Predicate,
    Term,
)
from kili_query.ast import terms as terms_in
from kili_query.ast.walk import matches_pattern

MAX_LINKS = 100_000
"""How many counters all patterns may be held against; past it, what they match stays unknown."""


def opaque_terms(trees: Iterable[Predicate]) -> list[Filtered | Pattern]:
    """The opaque terms of some trees, each once, those below filters included."""
    found: dict[Filtered | Pattern, None] = {}
    for tree in trees:
        for term in terms_in(tree):
            if isinstance(term, Filtered):
                found[term] = None
                if isinstance(term.counter, Pattern):
                    found[term.counter] = None
            elif isinstance(term, Pattern):
                found[term] = None
    return list(found)


def is_buildable(trees: Iterable[Predicate]) -> bool:
    """Whether all that the patterns match is few enough to be written out, one made up for each included."""
    trees = tuple(trees)
    opaque = opaque_terms(trees)
    patterns = sum(1 for term in opaque if isinstance(term, Pattern))
    return patterns * (len(_counters(trees, opaque)) + patterns) <= MAX_LINKS


def known_of_opaque(trees: Iterable[Predicate]) -> Iterator[Predicate]:
    """Yield conditions that opaque terms meet in every label; past a limit, none for patterns."""
    trees = tuple(trees)
    opaque = opaque_terms(trees)
    counters = _counters(trees, opaque)
    left = MAX_LINKS
    for term in opaque:
        if isinstance(term, Filtered):
            yield Linear((Addend(1, term.counter), Addend(-1, term)), CompareOp.GE, 0)
        elif (left := left - len(counters)) >= 0:
            matched = [Addend(-1, counter) for counter in counters if _matches(term, counter)]
            if matched:
                yield Linear((Addend(1, term), *matched), CompareOp.GE, 0)


def buildable(trees: Iterable[Predicate], *, may_invent: bool) -> Iterator[Predicate]:
    """Conditions under which a solution is one of a label that can be built from counts alone, if `is_buildable`.

    Whatever is filtered counts 0, for objects of which nothing is known meet no condition for certain; and a pattern
    counts what it matches, one more counter among that, made up for it.

    Args:
        trees: the question.
        may_invent: whether a label may hold other counters than those asked for.
    """
    trees = tuple(trees)
    opaque = opaque_terms(trees)
    counters = _counters(trees, opaque)
    if may_invent:
        counters += [_invented(term, number) for number, term in enumerate(opaque) if isinstance(term, Pattern)]
    for term in opaque:
        if isinstance(term, Filtered):
            yield Comparison(term.counter, CompareOp.EQ, 0)
        else:
            matched = [Addend(-1, counter) for counter in dict.fromkeys(counters) if _matches(term, counter)]
            yield Linear((Addend(1, term), *matched), CompareOp.EQ, 0)


def _counters(trees: Iterable[Predicate], opaque: Iterable[Term]) -> list[Counter]:
    found = [term for tree in trees for term in terms_in(tree) if isinstance(term, Counter)]
    found += [term.counter for term in opaque if isinstance(term, Filtered) and isinstance(term.counter, Counter)]
    return list(dict.fromkeys(found))


def _matches(pattern: Pattern, counter: Counter) -> bool:
    return matches_pattern(pattern.job.pieces, counter.job) and matches_pattern(
        pattern.category.pieces, counter.category
    )


def _invented(pattern: Pattern, number: int) -> Counter:
    """A counter that the pattern matches."""
    return Counter(_name(pattern.job, number), _name(pattern.category, number))


def _name(pattern: NamePattern, number: int) -> str:
    return f"X{number}".join(pattern.pieces) or f"X{number}"
