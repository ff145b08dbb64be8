"""Judgements on labels that hold nothing but objects: how many of each category there are says all."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from kili_query.ast import Counter, terms
from kili_query.datasets.interface import OBJECTS, content_of_objects
from kili_query.errors import LabelError
from kili_query.targets.closures import Matcher

if TYPE_CHECKING:
    from kili_query.targets.raw_bytes import BytesMatcher

Engine: TypeAlias = "Matcher | BytesMatcher"
ObjectsJudge: TypeAlias = Callable[[Sequence[str]], bool | None]
"""Tells whether a label matches, by the categories of its objects; None where the label has to be looked at."""


def objects_judge(engine: Engine) -> ObjectsJudge | None:
    """Return a judge of labels that hold nothing but objects, see `DatasetItem.objects`.

    Whether such a label matches depends on how many objects of each category there are that the query names. So each
    combination of these numbers is judged once, by the engine itself.

    Returns:
        The judge, or None where these numbers may not say all.
    """
    named = list(dict.fromkeys(terms(engine.tree)))
    counters = [one for one in named if isinstance(one, Counter)]
    if len(counters) < len(named):  # a pattern may name any category, and a bracket asks for child jobs
        return None
    if engine.ontology is not None and engine.ontology.is_video:
        return None
    judge_content = engine if isinstance(engine, Matcher) else engine.judge_content
    categories = [one.category for one in counters if one.job == OBJECTS]
    known: dict[tuple[int, ...], bool | None] = {}

    def judge(objects: Sequence[str]) -> bool | None:
        numbers = tuple(map(objects.count, categories))
        if numbers not in known:
            try:
                known[numbers] = judge_content(_content(categories, numbers))
            except LabelError:
                known[numbers] = None
        return known[numbers]

    return judge


def _content(categories: Sequence[str], numbers: Sequence[int]) -> object:
    objects = [name for name, number in zip(categories, numbers, strict=True) for _ in range(number)]
    return content_of_objects(count(), objects)
