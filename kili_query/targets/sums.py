"""A short way to the verdict on a sum of counters: each job is read once, whatever is unusual goes the careful way.

INVARIANT: as in `kili_query.targets.shortcuts`, nothing is accepted that the careful judge refuses. A sum is read in
full, so that no order of reading has to be kept.
"""

from collections.abc import Mapping
from typing import Any

from kili_query.ast import Counter, Linear
from kili_query.counting import Rules, is_video
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.below import IRREGULAR, count_below, jobs_below
from kili_query.targets.explain import COMPARE
from kili_query.targets.shortcuts import Judge

__all__ = ["sum_shortcut"]


def sum_shortcut(tree: Linear, rules: Rules, careful: Judge) -> Judge | None:
    """A judge equal to the careful one on every label; None where there is no short way."""
    if rules.is_video:
        return None
    weights: dict[str, dict[str, int]] = {}
    for addend in tree.addends:
        term = addend.counter
        if not isinstance(term, Counter) or term.job in METADATA_JOBS:
            return None
        of_job = weights.setdefault(term.job, {})
        of_job[term.category] = of_job.get(term.category, 0) + addend.coefficient
    jobs = tuple(weights.items())
    may_be_below, may_be_video = not weights.keys() <= rules.root_jobs, rules.is_video is None
    holds, bound = COMPARE[tree.op], tree.bound

    def judge(json_response: Any) -> bool:
        try:
            total = 0
            for job, weight_of in jobs:
                payload = json_response.get(job)
                if payload is not None:
                    total += _weigh_root(payload, weight_of)
            if may_be_below:
                total += _weigh_below(json_response, rules, weights)
            elif may_be_video and is_video(json_response, rules):
                raise ValueError("the root of a video holds frames")
        except IRREGULAR:
            return careful(json_response)
        return holds(total, bound)

    return judge


def _weigh_root(payload: Any, weight_of: Mapping[str, int]) -> int:
    """The part of the sum that a job holds at the root, read by operations that only the right shape allows."""
    if "categories" in payload:
        if "annotations" in payload:
            raise ValueError("choices and objects in one job are unusual")
        return _weigh_choices(payload["categories"], weight_of)
    annotations = payload["annotations"]
    found: dict[tuple[str, str], int] = {}
    for annotation in annotations:
        [category] = annotation["categories"]
        name = category["name"]
        if name in weight_of:
            mid = annotation["mid"]
            if type(mid) is not str:
                raise TypeError
            found[name, mid] = weight_of[name]
        elif type(name) is not str:
            raise TypeError
    if type(annotations) is not list:
        raise TypeError
    return sum(found.values())


def _weigh_choices(categories: Any, weight_of: Mapping[str, int]) -> int:
    names = {category["name"] for category in categories}
    "".join(names)  # all of them are strings
    if type(categories) is not list:
        raise TypeError
    return sum([weight_of[name] for name in names if name in weight_of])


def _weigh_below(response: Any, rules: Rules, weights: Mapping[str, Mapping[str, int]]) -> int:
    """The part that child jobs hold."""
    below = jobs_below(response, rules)
    return sum(
        weight * count_below(below, job, category)
        for job in below.keys() & weights.keys() - rules.root_jobs
        for category, weight in weights[job].items()
    )
