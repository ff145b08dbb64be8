"""Points, boxes and masks of a user, and the vertices of annotations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.labels import geometry
from kili_query.labels.geometry import (
    bbox_points_to_normalized_vertices,
    mask_to_normalized_vertices,
    normalized_point_to_point,
    normalized_vertices_to_bbox_points,
    normalized_vertices_to_mask,
    point_to_normalized_point,
)

BOX = {
    "bottom_left": {"x": 0, "y": 0},
    "bottom_right": {"x": 10, "y": 0},
    "top_right": {"x": 10, "y": 20},
    "top_left": {"x": 0, "y": 20},
}


@given(st.integers(0, 300), st.integers(0, 200), st.sampled_from(["top_left", "bottom_left"]), st.booleans())
def test_a_point_there_and_back(x, y, origin, in_pixels):
    size = (300, 200) if in_pixels else (None, None)
    point = {"x": x, "y": y} if in_pixels else {"x": x / 300, "y": y / 200}
    there = point_to_normalized_point(point, *size, origin)
    assert normalized_point_to_point(there, *size, origin) == pytest.approx(point)


def test_a_box_there_and_back():
    vertices = bbox_points_to_normalized_vertices(**BOX, img_width=100, img_height=100)
    assert vertices == [{"x": 0, "y": 1}, {"x": 0, "y": 0.8}, {"x": 0.1, "y": 0.8}, {"x": 0.1, "y": 1}]
    back = normalized_vertices_to_bbox_points(vertices, 100, 100)
    assert {name: (round(point["x"], 9), round(point["y"], 9)) for name, point in back.items()} == {
        name: (point["x"], point["y"]) for name, point in BOX.items()
    }


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: point_to_normalized_point({"x": 2, "y": 0}), "outside the image"),
        (lambda: point_to_normalized_point({"x": 2, "y": 0}, 3), "both"),
        (lambda: point_to_normalized_point({"x": 0, "y": 0}, 0, 5), "0 by 5 pixels"),
        (lambda: normalized_point_to_point({"x": 0, "y": 0}, origin_location="middle"), "origin_location"),
        (lambda: normalized_vertices_to_bbox_points([{"x": 0, "y": 0}]), "4 corners, not 1"),
        (lambda: bbox_points_to_normalized_vertices(**{**BOX, "top_left": {"x": 11, "y": 20}}), "right of"),
        (
            lambda: bbox_points_to_normalized_vertices(**BOX, img_width=99, img_height=99, origin_location="top_left"),
            "below",
        ),
        (lambda: mask_to_normalized_vertices(np.ones((2, 2), np.uint8)), "not 1"),
        (lambda: mask_to_normalized_vertices(np.zeros((2, 2, 3), np.uint8)), "shape"),
        (lambda: normalized_vertices_to_mask([], 3, 3), "without vertices"),
        (lambda: normalized_vertices_to_mask([{"x": 0, "y": 0}], 0, 3), "0 by 3"),
    ],
)
def test_bad_input_is_reported(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_outlines_of_a_mask_with_a_hole():
    mask = np.zeros((20, 40), np.uint8)
    mask[2:18, 4:36] = 255
    mask[8:12, 10:20] = 0
    outlines, tree = mask_to_normalized_vertices(mask)
    assert len(outlines) == 2
    assert tree.shape == (2, 4)
    [(outer, hole)] = [(n, row[2]) for n, row in enumerate(tree) if row[3] == -1]
    assert tree[hole, 3] == outer
    assert outlines[outer][0] == {"x": 4 / 40, "y": 2 / 20}
    full = normalized_vertices_to_mask(outlines[outer], 40, 20)
    np.testing.assert_array_equal(full[2:18, 4:36], 255)
    assert full.sum() == 255 * 16 * 32


def test_a_mask_of_nothing_has_no_outline():
    outlines, tree = mask_to_normalized_vertices(np.zeros((3, 4), np.uint8))
    assert outlines == []
    assert tree.shape == (0, 4)


def test_other_names_are_unknown():
    with pytest.raises(AttributeError, match="no attribute 'masque'"):
        _ = geometry.masque
