"""A quick look below the root of a label: which jobs stand there at all.

INVARIANT: the careful search for a job that is not among them reads all that is below the root, finds nothing there and
meets no fault. So what it might refuse is refused here, and more: what is right but unusual. This module reads by
operations that only the right shape allows; when one fails, the caller has to go the careful way.
"""

from typing import Any

from kili_query.counting import MAX_NESTING, Rules, is_video

__all__ = ["IRREGULAR", "jobs_below"]

IRREGULAR = (AttributeError, KeyError, TypeError, ValueError)
"""What is raised by reading a JSON value as if it had another shape."""

_EMPTY: dict[str, object] = {}


def jobs_below(response: Any, rules: Rules) -> set[str]:
    """The names of all jobs that stand below the root, metadata included.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: the label is a video's, malformed, or of an unusual shape.

    >>> sizes = {"SIZE": {"categories": [{"name": "SMALL"}]}}
    >>> boxes = [{"mid": "a", "categories": [{"name": "CAR"}], "children": sizes}]
    >>> jobs_below({"BOXES": {"annotations": boxes}}, Rules())
    {'SIZE'}
    """
    if is_video(response, rules):
        raise ValueError("the root of a video holds frames")
    names: set[str] = set()
    level: list[Any] = []
    _gather_children(response, level)
    for _ in range(MAX_NESTING):
        if not level:
            break
        below: list[Any] = []
        for jobs in level:
            if jobs is not None:
                names.update(jobs)
                _gather_children(jobs, below)
        level = below
    if level:
        raise ValueError("child jobs are nested too deep")
    _check_strings(response)
    _check_strings(names)
    return names


def _check_strings(values: Any) -> None:
    "".join(values)


# Of JSON values an object alone has `.values` and takes a name as a subscript, and what holds one object and no other
# value is a list, so that these types need no look. All is written out, for a call for each annotation would cost as
# much as the rest.


def _gather_children(jobs: Any, found: list[Any]) -> None:
    """Append what stands under `children` in a map of jobs, unless it is empty."""
    for payload in jobs.values():
        if payload is None:
            continue
        if type(payload) is not dict:
            raise TypeError
        if "children" in payload and (children := payload["children"]) != _EMPTY:
            found.append(children)
        if "categories" in payload:
            categories = payload["categories"]
            for category in categories:
                if type(category["name"]) is not str:
                    raise TypeError
                if "children" in category and (children := category["children"]) != _EMPTY:
                    found.append(children)
            if type(categories) is not list:
                raise TypeError
        if "annotations" in payload:
            annotations = payload["annotations"]
            found_before = len(found)
            for annotation in annotations:
                [category] = annotation["categories"]
                if type(category["name"]) is not str:
                    raise TypeError
                if "children" in category and (children := category["children"]) != _EMPTY:
                    found.append(children)
                if "children" in annotation and (children := annotation["children"]) != _EMPTY:
                    found.append(children)
                if "points" in annotation:
                    _gather_children_of_points(annotation["points"], found)
            if type(annotations) is not list:
                raise TypeError
            if len(found) > found_before:  # with children the ids are read
                _check_strings([annotation["mid"] for annotation in annotations])


def _gather_children_of_points(points: Any, found: list[Any]) -> None:
    if type(points) is not list:
        raise TypeError
    found_before = len(found)
    for point in points:
        if type(point) is not dict:
            raise TypeError
        if "children" in point and (children := point["children"]) != _EMPTY:
            found.append(children)
    if len(found) > found_before:
        _check_strings([point["mid"] for point in points])
