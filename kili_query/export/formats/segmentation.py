"""The COCO data of an object: its box, its outline or mask, and its area."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from operator import mul

from msgspec import Struct
from msgspec.structs import replace

from kili_query.export.formats.rings import Drawn, Extent, Numbers, Parts, extents
from kili_query.labels.geometry import Part, Point, Region, Ring, Size, run_lengths


class CocoBox(Struct, array_like=True, gc=False):
    """The box of an annotation, in pixels."""

    left: float
    top: float
    width: float
    height: float


class CocoAnnotation(Struct, kw_only=True, gc=False):
    """An annotation in COCO's form; the writer sets the ids."""

    id: int = 0
    image_id: int = 0
    category_id: int = 0
    bbox: CocoBox
    segmentation: object
    area: float
    iscrowd: int = 0


def whole(drawn: Iterable[Drawn]) -> list[Drawn]:
    """Merge the parts of each object of a job, at the position of the first part."""
    found: dict[object, Drawn] = {}
    for index, one in enumerate(drawn):
        key = index if one.group is None else (one.category, one.group)
        before = found.get(key)
        found[key] = one if before is None else replace(before, parts=[*before.parts, *one.parts])
    return list(found.values())


def segmented(drawn: Sequence[tuple[Drawn, Size]]) -> Iterator[CocoAnnotation | None]:
    """Yield annotations in pixels, not rounded, and without ids; None for an empty mask.

    Args:
        drawn: objects, each with the size of its image.
    """
    others = iter(extents([one.parts for one, _ in drawn if one.upright is None]))
    for one, size in drawn:
        yield _of(one, next(others), size) if one.upright is None else _of_upright(one, size)


def _of_upright(drawn: Drawn, size: Size) -> CocoAnnotation:
    corners = _scaled(drawn.parts[0][0], size)
    (left, right), (top, bottom) = sorted(corners[0:6:4]), sorted(corners[1:6:4])
    width, height = right - left, bottom - top
    return CocoAnnotation(bbox=CocoBox(left, top, width, height), segmentation=[corners], area=width * height)


def _of(drawn: Drawn, extent: Extent, size: Size) -> CocoAnnotation | None:
    """Return polygons for an object without holes, otherwise a mask, and the area of the result."""
    width_px, height_px = size
    left, top, right, bottom = extent.bounds
    left, top, right, bottom = left * width_px, top * height_px, right * width_px, bottom * height_px
    box = CocoBox(left, top, right - left, bottom - top)
    if all(len(part) == 1 for part in drawn.parts):
        outlines = [_scaled(outer, size) for [outer] in drawn.parts]
        return CocoAnnotation(bbox=box, segmentation=outlines, area=extent.area * width_px * height_px)
    counts = run_lengths(_region(drawn.parts, size), size)
    area_px = sum(counts[1::2])
    if not area_px:
        return None
    mask = {"size": [height_px, width_px], "counts": counts}
    return CocoAnnotation(bbox=box, segmentation=mask, area=area_px)


def _scaled(ring: Numbers, size: Size) -> Numbers:
    return list(map(mul, ring, cycle(size)))


def _region(parts: Parts, size: Size) -> Region:
    found = [[_ring(_scaled(ring, size)) for ring in part] for part in parts]
    return Region(tuple(Part(outer, tuple(holes)) for outer, *holes in found))


def _ring(numbers: Numbers) -> Ring:
    return tuple(map(Point, numbers[::2], numbers[1::2]))
