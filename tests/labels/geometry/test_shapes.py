"""Shapes: read, measured, turned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.errors import MalformedLabelError
from kili_query.labels.geometry import (
    BoundingBox,
    Box,
    Keypoint,
    Line,
    Marker,
    Part,
    Point,
    Pose,
    Region,
    Size,
    area,
    bounds,
    parts,
    points,
    ring_area,
    scaled,
    shape_of,
    unrotated,
)

SQUARE = ((0, 0), (4, 0), (4, 4), (0, 4))
HOLE = ((1, 1), (2, 1), (2, 3), (1, 3))

coordinates = st.floats(0, 1, allow_subnormal=False)
rings = st.lists(st.builds(Point, coordinates, coordinates), min_size=3, max_size=6).map(tuple)
shapes = st.one_of(
    st.builds(Region, st.lists(st.builds(Part, rings, st.lists(rings, max_size=2).map(tuple)), min_size=1).map(tuple)),
    st.builds(Marker, st.builds(Point, coordinates, coordinates)),
    st.builds(Line, rings),
    st.builds(Box, rings.map(lambda ring: (ring * 2)[:4])),
    rings.map(lambda ring: Pose(tuple(Keypoint(str(i), point) for i, point in enumerate(ring)))),
)


def vertices(ring):
    return [{"x": x, "y": y} for x, y in ring]


def rings_of(*given_rings):
    return [{"normalizedVertices": vertices(ring)} for ring in given_rings]


@pytest.mark.parametrize(
    ("annotation", "shape"),
    [
        ({"type": "marker", "point": {"x": 1, "y": 2}}, Marker(Point(1, 2))),
        ({"type": "polyline", "polyline": vertices([(1, 2)])}, Line((Point(1, 2),))),
        ({"type": "vector", "polyline": vertices([(1, 2), (3, 4)])}, Line((Point(1, 2), Point(3, 4)))),
        ({"type": "rectangle", "boundingPoly": rings_of(SQUARE)}, Box(tuple(Point(*xy) for xy in SQUARE))),
        ({"boundingPoly": rings_of(SQUARE)}, Region((Part(tuple(Point(*xy) for xy in SQUARE)),))),
        (
            {"type": "pose", "points": [{"code": "A", "point": {"x": 1, "y": 2}}]},
            Pose((Keypoint("A", Point(1, 2)),)),
        ),
        (
            {"type": "marker", "kind": "POSE_ESTIMATION", "points": [{"code": "A", "point": {"x": 1, "y": 2}}]},
            Pose((Keypoint("A", Point(1, 2)),)),
        ),
        ({"content": "a named entity"}, None),
    ],
)
def test_geometry_that_is_read(annotation, shape):
    assert shape_of(annotation) == shape


def test_the_first_ring_is_the_outline_and_lists_of_rings_are_parts():
    flat = shape_of({"type": "semantic", "boundingPoly": rings_of(SQUARE, HOLE)})
    nested = shape_of({"type": "semantic", "boundingPoly": [rings_of(SQUARE, HOLE), rings_of(HOLE)]})
    assert [len(part.holes) for part in parts(flat)] == [1]
    assert [len(part.holes) for part in parts(nested)] == [1, 0]
    assert area(flat) == 14
    assert area(nested) == 16
    assert len(list(points(nested))) == 12


@pytest.mark.parametrize(
    ("annotation", "message", "path"),
    [
        ({"type": "marker"}, "without geometry", "J"),
        ({"type": "marker", "point": {"x": 1}}, "must be a finite number", "J.point.y"),
        ({"type": "marker", "point": {"x": True, "y": 1}}, "must be a finite number", "J.point.x"),
        ({"type": "marker", "point": {"x": float("nan"), "y": 1}}, "must be a finite number", "J.point.x"),
        ({"type": "marker", "point": {"x": float("-inf"), "y": 1}}, "must be a finite number", "J.point.x"),
        ({"type": "marker", "point": {"x": 10**400, "y": 1}}, r"between -1e\+300 and 1e\+300", "J.point.x"),
        ({"type": "marker", "point": {"x": 0, "y": -1e308}}, r"between -1e\+300 and 1e\+300", "J.point.y"),
        ({"type": "polyline", "polyline": []}, "without points", "J.polyline"),
        ({"type": "polyline", "polyline": "x"}, "must be a list", "J.polyline"),
        ({"type": "rectangle", "boundingPoly": []}, "no ring", "J.boundingPoly"),
        ({"type": "rectangle", "boundingPoly": [3]}, "must be an object", "J.boundingPoly[0]"),
        ({"type": "rectangle", "boundingPoly": [{}]}, "missing", "J.boundingPoly[0].normalizedVertices"),
        ({"type": "semantic", "boundingPoly": [[]]}, "no ring", "J.boundingPoly[0]"),
        (
            {"type": "polygon", "boundingPoly": rings_of(SQUARE, SQUARE[:2])},
            "3 corners or more, not 2",
            "J.boundingPoly[1].normalizedVertices",
        ),
        ({"type": "pose", "points": []}, "without points", "J.points"),
        ({"type": "pose", "points": [{"point": {"x": 1, "y": 1}}]}, "no code", "J.points[0].code"),
    ],
)
def test_bad_geometry_is_reported_with_its_path(annotation, message, path):
    with pytest.raises(MalformedLabelError, match=message) as caught:
        shape_of(annotation, "J")
    assert caught.value.path == path


def test_areas_have_a_sign_by_their_direction():
    ring = tuple(Point(*xy) for xy in SQUARE)
    assert (ring_area(ring), ring_area(ring[::-1])) == (16, -16)


def test_scaling_neither_rounds_nor_clamps():
    assert scaled(Marker(Point(1.25, -0.5)), Size(3, 5)) == Marker(Point(3.75, -2.5))


@pytest.mark.parametrize(("degrees", "expected"), [(0, (0.25, 0.125)), (90, (0.125, 0.75)), (180, (0.75, 0.875))])
def test_turning_back(degrees, expected):
    assert unrotated(Marker(Point(0.25, 0.125)), degrees) == Marker(Point(*expected))


def test_other_angles_are_refused():
    with pytest.raises(ValueError, match="not by 45"):
        unrotated(Marker(Point(0, 0)), 45)


@given(shapes)
def test_turning_back_and_forth_gives_the_shape(shape):
    there_and_back = unrotated(unrotated(shape, 90), 270)
    for one, other in zip(points(there_and_back), points(shape), strict=True):
        assert one == pytest.approx(other)
    assert area(unrotated(shape, 90)) == pytest.approx(area(shape), abs=1e-9)


@given(shapes)
def test_bounds_hold_all_points_and_touch_them(shape):
    found = bounds(shape)
    xs, ys = zip(*points(shape), strict=True)
    assert found == BoundingBox(min(xs), min(ys), max(xs), max(ys))
