"""What lies on its image and fills some of it is written, in every format of outlines; anything else is a problem."""

import tempfile
from functools import cache
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.export import NotExportableLabelError, write
from tests.each import for_each
from tests.export.samples import asset, box, boxes, label, project, read, text

FILES = {"yolo_v5": "labels/1.txt", "pascal_voc": "labels/1.xml", "coco": "labels.json"}
FORMATS = tuple(FILES)
WIDTH_PX, HEIGHT_PX = 200, 100

SQUARE = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))


def ring(corners):
    return {"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}


def region(*rings, kind="semantic", mid="r"):
    return {"mid": mid, "type": kind, "categories": [{"name": "KITE"}], "boundingPoly": list(map(ring, rings))}


def rectangle(left, top, right, bottom):
    return box(corners=((left, bottom), (left, top), (right, top), (right, bottom)))


def exported(folder, fmt, *annotations, **options):
    path = folder / f"{fmt}.zip"
    path.unlink(missing_ok=True)  # else an export without a label would keep it
    options = {"fmt": fmt, "to": path, "layout": "merged", **options}
    return write([label(1, boxes(*annotations))], [asset(1)], project(), **options)


def voc_boxes(path):
    edges = ("xmin", "ymin", "xmax", "ymax")
    root = ElementTree.fromstring(text(path, "labels/1.xml"))
    return [tuple(int(one.findtext(f"bndbox/{edge}")) for edge in edges) for one in root.iter("object")]


def coco_annotations(path):
    return read(path, "labels.json")["annotations"]


def yolo_rows(path):
    return [list(map(float, line.split())) for line in text(path, "labels/1.txt").splitlines()]


NO_AREA = {
    "a box without width": rectangle(0.25, 0.25, 0.25, 0.75),
    "a box without height": rectangle(0.25, 0.25, 0.75, 0.25),
    "a box without size": rectangle(0.25, 0.25, 0.25, 0.25),
    "a box that is a slanted line": box(corners=((0.25, 0.25), (0.25, 0.25), (0.75, 0.75), (0.75, 0.75))),
    "a box outside": rectangle(1.1, 0.25, 1.5, 0.75),
    "a box outside that touches the right edge": rectangle(1, 0.25, 1.5, 0.75),
    "a box outside that touches the top edge": rectangle(0.25, -0.5, 0.75, 0),
    "a box outside that touches a corner": rectangle(-0.5, -0.5, 0, 0),
    "a polygon of one point": region(((0.5, 0.5),) * 3, kind="polygon"),
    "a polygon on a line": region(((0.1, 0.1), (0.3, 0.3), (0.7, 0.7)), kind="polygon"),
    "a polygon there and back": region(((0.1, 0.1), (0.7, 0.2), (0.8, 0.9), (0.7, 0.2)), kind="polygon"),
    "a polygon that clipping makes a line": region(((1, 0.1), (1.5, 0.1), (1, 0.9))),
    "a polygon that clipping makes a line around a corner": region(((-0.5, 0.5), (0.5, -0.5), (-0.5, -0.5))),
    "a polygon around a corner, outside": region(((1.5, 0.5), (1.5, 1.5), (0.5, 1.5), (1.25, 1.25))),
    "a polygon far outside": region(((1e299, 1e299), (-1e299, 2e299), (3e299, 3e299))),
    "a region that is all hole": region(SQUARE, ((0, 0), (1, 0), (1, 1), (0, 1))),
}


@cache
def box_alone(fmt):
    with tempfile.TemporaryDirectory() as folder:
        return text(exported(Path(folder), fmt, box()).path, FILES[fmt])


@for_each(product(FORMATS, NO_AREA.items()))
def test_shapes_without_area_on_the_image_are_problems(row, tmp_path):
    fmt, (_, drawn) = row
    where = r"asset `1\.png`, label `l1`: the \w+ (has no area on|lies outside) the image \(at `jsonResponse\.DET"
    with pytest.raises(NotExportableLabelError, match=where):
        exported(tmp_path, fmt, box(), drawn)
    summary = exported(tmp_path, fmt, box(), drawn, on_error="skip")
    assert summary.skipped == 1
    assert summary.problems[0].path == "jsonResponse.DET.annotations[1]"
    assert text(summary.path, FILES[fmt]) == box_alone(fmt)


HOLED = {
    "a hole within": (((0.5, 0.3), (0.6, 0.3), (0.6, 0.4)), (0.25, 0.25, 0.75, 0.75)),
    "a hole that pokes out": (((0.5, 0.5), (0.9, 0.5), (0.5, 0.6)), (0.25, 0.25, 0.75, 0.75)),
    "a hole that takes a side away": (((0.1, 0.1), (0.5, 0.1), (0.5, 0.9), (0.1, 0.9)), (0.5, 0.25, 0.75, 0.75)),
    "a hole beside": (((0.8, 0.8), (0.9, 0.8), (0.9, 0.9)), (0.25, 0.25, 0.75, 0.75)),
}


@for_each(product(HOLED.values(), [(), ({},)]))
def test_the_box_of_a_region_is_around_what_is_filled(row, tmp_path):
    (hole, bounds), more = row  # with an empty annotation, each is checked
    left, top, right, bottom = (one * scale for one, scale in zip(bounds, (WIDTH_PX, HEIGHT_PX) * 2, strict=True))
    drawn = region(SQUARE, hole)
    assert voc_boxes(exported(tmp_path, "pascal_voc", drawn, *more).path) == [
        tuple(map(round, (left, top, right, bottom)))
    ]
    [found] = coco_annotations(exported(tmp_path, "coco", drawn, *more).path)
    assert found["bbox"] == pytest.approx([left, top, right - left, bottom - top])


def test_a_lobe_beyond_a_corner_does_not_widen_the_box(tmp_path):
    """Clipping alone leaves a line along the edge, to the corner that the lobe went around."""
    hook = region(((0.5, 0.2), (1.5, 0.2), (1.5, 1.5), (0.9, 1.5), (1.2, 1.2), (1.2, 0.4), (0.5, 0.4)))
    assert voc_boxes(exported(tmp_path, "pascal_voc", hook).path) == [(100, 20, 200, 40)]
    assert coco_annotations(exported(tmp_path, "coco", hook).path)[0]["bbox"] == pytest.approx([100, 20, 100, 20])


@for_each(
    [
        (rectangle(0.25, 0.25, 0.25 + 0.3 / WIDTH_PX, 0.75), (50, 25, 51, 75)),
        (rectangle(0.2525, 0.25, 0.2526, 0.2501), (50, 25, 51, 26)),
        (rectangle(1 - 0.3 / WIDTH_PX, 1 - 0.3 / HEIGHT_PX, 1, 1), (199, 99, 200, 100)),
        (rectangle(-0.5, 0.25, 1e-9, 0.75), (0, 25, 1, 75)),
        (rectangle(1 - 1e-9, 0.25, 1.5, 0.75), (199, 25, 200, 75)),
    ]
)
def test_a_small_box_of_pascal_voc_has_a_pixel(row, tmp_path):
    drawn, edges = row
    assert voc_boxes(exported(tmp_path, "pascal_voc", drawn).path) == [edges]


def test_a_mask_without_a_pixel_is_a_problem(tmp_path):
    """Polygons of COCO have no holes, and its masks have nothing smaller than a pixel."""
    small = [(0.501 + x / 1000, 0.502 + y / 1000) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    hole = [(0.5012 + x / 2000, 0.5022 + y / 2000) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    summary = exported(tmp_path, "coco", region(small, hole), box(), on_error="skip")
    assert [(one.reason, one.path) for one in summary.problems] == [
        ("the mask covers the centre of no pixel", "jsonResponse.DET.annotations[0]")
    ]
    assert [one["id"] for one in coco_annotations(summary.path)] == [1]


# Corners in and on and far over the edge, on each other and on a line, so that shapes often collapse, whole or clipped.
coordinates = st.sampled_from((0, 0.25, 0.5, 0.75, 1, -0.25, 1.25, 1e-9, 1 - 1e-9, 0.1, 0.9, 2.5, -1e299, 1e299))
corners = st.tuples(coordinates, coordinates)
rings = st.lists(corners, min_size=3, max_size=7)
uprights = st.builds(lambda a, b: ((a[0], b[1]), a, (b[0], a[1]), b), corners, corners)
drawings = st.one_of(
    st.builds(lambda given: box(corners=given), uprights | st.lists(corners, min_size=4, max_size=4)),
    st.builds(lambda given: region(given, kind="polygon"), rings | uprights),
    st.builds(region, rings | uprights, rings | uprights),
    st.builds(lambda given, mid: region(given, mid=mid), rings, st.sampled_from("ab")),
    st.builds(
        lambda *given: {**region(), "boundingPoly": [[ring(one)] for one in given]}, rings, rings | uprights
    ),
)  # fmt: skip


@settings(max_examples=40)  # each is written in three formats
@given(st.lists(drawings, min_size=1, max_size=3))
def test_whatever_is_drawn_files_hold_nothing_that_readers_refuse(tmp_path_factory, drawn):
    folder = tmp_path_factory.getbasetemp()  # a folder of its own for each example costs as much as an export
    found = {fmt: exported(folder, fmt, *drawn, on_error="skip") for fmt in FORMATS}
    problems = {fmt: [one for one in summary.problems if "mask" not in one.reason] for fmt, summary in found.items()}
    assert problems["coco"] == problems["pascal_voc"] == problems["yolo_v5"]
    rows = yolo_rows(found["yolo_v5"].path)
    assert len({len(row) == 5 for row in rows}) <= 1
    for _, *numbers in rows:
        assert all(0 <= one <= 1 for one in numbers)
        assert min(numbers[2:]) > 0 if len(numbers) == 4 else len(numbers) >= 6
        if len(numbers) > 4:
            assert shapely.make_valid(shapely.Polygon(list(zip(*[iter(numbers)] * 2, strict=True)))).area > 0
    objects = voc_boxes(found["pascal_voc"].path)
    bad = {one.path for one in problems["pascal_voc"]}
    good = [(at, one) for at, one in enumerate(drawn) if f"jsonResponse.DET.annotations[{at}]" not in bad]
    # the parts of a region have one `mid`, and one box around them
    assert len(objects) == len({one["mid"] if one["type"] == "semantic" else at for at, one in good})
    for left, top, right, bottom in objects:
        assert 0 <= left < right <= WIDTH_PX
        assert 0 <= top < bottom <= HEIGHT_PX
    for one in coco_annotations(found["coco"].path):
        left, top, width, height = one["bbox"]
        assert width > 0 < height
        assert one["area"] > 0
        assert left >= 0 <= top
        assert left + width <= WIDTH_PX * (1 + 1e-9)
        assert top + height <= HEIGHT_PX * (1 + 1e-9)


@settings(max_examples=20)  # each is written six times
@given(st.lists(drawings, min_size=1, max_size=3))
def test_the_fast_way_and_the_checking_one_agree(tmp_path_factory, drawn):
    """An empty annotation is passed over, but no label with one takes the fast way."""
    folder = tmp_path_factory.getbasetemp()
    for fmt in FORMATS:
        found = []
        for more in ((), ({},)):
            summary = exported(folder, fmt, *drawn, *more, on_error="skip")
            found.append((text(summary.path, FILES[fmt]), summary.problems))
        assert found[0] == found[1]
