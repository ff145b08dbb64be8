"""Take a quick look at the child jobs of a label: which there are, and where they stand.

INVARIANT: the careful search for a job reads all that is below the root, finds there what this module counts and meets
no fault. So what it might refuse is refused here, and more: what is right but unusual. This module reads by operations
that only the right shape allows; when one fails, the caller has to go the careful way.
"""

from collections.abc import Hashable
from typing import Any, TypeAlias

from kili_query.counting import MAX_NESTING, Rules, is_video
from kili_query.ontology.job import METADATA_JOBS

IRREGULAR = (AttributeError, KeyError, TypeError, ValueError)
"""Exceptions raised by reading a JSON value as if it had another shape."""

Place: TypeAlias = tuple[Hashable, ...]

ChildJobs: TypeAlias = dict[str, list[tuple[Place, Any]]]
"""The responses of each job below the root, with the parents of each: the same parent has the same place."""

_EMPTY: dict[str, object] = {}


def child_jobs(response: Any, rules: Rules) -> ChildJobs:
    """All jobs that stand below the root, metadata included.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: the label is a video's, malformed, or of an unusual shape.

    >>> sizes = {"SIZE": {"categories": [{"name": "SMALL"}]}}
    >>> boxes = [{"mid": "a", "categories": [{"name": "CAR"}], "children": sizes}]
    >>> child_jobs({"BOXES": {"annotations": boxes}}, Rules())
    {'SIZE': [(((), 'BOXES', 'a'), {'categories': [{'name': 'SMALL'}]})]}
    """
    if is_video(response, rules):
        raise ValueError("the root of a video holds frames")
    below: ChildJobs = {}
    level: list[tuple[Place, Any]] = []
    _gather_children(response, (), level)
    for _ in range(MAX_NESTING):
        if not level:
            break
        deeper: list[tuple[Place, Any]] = []
        for place, jobs in level:
            if place[1] in METADATA_JOBS:
                raise ValueError("metadata has no children")
            if jobs is not None:
                for job, payload in jobs.items():
                    below.setdefault(job, []).append((place, payload))
                _gather_children(jobs, place, deeper)
        level = deeper
    if level:
        raise ValueError("child jobs are nested too deep")
    _check_strings(response)
    _check_strings(below)
    return below


def count_in(below: ChildJobs, job: str, category: str) -> int:
    """How many objects of a category a job holds below the root.

    Raises:
        KeyError, TypeError: an id is missing, which is unusual, or malformed.
    """
    found: set[Hashable] = set()
    for place, payload in below.get(job, ()):
        if payload is None:
            continue
        for choice in payload.get("categories", ()):
            if choice["name"] == category:
                found.add(place)
        for annotation in payload.get("annotations", ()):
            if annotation["categories"][0]["name"] == category:
                found.add((_id(annotation), place))
    return len(found)


def _check_strings(values: Any) -> None:
    "".join(values)


def _id(content: Any) -> str:
    mid = content["mid"]
    if type(mid) is not str:
        raise TypeError
    return mid


# Of JSON values an object alone has `.items` and takes a name as a subscript, and what holds one object and no other
# value is a list, so that these types need no look. All is written out, for a call for each annotation would cost as
# much as the rest.


def _gather_children(jobs: Any, place: Place, found: list[tuple[Place, Any]]) -> None:
    """Append what stands under `children` in a map of jobs, unless it is empty, each with a place of its own."""
    for job, payload in jobs.items():
        if payload is None:
            continue
        if type(payload) is not dict:
            raise TypeError
        if "children" in payload and (children := payload["children"]) != _EMPTY:
            found.append(((place, job), children))
        if "categories" in payload:
            categories = payload["categories"]
            for category in categories:
                if type(category["name"]) is not str:
                    raise TypeError
                if "children" in category and (children := category["children"]) != _EMPTY:
                    found.append(((place, job, None, category["name"]), children))
            if type(categories) is not list:
                raise TypeError
        if "annotations" in payload:
            annotations = payload["annotations"]
            for annotation in annotations:
                [category] = annotation["categories"]
                if type(category["name"]) is not str:
                    raise TypeError
                if "children" in category and (children := category["children"]) != _EMPTY:
                    found.append(((place, job, _id(annotation), category["name"]), children))
                if "children" in annotation and (children := annotation["children"]) != _EMPTY:
                    found.append(((place, job, _id(annotation)), children))
                if "points" in annotation:
                    _gather_children_of_points(annotation, (place, job), found)
            if type(annotations) is not list:
                raise TypeError


def _gather_children_of_points(annotation: Any, place: Place, found: list[tuple[Place, Any]]) -> None:
    points = annotation["points"]
    if type(points) is not list:
        raise TypeError
    for point in points:
        if type(point) is not dict:
            raise TypeError
        if "children" in point and (children := point["children"]) != _EMPTY:
            found.append(((*place, _id(annotation), None, _id(point)), children))
