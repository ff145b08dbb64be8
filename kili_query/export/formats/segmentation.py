"""What COCO says of an area: its box, its outline or its pixels, and how large it is."""

from typing import TypeAlias

from kili_query.errors import MalformedLabelError
from kili_query.export.asset import Annotation
from kili_query.export.formats.clipping import clipped_ring
from kili_query.export.formats.objects import are_apart, is_simple, uncrossed
from kili_query.labels.geometry import Box, Part, Region, Ring, Shape, Size, area, bounds, parts, run_lengths, scaled

__all__ = ["segmented"]

Fields: TypeAlias = dict[str, object]


def segmented(annotation: Annotation, size: Size) -> Fields:
    """The fields of a COCO annotation that tell its area, in pixels, not rounded; what lies outside the image is cut.

    Raises:
        MalformedLabelError: it lies outside the image, or has no extent.
    """
    shape = annotation.shape
    fields = _of_upright(shape.corners, size) if isinstance(shape, Box) else None
    if fields is not None:
        return fields
    within = _clipped(shape)
    if within is None:
        raise MalformedLabelError(f"the {annotation.type or 'region'} lies outside the image", annotation.path)
    left, top, right, bottom = bounds(within)
    if left == right and top == bottom:
        raise MalformedLabelError("all its corners are one point", annotation.path)
    region = scaled(within, size)
    assert isinstance(region, Region)
    left, top, right, bottom = bounds(region)
    return {"bbox": [left, top, right - left, bottom - top], **_of_region(region, size), "iscrowd": 0}


def _of_upright(corners: Ring, size: Size) -> Fields | None:
    """Of a rectangle as most are, by a short way; None when its sides are not level and plumb, or it is not inside."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    if not ((ax == bx and by == cy and cx == dx and dy == ay) or (ay == by and bx == cx and cy == dy and dx == ax)):
        return None
    if not (0 <= ax <= 1 and 0 <= ay <= 1 and 0 <= cx <= 1 and 0 <= cy <= 1) or (ax == cx and ay == cy):
        return None
    w, h = size
    left, right = (ax * w, cx * w) if ax < cx else (cx * w, ax * w)
    top, bottom = (ay * h, cy * h) if ay < cy else (cy * h, ay * h)
    width, height = right - left, bottom - top
    return {
        "bbox": [left, top, width, height],
        "segmentation": [[ax * w, ay * h, bx * w, by * h, cx * w, cy * h, dx * w, dy * h]],
        "area": width * height,
        "iscrowd": 0,
    }


def _clipped(shape: Shape) -> Region | None:
    """The part of an area that lies on the image, in fractions."""
    given = (Part(uncrossed(shape)),) if isinstance(shape, Box) else parts(shape)
    clipped = [(clipped_ring(part.outer), [clipped_ring(hole) for hole in part.holes]) for part in given]
    found = tuple(Part(outer, tuple(filter(None, holes))) for outer, holes in clipped if outer is not None)
    return Region(found) if found else None


def _of_region(region: Region, size: Size) -> Fields:
    """Polygons of a region without holes, else its mask; the area is that of what readers see."""
    has_holes = any(part.holes for part in region.parts)
    is_sum = not has_holes and all(is_simple(part.outer) for part in region.parts) and are_apart(region)
    counts = [] if is_sum else run_lengths(region, size)
    return {
        "segmentation": {"size": [size.height_px, size.width_px], "counts": counts}
        if has_holes
        else [[coordinate for point in part.outer for coordinate in point] for part in region.parts],
        "area": area(region) if is_sum else sum(counts[1::2]),
    }
