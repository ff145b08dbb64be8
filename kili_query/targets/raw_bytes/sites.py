"""The maps of jobs in a label that is no video, decoded to the types of `shapes`."""

from typing import TypeAlias

from kili_query.counting import MAX_NESTING
from kili_query.counting.label_structure import Part
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.raw_bytes.shapes import Annotation, Jobs, Point

__all__ = ["Place", "Site", "TooDeep", "below_points", "object_id", "point_id", "with_all_below"]

Place: TypeAlias = tuple[object, ...]
Site: TypeAlias = tuple[Jobs, Place]
"""A map of jobs and where it stands, as in `kili_query.counting.Site`; the place of the root is empty."""


class TooDeep(Exception):  # noqa: N818 - it says what the label is
    """Child jobs are nested deeper than they may."""


def with_all_below(sites: list[Site], depth: int) -> list[Site]:
    """The maps of jobs, which stand below so many levels, and all maps of child jobs in them.

    Raises:
        TooDeep: of child jobs.
    """
    found = sites
    while sites := _directly_below(sites):
        depth += 1
        if depth > MAX_NESTING:
            raise TooDeep
        found = found + sites
    return found


def _directly_below(sites: list[Site]) -> list[Site]:
    # Most of what is met holds no child jobs: one loop finds that out, and calls nothing.
    below: list[Site] = []
    for jobs, place in sites:
        for job, payload in jobs.items():
            if payload is None or job in METADATA_JOBS:
                continue
            if payload.annotations:
                for annotation in payload.annotations:
                    if annotation.children:
                        below.append((annotation.children, (place, job, object_id(annotation))))
                    if annotation.points:
                        below += below_points(annotation.points, (place, job, object_id(annotation)))
            if payload.categories:
                for category in payload.categories:
                    if category.children:
                        below.append((category.children, (place, job, Part.CHOICE, category.name)))
            if payload.children:
                below.append((payload.children, (place, job, Part.PAYLOAD)))
    return below


def object_id(annotation: Annotation) -> object:
    """What is the same for all parts of an object."""
    # without `mid` it is an object of its own: as much as the struct, which lives as long as the walk
    return id(annotation) if annotation.mid is None else annotation.mid


def below_points(points: list[Point], place: Place) -> list[Site]:
    """The maps of child jobs in the points of an object at a place."""
    return [
        (point.children, (place, Part.POINT, *point_id(point, index)))
        for index, point in enumerate(points)
        if point.children
    ]


def point_id(point: Point, index: int) -> tuple[str, object]:
    """What tells a point from others of its object."""
    if point.mid is not None:
        return "mid", point.mid
    return ("code", point.code) if point.code is not None else ("index", index)
