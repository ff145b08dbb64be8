"""Counting in labels that are no videos, decoded to the types of `shapes`.

The definition is that of `kili_query.counting`. Nothing here can be malformed, so the order of reading is free.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeAlias, TypeVar, assert_never

from kili_query.ast import Addend, Counter, Filtered, NamePattern, Pattern, Predicate, Term
from kili_query.counting import Rules
from kili_query.counting.label_structure import Part
from kili_query.ontology.job import METADATA_JOBS
from kili_query.syntax.lower import lower
from kili_query.targets.raw_bytes.judges import Total, compile_judge
from kili_query.targets.raw_bytes.names import Names, pieces
from kili_query.targets.raw_bytes.shapes import Payload
from kili_query.targets.raw_bytes.sites import Place, Site, below_points, object_id, with_all_below

__all__ = ["total_of"]

_T = TypeVar("_T")
_Add: TypeAlias = Callable[[_T, str, Payload, Place], None]
_Visit: TypeAlias = Callable[[list[Site], _T], None]
_Count: TypeAlias = Callable[[list[Site]], int]


def total_of(rules: Rules, *, is_inside: bool = False) -> Total[list[Site]]:
    """How weighted sums of terms are counted in maps of jobs.

    Args:
        rules: how labels are read.
        is_inside: whether the maps are those inside of an object; otherwise the first of them is the root.
    """

    def total(addends: Sequence[Addend]) -> _Count:
        weighted = list(_weighted(addends, rules, is_inside))
        if len(weighted) == 1 and weighted[0][0] == 1:
            return weighted[0][1]
        return lambda sites: sum(weight * count(sites) for weight, count in weighted)

    return total


def _weighted(addends: Sequence[Addend], rules: Rules, is_inside: bool) -> Iterator[tuple[int, _Count]]:
    """What to count, and its weight; categories of a job that weigh the same are counted together."""
    together: dict[tuple[int, str], list[tuple[str, ...]]] = {}
    weights: dict[Term, int] = {}
    for addend in addends:
        weights[addend.counter] = weights.get(addend.counter, 0) + addend.coefficient
    for term, weight in weights.items():
        match term:
            case Counter(job, category):
                together.setdefault((weight, job), []).append((category,))
            case Pattern(job, category):
                yield weight, _count_objects(job, Names(category.pieces), rules, is_inside)
            case Filtered():
                yield weight, _count_filtered(term, rules, is_inside)
            case _:
                assert_never(term)
    for (weight, job), categories in together.items():
        yield weight, _count_objects(job, Names(*categories), rules, is_inside)


def _visit_jobs(job: str | NamePattern, rules: Rules, is_inside: bool, add: _Add[_T]) -> _Visit[_T]:
    """What adds the responses to jobs of a name."""
    if len(pieces(job)) > 1:
        return _visit_jobs_like(Names(pieces(job)), rules, is_inside, add)
    [name] = pieces(job)
    is_at_root_alone = name in rules.root_jobs
    if name in METADATA_JOBS or (is_at_root_alone and is_inside):
        return lambda _sites, _found: None

    def visit(sites: list[Site], found: _T) -> None:
        for jobs, place in sites:
            if (payload := jobs.get(name)) is not None:
                add(found, name, payload, place)
            if is_at_root_alone:
                break

    return visit


def _visit_jobs_like(names: Names, rules: Rules, is_inside: bool, add: _Add[_T]) -> _Visit[_T]:
    def visit(sites: list[Site], found: _T) -> None:
        for jobs, place in sites:
            left_out = METADATA_JOBS | rules.root_jobs if is_inside or place else METADATA_JOBS
            for name, payload in jobs.items():
                if payload is not None and name not in left_out and names[name]:
                    add(found, name, payload, place)

    return visit


def _count_objects(job: str | NamePattern, names: Names, rules: Rules, is_inside: bool) -> _Count:
    """The number of objects and choices of any of the names."""

    def add(found: set[Hashable], job: str, payload: Payload, place: Place) -> None:
        for choice in payload.categories or ():
            if names[choice.name]:
                found.add((job, choice.name, place))
        for annotation in payload.annotations or ():
            for category in annotation.categories or ():
                if names[category.name]:
                    found.add((job, category.name, place, object_id(annotation)))

    visit = _visit_jobs(job, rules, is_inside, add)

    def count(sites: list[Site]) -> int:
        found: set[Hashable] = set()
        visit(sites, found)
        return len(found)

    return count


def _count_filtered(term: Filtered, rules: Rules, is_inside: bool) -> _Count:
    """The number of those whose child jobs satisfy a condition; what all parts of an object hold is put together."""
    names, judge = Names(pieces(term.counter.category)), _judge_inside(term.condition, rules)

    def add(found: dict[Hashable, list[Site]], job: str, payload: Payload, place: Place) -> None:
        for choice in payload.categories or ():
            if names[choice.name]:
                own: Place = (place, job, Part.CHOICE, choice.name)
                inside = found.setdefault(own, [])
                if choice.children:
                    inside.append((choice.children, own))
                if payload.children:
                    inside.append((payload.children, (place, job, Part.PAYLOAD)))
        for annotation in payload.annotations or ():
            for category in annotation.categories or ():
                if names[category.name]:
                    own = (place, job, object_id(annotation))
                    inside = found.setdefault((own, category.name), [])
                    if annotation.children:
                        inside.append((annotation.children, own))
                    if annotation.points:
                        inside += below_points(annotation.points, own)

    visit = _visit_jobs(term.counter.job, rules, is_inside, add)

    def count(sites: list[Site]) -> int:
        found: dict[Hashable, list[Site]] = {}
        visit(sites, found)
        return sum(map(judge, found.values()))

    return count


def _judge_inside(condition: Predicate, rules: Rules) -> Callable[[list[Site]], bool]:
    judge = compile_judge(lower(condition), total_of(rules, is_inside=True))
    return lambda sites: judge(with_all_below(sites, 1))
