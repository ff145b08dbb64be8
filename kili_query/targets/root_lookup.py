"""Judge comparisons by looking up their jobs at the root of a label of the usual shape.

In a label that is not a video's, a job at the root is one look-up away, and mostly the root decides. Where it does not,
and the job may stand among child jobs too, a quick look finds it there; all operands of a query share that look.

INVARIANT: a look-up never accepts what the careful judge refuses. It reads a label by operations that only the right
shape allows, without looking at most types; when one fails, the careful judge decides, from the start. So this module
has no messages, and no rules about faults.

Of JSON values only an object has `.get` and takes a name as a subscript. Whatever yields an object and is not itself an
object is a list, so the type of a list is checked only at its end.
"""

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from kili_query.ast import COMPARE, Comparison, Counter, Linear
from kili_query.counting import Rules, is_video
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.child_jobs import IRREGULAR, ChildJobs, child_jobs, count_in
from kili_query.targets.deciding import outcome

Shared: TypeAlias = list[ChildJobs] | None
"""The child jobs of a label, once an operand has looked for them, for the others; None where there are no others."""


class LabelTest(Protocol):
    """Judges a label."""

    def __call__(self, json_response: Any, shared: Shared = None, /) -> bool: ...


_NOTHING: set[str] = set()


def comparison_lookup(comparison: Comparison, rules: Rules, careful: LabelTest) -> LabelTest | None:
    """Return a judge equal to the careful one on every label; None where no look-up can do that."""
    term = comparison.counter
    if not isinstance(term, Counter) or term.job in METADATA_JOBS or is_video({term.job: {}}, rules):
        return None
    decided = outcome(comparison.op, comparison.bound)
    if decided.stop == 0:
        return None
    job, wanted, stop, at_stop = term.job, term.category, decided.stop, decided.at_stop
    is_exact = decided.is_exact
    may_be_child, may_be_video = job not in rules.root_jobs, rules.is_video is not False

    def judge(json_response: Any, shared: Shared = None, /) -> bool:
        # One function without calls: each would cost as much as the loop over a small job.
        try:
            found = _NOTHING if stop == 1 else set()
            payload = json_response.get(job)
            if payload is None:
                pass
            elif "categories" in payload:
                categories = payload["categories"]
                for category in categories:
                    name = category["name"]
                    if name == wanted:
                        if stop == 1:
                            return at_stop
                        found.add(name)
                    elif type(name) is not str:
                        raise TypeError
                if type(categories) is not list or "annotations" in payload:
                    raise TypeError
            else:
                annotations = payload["annotations"]
                for annotation in annotations:
                    [category] = annotation["categories"]
                    name = category["name"]
                    if name == wanted:
                        mid = annotation["mid"]
                        if type(mid) is not str:
                            raise TypeError
                        if stop == 1:
                            return at_stop
                        found.add(mid)
                        if len(found) == stop:
                            return at_stop
                    elif type(name) is not str:
                        raise TypeError
                if type(annotations) is not list:
                    raise TypeError
            total = len(found)
            if may_be_child:
                below = shared[0] if shared else _look_below(json_response, rules, shared)
                if job in below:
                    total += count_in(below, job, wanted)
            elif may_be_video and payload is None and is_video(json_response, rules):
                raise TypeError
        except IRREGULAR:
            return careful(json_response, shared)
        if total >= stop:
            return at_stop
        return total == stop - 1 if is_exact else not at_stop

    return judge


def sum_lookup(tree: Linear, rules: Rules, careful: LabelTest) -> LabelTest | None:
    """Return the same for a sum, which reads each of its jobs once and in full."""
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
    child_weights = [
        (job, category, weight)
        for job, of_job in jobs
        if job not in rules.root_jobs
        for category, weight in of_job.items()
    ]
    may_be_video = rules.is_video is None
    holds, bound = COMPARE[tree.op], tree.bound

    def judge(json_response: Any, shared: Shared = None, /) -> bool:
        try:
            total = 0
            for job, weight_of in jobs:
                payload = json_response.get(job)
                if payload is not None:
                    total += _weigh(payload, weight_of)
            if child_weights:
                below = shared[0] if shared else _look_below(json_response, rules, shared)
                for job, category, weight in child_weights:
                    if job in below:
                        total += weight * count_in(below, job, category)
            elif may_be_video and is_video(json_response, rules):
                raise TypeError
        except IRREGULAR:
            return careful(json_response, shared)
        return holds(total, bound)

    return judge


def _look_below(json_response: Any, rules: Rules, shared: Shared) -> ChildJobs:
    below = child_jobs(json_response, rules)
    if shared is not None:
        shared.append(below)
    return below


def _weigh(payload: Any, weight_of: Mapping[str, int]) -> int:
    """Return the part of a sum that a job holds at the root."""
    if "categories" in payload:
        categories = payload["categories"]
        names = {category["name"] for category in categories}
        "".join(names)  # all of them are strings
        if type(categories) is not list or "annotations" in payload:
            raise TypeError
        return sum([weight_of[name] for name in names if name in weight_of])
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
