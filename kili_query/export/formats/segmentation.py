"""What COCO says of an object: its box, its outline or its pixels, and how large it is."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from operator import mul
from typing import TypeAlias

from kili_query.export.formats.drawn import Drawn
from kili_query.export.formats.rings import Extent, Numbers, Parts, extents
from kili_query.labels.geometry import Part, Point, Region, Ring, Size, run_lengths

__all__ = ["segmented", "whole"]

Fields: TypeAlias = dict[str, object]


def whole(drawn: Iterable[Drawn]) -> list[Drawn]:
    """Return the objects of a job, with those that are parts of one object as one, where its first part stands."""
    found: dict[object, Drawn] = {}
    for index, one in enumerate(drawn):
        key = index if one.group is None else (one.category, one.group)
        before = found.get(key)
        found[key] = one if before is None else before._replace(parts=[*before.parts, *one.parts])
    return list(found.values())


def segmented(drawn: Sequence[tuple[Drawn, Size]]) -> Iterator[Fields | None]:
    """Yield the fields of COCO annotations that say where they are, in pixels, not rounded; None for an empty mask.

    Args:
        drawn: objects, each with the size of its image.
    """
    others = iter(extents([one.parts for one, _ in drawn if one.upright is None]))
    for one, size in drawn:
        yield _of(one, next(others), size) if one.upright is None else _of_upright(one, size)


def _of_upright(drawn: Drawn, size: Size) -> Fields:
    corners = _scaled(drawn.parts[0][0], size)
    (left, right), (top, bottom) = sorted(corners[0:6:4]), sorted(corners[1:6:4])
    width, height = right - left, bottom - top
    return {
        "bbox": [left, top, width, height],
        "segmentation": [corners],
        "area": width * height,
        "iscrowd": 0,
    }


def _of(drawn: Drawn, extent: Extent, size: Size) -> Fields | None:
    """Polygons of an object without holes, else its mask; the area is that of what readers see."""
    width_px, height_px = size
    left, top, right, bottom = extent.bounds
    left, top, right, bottom = left * width_px, top * height_px, right * width_px, bottom * height_px
    box = [left, top, right - left, bottom - top]
    if all(len(part) == 1 for part in drawn.parts):
        outlines = [_scaled(outer, size) for [outer] in drawn.parts]
        area_px = extent.area * width_px * height_px
        return {"bbox": box, "segmentation": outlines, "area": area_px, "iscrowd": 0}
    counts = run_lengths(_region(drawn.parts, size), size)
    area_px = sum(counts[1::2])
    if not area_px:
        return None
    mask = {"size": [height_px, width_px], "counts": counts}
    return {"bbox": box, "segmentation": mask, "area": area_px, "iscrowd": 0}


def _scaled(ring: Numbers, size: Size) -> Numbers:
    return list(map(mul, ring, cycle(size)))


def _region(parts: Parts, size: Size) -> Region:
    found = [[_ring(_scaled(ring, size)) for ring in part] for part in parts]
    return Region(tuple(Part(outer, tuple(holes)) for outer, *holes in found))


def _ring(numbers: Numbers) -> Ring:
    return tuple(map(Point, numbers[::2], numbers[1::2]))
