"""Run lengths, read back by the tools of COCO."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from kili_query.labels.geometry import Box, Marker, Part, Point, Region, Size, compress_counts, run_lengths

# the tools of COCO are built for an older numpy
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

SIZE = Size(23, 17)

# Quarters of a pixel meet its centre and its corners; beside them, such that never do, and the noise of scaling.
coordinates = st.integers(-20, 120).map(lambda quarter: quarter / 4) | st.builds(
    lambda quarter, by: quarter / 4 + by, st.integers(-20, 120), st.sampled_from([0.1, 1e-13, -1e-13])
)
corners = st.builds(Point, coordinates, coordinates)
rings = st.lists(corners, min_size=3, max_size=6).map(tuple)
upright = st.builds(
    lambda a, b: (a, Point(b.x, a.y), b, Point(a.x, b.y)), corners, corners
)  # with sides on one line, or none, as well
regions = st.builds(
    Region,
    st.lists(
        st.builds(Part, rings | upright, st.lists(rings | upright, max_size=2).map(tuple)), min_size=1, max_size=3
    ).map(tuple),
)

NEAR_PX = Fraction(1, 10**9)


def crossings(ring, x):
    """Where the line down through `x` meets a ring, in exact numbers; an edge is to the left of a point on it."""
    for one, other in zip(ring, ring[1:] + ring[:1], strict=True):
        a, b = sorted([tuple(map(Fraction, one)), tuple(map(Fraction, other))])
        if a[0] <= x + NEAR_PX < b[0]:
            yield a[1] + max(0, x - a[0]) / (b[0] - a[0]) * (b[1] - a[1])


def painted(region, size):
    """The pixels whose centre is within a region, one after another."""
    mask = np.zeros((size.height_px, size.width_px), bool)
    heights = [row + Fraction(1, 2) + NEAR_PX for row in range(size.height_px)]
    for column in range(size.width_px):
        x = column + Fraction(1, 2)
        for part in region.parts:
            outer, *holes = [list(crossings(ring, x)) for ring in part.rings]
            for row, y in enumerate(heights):
                inside, *in_holes = [sum(one <= y for one in found) % 2 == 1 for found in (outer, *holes)]
                mask[row, column] |= inside and not any(in_holes)
    return mask


def as_coco(counts, size):
    return {"size": [size.height_px, size.width_px], "counts": compress_counts(counts).encode()}


@settings(max_examples=40)
@given(regions)
@example(Region((Part((Point(0.1, 0.1), Point(5.6, 2.6), Point(0.35, -0.15))),)))
def test_the_tools_of_coco_read_the_pixels_that_are_within(region):
    counts = run_lengths(region, SIZE)
    assert sum(counts) == SIZE.width_px * SIZE.height_px
    assert all(length > 0 for length in counts[1:])
    np.testing.assert_array_equal(coco.decode(as_coco(counts, SIZE)), painted(region, SIZE))
    assert coco.area(as_coco(counts, SIZE)) == sum(counts[1::2])


def ring(*given):
    return tuple(Point(x, y) for x, y in given)


def drawn(outline, size=SIZE):
    """The pixels of a ring, by the tools of COCO."""
    return coco.decode(as_coco(run_lengths(Region((Part(outline),)), size), size))


@given(corners, st.sampled_from([0.25, 0.5, 1 / 3]))
def test_areas_that_share_edges_share_no_pixel_and_leave_none_out(middle, share):
    """An image cut into triangles around a point within, and each of them into two."""
    image = ring((0, 0), (23, 0), (23, 17), (0, 17))
    inner = Point(min(max(middle.x, 1), 22), min(max(middle.y, 1), 16))
    covered = np.zeros((SIZE.height_px, SIZE.width_px), int)
    for a, b in zip(image, (*image[1:], image[0]), strict=True):
        between = Point(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y))
        covered += drawn((a, between, inner))
        covered += drawn((b, inner, between))
    np.testing.assert_array_equal(covered, 1)


@pytest.mark.parametrize(
    ("outline", "rows"),
    [
        (((0.5, 0.5), (2.5, 0.5), (2.5, 2.5), (0.5, 2.5)), ["##..", "##..", "....", "...."]),
        (((0.5, 0.5), (3.5, 3.5), (0.5, 3.5)), ["#...", "##..", "###.", "...."]),
        (((0.5, 0.5), (3.5, 0.5), (3.5, 3.5)), [".##.", "..#.", "....", "...."]),
    ],
)
def test_a_centre_on_an_edge_belongs_to_what_is_below_or_right_of_it(outline, rows):
    mask = drawn(ring(*outline), Size(4, 4))
    assert ["".join(".#"[int(one)] for one in row) for row in mask] == rows


def test_many_columns_are_taken_in_turn(monkeypatch):
    region = Region((Part(ring((2, 1), (21, 3), (9, 15)), (ring((8, 5), (12, 5), (12, 9)),)),))
    whole = run_lengths(region, SIZE)
    monkeypatch.setattr("kili_query.labels.geometry.pixel_runs._BLOCK", 40)
    assert run_lengths(region, SIZE) == whole


def test_holes_are_taken_out_and_parts_that_overlap_count_once():
    outer, hole = ring((1, 1), (9, 1), (9, 9), (1, 9)), ring((3, 3), (6, 3), (6, 6), (3, 6))
    counts = run_lengths(Region((Part(outer, (hole,)), Part(outer, (hole,)))), SIZE)
    assert sum(counts[1::2]) == 64 - 9


def test_pixels_outside_are_cut_off():
    counts = run_lengths(Box(ring((-5, -5), (100, -5), (100, 100), (-5, 100))), SIZE)
    assert counts == [0, 23 * 17]
    assert run_lengths(Box(ring((50, 50), (60, 50), (60, 60), (50, 60))), SIZE) == [23 * 17]


def test_an_image_too_large_for_a_mask():
    """Its pixels are never held, only where runs start and end."""
    side = 100_000
    outer, hole = ring((1, 1), (side, 1), (side, side), (1, side)), ring((10, 10), (20, 10), (20, 20), (10, 20))
    counts = run_lengths(Region((Part(outer, (hole,)),)), Size(side, side))
    assert sum(counts[1::2]) == (side - 1) ** 2 - 100
    assert sum(counts) == side**2


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
