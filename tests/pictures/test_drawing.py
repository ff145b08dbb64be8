"""Pictures of labels: what is drawn where, and what is told when something cannot be."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import kili_query as kq
from kili_query.errors import LabelError, MalformedLabelError, SourceError, UnknownContentError
from kili_query.labels import ParsedLabel
from kili_query.labels.colors import color_of
from kili_query.pictures import Tile, contact_sheet, draw_label, drawing_of, html_of, png_of
from tests.each import for_each
from tests.export.samples import png
from tests.export.test_sizes_of_media import heic, huge_png, turned_jpeg

BLANK = (246, 246, 246)
INTERFACE = {
    "jobs": {
        "BOXES": {
            "mlTask": "OBJECT_DETECTION",
            "tools": ["rectangle"],
            "content": {
                "input": "radio",
                "categories": {"CAR": {"name": "Small car", "color": "#112233"}, "BUS": {"name": "Bus"}},
            },
        }
    }
}
ONTOLOGY = kq.Ontology.from_json_interface(INTERFACE, input_type="IMAGE")


def ring(left: float, top: float, right: float, bottom: float) -> dict[str, Any]:
    corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
    return {"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}


def drawn(*annotations: dict[str, Any], job: str = "BOXES", **rest: Any) -> dict[str, Any]:
    return {"id": "l1", "jsonResponse": {job: {"annotations": list(annotations)}, **rest}}


def box(*sides: float, category: str = "CAR", kind: str = "rectangle") -> dict[str, Any]:
    return {"type": kind, "categories": [{"name": category}], "boundingPoly": [ring(*sides)]}


def is_tinted(pixel: Any, color: tuple[int, int, int], canvas: tuple[int, int, int] = BLANK) -> bool:
    """Whether a pixel lies between the canvas and a colour, as a half transparent area does."""
    return pixel != canvas and all(
        min(a, b) <= value <= max(a, b) for value, a, b in zip(pixel, canvas, color, strict=True)
    )


def test_lines_count_objects_as_queries_do() -> None:
    """Parts that share a `mid` are one object, and each category of an annotation counts."""
    part = {**box(0, 0, 0.1, 0.1, category="BUS"), "mid": "m"}
    both = {**box(0, 0, 1, 1), "categories": [{"name": "CAR"}, {"name": "BUS"}]}
    label = drawn(part, part, box(0, 0, 1, 1), both, {**box(0, 0, 1, 1), "categories": []})
    counts = kq.count(label["jsonResponse"])
    assert counts == {("BOXES", "BUS"): 2, ("BOXES", "CAR"): 2}
    assert drawing_of(label).lines == ("BOXES: 2 BUS, 2 CAR, 1 ?",)


def test_a_view_of_what_has_none_is_refused() -> None:
    with pytest.raises(LabelError, match="neither frames nor pages"):
        drawing_of(drawn(box(0, 0, 1, 1)), view=5)


class TestShapes:
    def test_a_box(self) -> None:
        picture = draw_label(drawn(box(0.25, 0.25, 0.75, 0.75)), ontology=ONTOLOGY, size=(400, 200))
        assert picture.getpixel((100, 100)) == (0x11, 0x22, 0x33)  # the border, in the colour of the interface
        assert is_tinted(picture.getpixel((250, 120)), (0x11, 0x22, 0x33))
        assert picture.getpixel((20, 190)) == BLANK

    def test_a_hole_shows_the_canvas(self) -> None:
        region = {
            "type": "semantic",
            "categories": [{"name": "CAR"}],
            "boundingPoly": [ring(0.1, 0.1, 0.9, 0.9), ring(0.4, 0.4, 0.6, 0.6)],
        }
        picture = draw_label(drawn(region), size=(200, 200))
        assert picture.getpixel((100, 100)) == BLANK
        assert is_tinted(picture.getpixel((40, 150)), color_of("BOXES", "CAR"))

    def test_points_and_lines(self) -> None:
        marker = {"type": "marker", "categories": [{"name": "A"}], "point": {"x": 0.5, "y": 0.75}}
        line = {"type": "polyline", "categories": [{"name": "B"}], "polyline": [{"x": 0, "y": 0.5}, {"x": 1, "y": 0.5}]}
        pose = {"type": "pose", "categories": [{"name": "C"}], "points": [{"code": "P", "point": {"x": 0.9, "y": 0.9}}]}
        picture = draw_label(drawn(marker, line, pose), size=(200, 200))
        assert picture.getpixel((100, 150)) == color_of("BOXES", "A")
        assert picture.getpixel((150, 100)) == color_of("BOXES", "B")
        assert picture.getpixel((180, 180)) == color_of("BOXES", "C")

    def test_a_turned_image_is_turned_back(self) -> None:
        label = drawn(box(0.0, 0.0, 0.25, 0.25), ROTATION_JOB={"rotation": 90})
        picture = draw_label(label, size=(200, 200))
        assert is_tinted(picture.getpixel((20, 180)), color_of("BOXES", "CAR"))
        assert picture.getpixel((20, 60)) == BLANK

    def test_a_rotation_that_is_not_one_is_reported(self) -> None:
        drawing = drawing_of(drawn(box(0, 0, 1, 1), ROTATION_JOB={"rotation": 45}))
        assert len(drawing.shapes) == 1
        assert drawing.problems == ("a rotation must be 0, 90, 180 or 270 (at `jsonResponse.ROTATION_JOB`)",)

    def test_places_on_a_map_are_fitted(self) -> None:
        label = drawn(box(2.0, 48.0, 3.0, 49.0), box(3.5, 48.0, 4.0, 48.5, category="BUS"))
        (left, right) = drawing_of(label).shapes
        for shape in (left, right):
            assert all(0 <= value <= 1 for corner in shape.shape.corners for value in corner)  # type: ignore[union-attr]
        north = min(corner.y for corner in left.shape.corners)  # type: ignore[union-attr]
        assert north == pytest.approx(0.05)

    def test_shapes_outside_are_cut(self) -> None:
        picture = draw_label(drawn(box(-0.5, -0.5, 1.5, 0.5)), size=(100, 100))
        assert is_tinted(picture.getpixel((50, 30)), color_of("BOXES", "CAR"))
        assert picture.getpixel((50, 80)) == BLANK


class TestViews:
    def test_of_a_video_the_fullest_frame(self) -> None:
        frames = {
            "0": {"BOXES": {"annotations": [box(0, 0, 1, 1)]}},
            "1": {},
            "7": drawn(box(0, 0, 1, 1), box(0, 0, 1, 1)),
        }
        label = {"jsonResponse": frames | {"7": frames["7"]["jsonResponse"]}}
        assert (drawing_of(label).view, len(drawing_of(label).shapes)) == (7, 2)
        assert len(drawing_of(label, view=0).shapes) == 1
        assert drawing_of(label, view=3).shapes == ()

    def test_a_video_without_frames_is_drawn_like_an_image(self) -> None:
        """Older projects have such labels; exports and `ParsedLabel` read them the same way."""
        ontology = kq.Ontology.from_json_interface(INTERFACE, input_type="VIDEO")
        assert [shape.view for shape in drawing_of(drawn(box(0, 0, 1, 1)), ontology=ontology).shapes] == [None]

    def test_a_frame_that_is_not_an_object(self) -> None:
        ontology = kq.Ontology.from_json_interface(INTERFACE, input_type="VIDEO")
        with pytest.raises(MalformedLabelError, match=r'a frame must be an object \(at `jsonResponse\["1"\]`\)'):
            drawing_of({"jsonResponse": {"0": {}, "1": 3}}, ontology=ontology)

    def test_of_a_pdf_a_page(self) -> None:
        inner = {
            "boundingPoly": [{"normalizedVertices": [ring(0, 0, 1, 0.5)["normalizedVertices"]]}],
            "pageNumberArray": [3],
        }
        entity = {"content": "Ada", "categories": [{"name": "CAR"}], "annotations": [inner]}
        assert [(shape.view, shape.category) for shape in drawing_of(drawn(entity)).shapes] == [(3, "CAR")]


class TestWords:
    def test_answers_stand_below(self) -> None:
        label = drawn(box(0, 0, 1, 1), SKY={"categories": [{"name": "BLUE"}]}, NOTE={"text": "a long day"})
        drawing = drawing_of(label, ontology=ONTOLOGY)
        assert drawing.lines == ("BOXES: 1 Small car", "SKY: BLUE", "NOTE: a long day")
        assert draw_label(label, size=(100, 100)).height > 100

    def test_shapes_that_cannot_be_drawn_are_reported(self) -> None:
        broken = {"type": "rectangle", "categories": [{"name": "CAR"}], "boundingPoly": [{"normalizedVertices": []}]}
        drawing = drawing_of(drawn(broken, box(0, 0, 1, 1)))
        assert len(drawing.shapes) == 1
        path = "jsonResponse.BOXES.annotations[0].boundingPoly[0].normalizedVertices"
        assert drawing.problems == (f"a rectangle has 4 corners, not 0 (at `{path}`)",)

    def test_missing_or_malformed_content(self) -> None:
        with pytest.raises(UnknownContentError):
            drawing_of({"id": "a", "jsonResponse": None})
        with pytest.raises(MalformedLabelError, match="must be an object"):
            drawing_of({"id": "a", "jsonResponse": "[1]"})


class TestImages:
    def test_over_an_image(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        Image.new("RGB", (300, 100), "red").save(path)
        picture = draw_label(drawn(box(0.5, 0.5, 0.9, 0.9)), image=path)
        assert picture.width == 300
        assert picture.getpixel((10, 10)) == (255, 0, 0)

    def test_a_huge_one_is_shrunk(self) -> None:
        assert draw_label({"jsonResponse": {}}, size=(100_000, 1)).size == (2048, 8)

    def test_one_with_too_many_pixels(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.write_bytes(huge_png(16_000, 12_000))
        with pytest.raises(SourceError, match=r"a\.png` has more than 178,956,970 pixels, .*: shrink it first"):
            draw_label(drawn(), image=path)

    @for_each(["I;16", "I;16B", "I", "F", "float with holes"])
    def test_greys_of_many_bits_fill_the_range(self, mode: str, tmp_path: Path) -> None:
        values = np.tile(np.linspace(0, 3000, 101), (50, 1))
        types = {"I;16": np.uint16, "I;16B": ">u2", "I": np.int32}
        array = (values + 20_000).astype(types[mode]) if mode in types else (values / 1e6).astype(np.float32)
        if mode == "float with holes":
            array[0, :3] = (np.nan, np.inf, -np.inf)
        path = tmp_path / "a.tiff"
        Image.fromarray(array).save(path)
        picture = draw_label(drawn(), image=path)
        assert [picture.getpixel((x, 25)) for x in (0, 100)] == [(0, 0, 0), (255, 255, 255)]
        assert picture.getpixel((50, 25)) in [(grey, grey, grey) for grey in (127, 128)]

    def test_one_grey_of_many_bits(self) -> None:
        assert draw_label(drawn(), image=Image.new("I;16", (9, 9), 300)).getpixel((4, 4)) == (128, 128, 128)

    @for_each(["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "HSV", "PA", "RGBX", "RGBa"])
    def test_of_every_mode(self, mode: str) -> None:
        image = Image.new("RGB", (40, 20), "red").convert("RGBA" if mode in ("PA", "RGBa") else "RGB")
        image = image.convert(mode)
        _, green, blue = draw_label(drawn(), image=image).getpixel((20, 10))  # type: ignore[misc]
        assert green == blue  # a grey, or red
        assert image.mode == mode

    def test_transparent_images_lie_on_the_canvas(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        Image.new("RGBA", (40, 20), (0, 0, 0, 0)).save(path)
        assert draw_label(drawn(), image=path).getpixel((20, 10)) == BLANK

    def test_of_several_the_first(self, tmp_path: Path) -> None:
        for name in ("a.gif", "a.webp", "a.tiff"):
            path = tmp_path / name
            others = [Image.new("RGB", (40, 20), "blue")]
            Image.new("RGB", (40, 20), "red").save(path, save_all=True, append_images=others)
            assert draw_label(drawn(), image=path).getpixel((20, 10))[0] > 200  # type: ignore[index]

    @for_each(
        [
            (None, 6, False),
            ((60, 40), 6, False),
            ((40, 60), 6, True),
            ((40, 60), 3, False),
            ((40, 60), 1, False),
            ((41, 60), 6, False),
        ]
    )
    def test_orientation_is_applied_where_the_service_tells_so(
        self, row: tuple[tuple[int, int] | None, int, bool], tmp_path: Path
    ) -> None:
        size, orientation, turned = row
        path = tmp_path / "a.jpg"
        turned_jpeg(path, orientation)
        assert draw_label(drawn(job="NONE"), image=path, size=size).size[0] == (40 if turned else 60)

    def test_an_image_of_the_caller_stays_as_it_is(self) -> None:
        image = Image.new("RGB", (100, 100), "red")
        draw_label(drawn(box(0.1, 0.1, 0.9, 0.9)), image=image)
        assert image.getcolors() == [(10_000, (255, 0, 0))]

    @for_each(
        [
            (b"", "a.png` is not an image that can be read"),
            (b"text", "a.png` is not an image that can be read"),
            (png()[:60], "a.png`: image file is truncated"),
            (heic(40, 30), "a.png` is not an image that can be read"),
        ]
    )
    def test_broken_images(self, row: tuple[bytes, str], tmp_path: Path) -> None:
        data, reason = row
        path = tmp_path / "a.png"
        path.write_bytes(data)
        with pytest.raises(SourceError, match=re.escape(reason)):
            draw_label(drawn(), image=path)

    def test_files_that_are_not_images(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.write_bytes(b"none")
        with pytest.raises(SourceError, match="not an image that can be read"):
            draw_label(drawn(), image=path)
        with pytest.raises(SourceError, match="no such file"):
            draw_label(drawn(), image=tmp_path / "b.png")


class TestSheets:
    def test_pictures_stand_in_rows(self) -> None:
        tiles = [Tile(Image.new("RGB", (50, 50), color), color) for color in ("red", "lime", "blue")]
        sheet = contact_sheet(tiles, columns=2, tile_px=50)
        assert [sheet.getpixel(at) for at in ((30, 30), (90, 30), (30, 110))] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
        assert sheet.getpixel((90, 110)) == (255, 255, 255)

    def test_long_captions_and_no_pictures(self) -> None:
        tile = Tile(Image.new("RGB", (5, 5)), "x" * 500 + "\n猫")
        assert contact_sheet([tile], tile_px=40).size == (56, 72)
        with pytest.raises(ValueError, match="at least one picture"):
            contact_sheet([])


class TestNotebooks:
    def test_a_label(self) -> None:
        label = ParsedLabel(drawn(box(0, 0, 1, 1)) | {"author": "<b>"}, ONTOLOGY)
        png, page = label._repr_png_(), label._repr_html_()
        assert png is not None
        assert png.startswith(b"\x89PNG")
        assert page is not None
        assert "&lt;b&gt;" in page
        assert "BOXES: 1 Small car" in page
        assert "data:image/png;base64," in page

    def test_an_ontology_in_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "project.json"
        path.write_text(json.dumps(ONTOLOGY.to_json_interface()))
        given = drawn(box(0, 0, 1, 1))
        assert png_of(given, path) == png_of(given, str(path)) == png_of(given, ONTOLOGY) != png_of(given)
        assert html_of(given, path) == html_of(given, ONTOLOGY) != html_of(given)
        for show in (png_of, html_of):
            with pytest.raises(kq.OntologyError, match="cannot read"):
                show(given, tmp_path / "none.json")

    def test_a_label_without_end(self) -> None:
        texts = {f"J{number}": {"text": "long " * 10_000} for number in range(100)}
        broken = [{**box(0, 0, 1, 1), "boundingPoly": "none"}] * 1000
        given = drawn(box(0, 0, 1, 1), *broken, **texts) | {"comment": "\u202e" * 10_000}
        page = html_of(given, ONTOLOGY)
        assert len(page.partition("<img")[0]) < 60_000
        assert page.count("… (the rest is not shown)") == 2
        assert "\u202e" not in page

    def test_a_label_without_anything(self) -> None:
        label = ParsedLabel({"id": "l1", "jsonResponse": None}, ONTOLOGY)
        assert label._repr_png_() is None
        assert "null" in str(label._repr_html_())

    def test_queries_and_diagnostics(self) -> None:
        query = kq.parse("A.B.count > 0")
        assert query._repr_html_().endswith(';overflow-x:auto">A.B.count &gt; 0</pre>')
        (found,) = kq.check("A.B.count > 0 AND A.<b>")
        page = found._repr_html_()
        assert page.startswith('<pre style="font-family:monospace;')
        assert "A.&lt;b&gt;" in page
        assert "<b>" not in page

    def test_lists_of_diagnostics(self) -> None:
        found = kq.check("A.B.count > 0 AND A.<b>")
        assert isinstance(found, list)
        assert "A.&lt;b&gt;" in found._repr_html_()  # type: ignore[attr-defined]
        assert "no diagnostics" in kq.check("A.B.count > 0")._repr_html_()  # type: ignore[attr-defined]

    def test_plans_explanations_ontologies_and_scans(self) -> None:
        category = {"<b>": {"name": "Bold"}, "X": {"name": "\x02"}}
        interface = {
            "jobs": {"J&": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": category}}}
        }
        ontology = kq.Ontology.from_json_interface(interface, input_type="IMAGE")
        query = kq.parse('"J&"."<b>"')
        scan = kq.scan([{"id": "<b>"}], query)
        list(scan)
        for shown, words in (
            (query.plan(ontology=ontology), "query     &quot;J&amp;&quot;.&quot;&lt;b&gt;&quot;"),
            (query.compile().explain({}), "does not match\n\n"),
            (ontology, "ontology of IMAGE\nJ&amp; (CLASSIFICATION, radio)\n    &lt;b&gt;, X</pre>"),
            (scan, "scan: 1 read: 0 matched"),
        ):
            page = shown._repr_html_()  # type: ignore[attr-defined]
            assert words in page
            assert "<b>" not in page
            assert page.startswith('<pre style="font-family:monospace;')
