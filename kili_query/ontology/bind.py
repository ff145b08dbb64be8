"""Binding: names become the keys of an ontology, and patterns the counters that they match."""

from collections.abc import Sequence
from typing import assert_never

from attrs import evolve, frozen

from kili_query.ast import (
    COMPARE,
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
    Sum,
    Summand,
    Term,
    comparison,
    conjunction,
    disjunction,
    map_operands,
    terms_of,
    without_constants,
)
from kili_query.ontology.model import Ontology
from kili_query.ontology.names import pairs_matching, resolve
from kili_query.ontology.nesting import child_jobs
from kili_query.syntax.lower import lower


def bind(tree: Predicate, ontology: Ontology) -> Predicate:
    """Resolve names and expand patterns.

    A key wins over a display name. A pattern becomes the sum of exactly the pairs that it matches, in the order of
    the ontology; where the question is only whether that sum is 0, it becomes an OR or an AND of comparisons. In
    brackets it matches child jobs, wherever the ontology places them: an old label may hold them elsewhere, and what
    an ontology says of labels never changes the query. A name that means nothing in the ontology, or several things,
    stays as it is: `kili_query.ontology.check` reports it. Binding a bound tree changes nothing.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> ontology = Ontology.from_json_interface({"jobs": {"SKY": {"mlTask": "CLASSIFICATION", "content": {
    ...     "categories": {"BLUE": {"name": "Clear blue"}, "GREY": {"name": "Grey"}}}}}})
    >>> print_tree(bind(parse_tree('SKY."Clear blue" AND SKY.count > 0'), ontology))
    'SKY.BLUE AND (SKY.BLUE.count > 0 OR SKY.GREY.count > 0)'
    """
    return _bind(tree, _Place(ontology))


@frozen
class _Place:
    """Where a condition stands.

    Attributes:
        ontology: what its names mean.
        jobs: the jobs that patterns may match there; None at the top of a query, where they may match all.
    """

    ontology: Ontology
    jobs: frozenset[str] | None = None

    @property
    def inside(self) -> "_Place":
        """The place in the brackets of a term."""
        return self if self.jobs is not None else _Place(self.ontology, child_jobs(self.ontology))


def _bind(tree: Predicate, place: _Place) -> Predicate:
    match tree:
        case And() | Or() | Not():
            bound = map_operands(lambda operand: _bind(operand, place), tree)
            return tree if bound is tree else _flatten(bound)
        case Constant():
            return tree
        case Comparison(counter):
            counters = _expand(counter, place)
            if len(counters) == 1:
                return tree if counters[0] is counter else evolve(tree, counter=counters[0])
            return _compare_sum(counters, tree)
        case Exists(counter):
            counters = _expand(counter, place)
            if len(counters) == 1 and counters[0] is counter:
                return tree
            return disjunction((Exists(one, span=tree.span) for one in counters), tree.span)
        case Linear():
            return _bind_linear(tree, place)
        case Relation() | Membership():
            return _bind_sugar(tree, place)
        case _:
            assert_never(tree)


def _flatten(tree: Predicate) -> Predicate:
    """An expanded pattern joins the operands around it."""
    match tree:
        case And(operands):
            return conjunction(operands, tree.span)
        case Or(operands):
            return disjunction(operands, tree.span)
        case _:
            return tree


def _compare_sum(counters: Sequence[Term], tree: Comparison) -> Predicate:
    """The comparison of a sum of counters, none of them or two and more."""
    if not counters:
        return Constant(COMPARE[tree.op](0, tree.bound), span=tree.span)
    if tree.bound < 0:  # below every sum
        return Constant(tree.op in (CompareOp.GT, CompareOp.GE), span=tree.span)
    match tree.op, tree.bound:
        case (CompareOp.LT, 0):
            return Constant(False, span=tree.span)
        case (CompareOp.GT, 0) | (CompareOp.GE, 1):
            return disjunction((evolve(tree, counter=one) for one in counters), tree.span)
        case (CompareOp.EQ | CompareOp.LE, 0) | (CompareOp.LT, 1):
            return conjunction((evolve(tree, counter=one) for one in counters), tree.span)
        case op, bound:
            return Linear(tuple(Addend(1, one) for one in counters), op, bound, span=tree.span)


def _bind_linear(tree: Linear, place: _Place) -> Predicate:
    weights: dict[Term, int] = {}
    for addend in tree.addends:
        for term in _expand(addend.counter, place):
            weights[term] = weights.get(term, 0) + addend.coefficient
    addends = tuple(Addend(weight, term) for term, weight in weights.items() if weight != 0)
    match addends:
        case ():
            return Constant(COMPARE[tree.op](0, tree.bound), span=tree.span)
        case (Addend(1, only),):
            return comparison(only, tree.op, tree.bound, tree.span)
        case _:
            return tree if addends == tree.addends else evolve(tree, addends=addends)


def _bind_sugar(tree: Relation | Membership, place: _Place) -> Predicate:
    """Names are replaced where they stand; a sum that a pattern widens is written without sugar first."""
    expanded = [(term, _expand(term, place)) for term in terms_of(tree)]
    if any(len(counters) != 1 for _, counters in expanded):
        return without_constants(_bind(lower(tree), place))
    if all(term is counters[0] for term, counters in expanded):
        return tree
    match tree:
        case Relation(sums):
            return evolve(tree, sums=tuple(_replace(one, place) for one in sums))
        case Membership(one):
            return evolve(tree, sum=_replace(one, place))
        case _:
            assert_never(tree)


def _replace(one: Sum, place: _Place) -> Sum:
    return evolve(one, summands=tuple(_replace_summand(summand, place) for summand in one.summands))


def _replace_summand(summand: Summand, place: _Place) -> Summand:
    match summand.operand:
        case Counter() | Pattern() | Filtered() as term:
            (bound,) = _expand(term, place)
            return evolve(summand, operand=bound)
        case _:
            return summand


def _expand(term: Term, place: _Place) -> tuple[Term, ...]:
    """The counters that a term is the sum of; the same object where nothing changes."""
    match term:
        case Counter() | Pattern():
            return _expand_name(term, place)
        case Filtered(counter, condition):
            inner = _bind(condition, place.inside)
            return tuple(
                term if one is counter and inner is condition else evolve(term, counter=one, condition=inner)
                for one in _expand_name(counter, place)
            )
        case _:
            assert_never(term)


def _expand_name(name: Counter | Pattern, place: _Place) -> tuple[Counter | Pattern, ...]:
    if isinstance(name, Counter):
        return (resolve(name, place.ontology),)
    pairs = pairs_matching(name, place.ontology, place.jobs)
    if pairs is None:
        return (name,)
    return tuple(
        Counter(job, category, job_span=name.job_span, category_span=name.category_span) for job, category in pairs
    )
