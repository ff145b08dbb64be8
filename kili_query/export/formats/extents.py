"""Bounds and areas of many shapes at a time. Needs numpy and shapely, which the extra ``export`` installs.

A ring is filled by the even-odd rule, holes are subtracted, and parts are joined, as in `run_lengths`.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import shapely
from numpy.typing import NDArray

from kili_query.export.formats.rings import Extent, Parts
from kili_query.labels.geometry import BoundingBox


def extents(shapes: Sequence[Parts]) -> list[Extent]:
    """Return the extent of each shape; much faster for many shapes at a time.

    Args:
        shapes: shapes with finite coordinates, at least one part, and at least three corners per ring.

    >>> square, hole = [0, 0, 4, 0, 4, 4, 0, 4], [-1, -1, 1, -1, 1, 5, -1, 5]
    >>> for one in extents([[[square]], [[square, hole]]]):
    ...     print(tuple(one.bounds), one.area, one.is_plain)
    (0.0, 0.0, 4.0, 4.0) 16.0 True
    (1.0, 0.0, 4.0, 4.0) 12.0 False
    """
    if not shapes:
        return []
    drawn = _polygons_or_more(shapes)
    plain = shapely.is_valid(drawn)
    for index in np.flatnonzero(~plain):
        drawn[index] = filled(drawn[index])
    rows = zip(shapely.bounds(drawn).tolist(), shapely.area(drawn).tolist(), plain.tolist(), strict=True)
    return [Extent(BoundingBox(*bounds), area, is_plain) for bounds, area, is_plain in rows]


def _polygons_or_more(shapes: Sequence[Parts]) -> NDArray[np.object_]:
    """Return a polygon for each shape of one part, as most have, and a multipolygon for each of the others."""
    parts = list(chain.from_iterable(shapes))
    rings = list(chain.from_iterable(parts))
    corners = np.array(list(chain.from_iterable(rings)), np.float64).reshape(-1, 2)
    lines = np.asarray(shapely.linearrings(corners, indices=_repeated(len(ring) // 2 for ring in rings)))
    has_holes = len(rings) > len(parts)
    polygons = np.asarray(shapely.polygons(lines, indices=_repeated(map(len, parts)) if has_holes else None))
    if len(parts) == len(shapes):
        return polygons
    counts = np.fromiter(map(len, shapes), np.int64)
    drawn: NDArray[np.object_] = polygons[np.cumsum(counts) - counts]  # the first part of each
    has_more = counts > 1
    drawn[has_more] = shapely.multipolygons(polygons[np.repeat(has_more, counts)], indices=_repeated(counts[has_more]))
    return drawn


def _repeated(counts: Iterable[int]) -> NDArray[np.int64]:
    """Repeat 0 as often as the first count, then 1 as often as the second, and so on."""
    listed = np.fromiter(counts, np.int64)
    return np.repeat(np.arange(len(listed)), listed)


def filled(drawn: shapely.Polygon | shapely.MultiPolygon) -> shapely.MultiPolygon:
    """Return the area of polygons whose rings may cross themselves or each other."""
    return _polygons(shapely.union_all([_filled(polygon) for polygon in shapely.get_parts(drawn)]))


def _filled(polygon: shapely.Polygon) -> shapely.Geometry:
    outer = _polygons(shapely.make_valid(shapely.Polygon(polygon.exterior)))
    holes = [_polygons(shapely.make_valid(shapely.Polygon(hole))) for hole in polygon.interiors]
    return shapely.difference(outer, shapely.union_all(holes)) if holes else outer


def _polygons(drawn: shapely.Geometry) -> shapely.MultiPolygon:
    """Return the polygons among geometries: lines and points fill nothing."""
    pieces = shapely.get_parts(shapely.get_parts(drawn))
    return shapely.MultiPolygon([piece for piece in pieces if isinstance(piece, shapely.Polygon)])
