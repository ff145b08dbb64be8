"""The fast way for what nearly all annotations are: one ring, on an image that nobody turned, and nothing wrong.

Whatever else there is, `plain_outlines` gives up on the whole job response, so that `Export.annotations` may check it,
tell of it and clip it. What both take, they take alike.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from kili_query._extras import has_extra, load
from kili_query.ontology import Job

if TYPE_CHECKING:
    from kili_query.export.formats.outline import Outline

_Read: TypeAlias = "Callable[[Mapping[str, object], str], list[Outline] | None]"

__all__ = ["plain_outlines"]


def plain_outlines(jobs: Mapping[str, object], job: Job) -> "list[Outline] | None":
    """The annotations of a job; None when there is any that has to be looked at more closely.

    Args:
        jobs: job name to job response.
        job: one of them.

    >>> from kili_query.ontology import Category
    >>> corners = [{"x": 0, "y": 1}, {"x": 0, "y": 0}, {"x": 1, "y": 0}]
    >>> flag = {"type": "polygon", "categories": [{"name": "FLAG"}], "boundingPoly": [{"normalizedVertices": corners}]}
    >>> job = Job("J", "OBJECT_DETECTION", categories={"FLAG": Category("FLAG", "Flag")})
    >>> [one.bounds for one in plain_outlines({"J": {"annotations": [flag]}}, job)]
    [(0, 0, 1, 1)]
    >>> plain_outlines({"J": {"annotations": [flag, {}]}}, job) is None
    True
    """
    found = _reader()(jobs, job.name)
    return found if found is not None and all(one.category in job.categories for one in found) else None


@cache
def _reader() -> "_Read":
    if not has_extra("fast"):
        return lambda jobs, name: None
    read: _Read = load("kili_query.export.formats.outline", "", "fast").read_outlines
    return read
