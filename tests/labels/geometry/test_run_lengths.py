"""Run lengths, read back by the tools of COCO."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from kili_query.labels.geometry import Box, Marker, Part, Point, Region, Size, compress_counts, run_lengths

# the tools of COCO are built for an older numpy
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

SIZE = Size(23, 17)

coordinates = st.integers(-20, 120).map(lambda quarter: quarter / 4 + 0.1)
rings = st.lists(st.builds(Point, coordinates, coordinates), min_size=3, max_size=6).map(tuple)
regions = st.builds(
    Region,
    st.lists(st.builds(Part, rings, st.lists(rings, max_size=2).map(tuple)), min_size=1, max_size=3).map(tuple),
)


def is_within(x, y, ring):
    """Whether a point is within a ring: how often a ray down from it meets the ring, odd or even."""
    crossed = False
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        if (a.x <= x) != (b.x <= x) and y < a.y + (x - a.x) / (b.x - a.x) * (b.y - a.y):
            crossed = not crossed
    return crossed


def painted(region, size):
    """The same pixels, one after another."""
    mask = np.zeros((size.height_px, size.width_px), np.uint8)
    for row, column in np.ndindex(mask.shape):
        x, y = column + 0.5, row + 0.5
        mask[row, column] = any(
            is_within(x, y, part.outer) and not any(is_within(x, y, hole) for hole in part.holes)
            for part in region.parts
        )
    return mask


def as_coco(counts, size):
    return {"size": [size.height_px, size.width_px], "counts": compress_counts(counts).encode()}


@settings(max_examples=60)
@given(regions)
def test_the_tools_of_coco_read_the_pixels_that_are_within(region):
    counts = run_lengths(region, SIZE)
    assert sum(counts) == SIZE.width_px * SIZE.height_px
    assert all(length > 0 for length in counts[1:])
    np.testing.assert_array_equal(coco.decode(as_coco(counts, SIZE)), painted(region, SIZE))
    assert coco.area(as_coco(counts, SIZE)) == sum(counts[1::2])


def ring(*corners):
    return tuple(Point(x, y) for x, y in corners)


def test_holes_are_taken_out_and_parts_that_overlap_count_once():
    outer, hole = ring((1, 1), (9, 1), (9, 9), (1, 9)), ring((3, 3), (6, 3), (6, 6), (3, 6))
    counts = run_lengths(Region((Part(outer, (hole,)), Part(outer, (hole,)))), SIZE)
    assert sum(counts[1::2]) == 64 - 9


def test_what_is_outside_is_cut_off():
    counts = run_lengths(Box(ring((-5, -5), (100, -5), (100, 100), (-5, 100))), SIZE)
    assert counts == [0, 23 * 17]
    assert run_lengths(Box(ring((50, 50), (60, 50), (60, 60), (50, 60))), SIZE) == [23 * 17]


def test_points_cover_nothing():
    assert run_lengths(Marker(Point(1, 1)), SIZE) == [23 * 17]


@pytest.mark.parametrize("counts", [[0, 1], [1000000, 3, 2, 1000000], [5, 5, 5, 5, 5], [0, 100, 1, 99, 3]])
def test_counts_are_packed_as_the_tools_of_coco_do(counts):
    size = [sum(counts), 1]
    assert compress_counts(counts).encode() == coco.frPyObjects({"size": size, "counts": counts}, *size)["counts"]


def test_an_area_is_near_that_of_the_polygon_of_the_coco_tools():
    outline = ring((3, 2), (20, 4), (12, 15))
    flat = [value for point in outline for value in point]
    theirs = coco.frPyObjects([flat], SIZE.height_px, SIZE.width_px)
    ours = as_coco(run_lengths(Region((Part(outline),)), SIZE), SIZE)
    assert coco.iou([ours], theirs, [0])[0, 0] > 0.85
