"""Pascal VOC: boxes in pixels, and references that point at the file that is there."""

import zipfile
from xml.etree import ElementTree

import pytest

from kili_query.export import (
    Fetched,
    NoCompatibleJobError,
    NotCompatibleInputType,
    NotCompatibleOptions,
    NotExportableAssetError,
    NotExportableLabelError,
    write,
)
from kili_query.export.naming import fold, is_safe
from tests.each import for_each
from tests.export.samples import BOX, JOBS, asset, box, boxes, label, names, png, project, text
from tests.export.test_naming import NASTY

PIER = """\
<?xml version="1.0" ?>
<annotation>
   <folder/>
   <filename>pier 1.png</filename>
   <path/>
   <source>
      <database>Kili Technology</database>
   </source>
   <size>
      <width>200</width>
      <height>100</height>
      <depth>3</depth>
   </size>
   <segmented/>
   <object>
      <name>BOAT</name>
      <job_name>DET</job_name>
      <pose>Unspecified</pose>
      <truncated>0</truncated>
      <difficult>0</difficult>
      <occluded>0</occluded>
      <bndbox>
         <xmin>20</xmin>
         <xmax>71</xmax>
         <ymin>20</ymin>
         <ymax>60</ymax>
      </bndbox>
   </object>
</annotation>

"""


def exported(tmp_path, labels, assets=None, given=None, **options):
    assets = [asset(number) for number in range(1, len(labels) + 1)] if assets is None else assets
    options = {"fmt": "pascal_voc", "layout": "merged", **options}
    return write(labels, assets, project() if given is None else given, to=tmp_path / "out.zip", **options)


def boxes_in(xml):
    """Category, left, top, right and bottom of each object."""
    edges = ("xmin", "ymin", "xmax", "ymax")
    return [
        (one.findtext("name"), *(int(one.findtext(f"bndbox/{edge}")) for edge in edges))
        for one in ElementTree.fromstring(xml).iter("object")
    ]


def drawn(tmp_path, *annotations, **response):
    summary = exported(tmp_path, [label(1, {**boxes(*annotations), **response})])
    return boxes_in(text(summary.path, "labels/1.xml"))


class TestFiles:
    def test_one_file_for_each_asset(self, tmp_path):
        labels = [label(1), label(2, {"CLS": {"categories": [{"name": "A"}]}})]
        summary = exported(tmp_path, labels, [asset(1, "pier 1.png"), asset(2, "d/b")])
        assert names(summary.path)[1:] == ["labels/pier 1.xml", "labels/d/b.xml"]
        assert text(summary.path, "labels/pier 1.xml") == PIER
        empty = ElementTree.fromstring(text(summary.path, "labels/d/b.xml"))
        assert (empty.findtext("filename"), empty.find("object")) == ("d/b", None)

    def test_it_names_the_image_that_is_there(self, tmp_path):
        (tmp_path / "x.png").write_bytes(png(31, 57))
        unsized = [
            {"id": f"as{n}", "externalId": name, "content": "x"} for n, name in enumerate(("d1/x.png", "../x", "v1"))
        ]
        summary = exported(
            tmp_path,
            [label(n) for n in range(3)],
            unsized,
            with_assets=True,
            fetch=lambda *_: Fetched(tmp_path / "x.png", "image/png"),
        )
        found = names(summary.path)
        for stem, filename in {"d1/x": "d1/x.png", "_/x": "_/x.png", "v1": "v1.png"}.items():
            root = ElementTree.fromstring(text(summary.path, f"labels/{stem}.xml"))
            assert (root.findtext("filename"), root.findtext("path")) == (filename, f"images/{filename}")
            assert root.findtext("path") in found
            assert (root.findtext("size/width"), root.findtext("size/height")) == ("31", "57")

    def test_an_image_without_size_is_named(self, tmp_path):
        unsized = asset(1, resolution=None)
        with pytest.raises(NotExportableAssetError, match=r"asset `1\.png`: its size in pixels is not known"):
            exported(tmp_path, [label(1)], [unsized])
        summary = exported(tmp_path, [label(1), label(2)], [unsized, asset(2)], on_error="skip")
        assert (names(summary.path)[1:], summary.skipped) == (["labels/2.xml"], 1)

    def test_several_labels_of_an_asset(self, tmp_path):
        several = {**asset(1), "latestLabels": [label(1), label(1, id="second")]}
        summary = write(None, [several], project(), fmt="pascal_voc", to=tmp_path / "out.zip", layout="merged")
        assert names(summary.path)[1:] == ["labels/1_label1.xml", "labels/1_label2.xml"]

    def test_the_same_input_gives_the_same_bytes(self, tmp_path):
        found = [exported(tmp_path, [label(1), label(2)]).path.read_bytes() for _ in range(2)]
        assert found[0] == found[1]


class TestObjects:
    def test_pixels_are_rounded_half_to_even(self, tmp_path):
        corners = ((0.0125, 0.125), (0.0125, 0.375), (0.0375, 0.375), (0.0375, 0.125))  # 2.5 and 7.5, 12.5 and 37.5 px
        assert drawn(tmp_path, box(corners=corners)) == [("BOAT", 2, 12, 8, 38)]

    def test_shapes_are_clipped_to_the_image(self, tmp_path):
        over = box(corners=((-0.5, -0.1), (-0.5, 0.5), (1.5, 0.5), (1.5, -0.1)))
        assert drawn(tmp_path, over) == [("BOAT", 0, 0, 200, 50)]

    def test_shapes_outside_are_reported(self, tmp_path):
        outside = box(corners=[(x + 1.5, y) for x, y in BOX])
        with pytest.raises(NotExportableLabelError, match=r"asset `1\.png`, label `l1`: the rectangle lies outside"):
            drawn(tmp_path, outside)
        summary = exported(tmp_path, [label(1, boxes(outside, box()))], on_error="skip")
        assert (summary.skipped, len(boxes_in(text(summary.path, "labels/1.xml")))) == (1, 1)

    @pytest.mark.parametrize(
        ("degrees", "found"),
        [(90, (50, 75, 100, 88)), (180, (150, 50, 175, 75)), (270, (100, 12, 150, 25))],
    )
    def test_a_rotation_is_undone(self, tmp_path, degrees, found):
        turned = box(corners=((0.125, 0.25), (0.125, 0.5), (0.25, 0.5), (0.25, 0.25)))
        assert drawn(tmp_path, turned, ROTATION_JOB={"rotation": degrees}) == [("BOAT", *found)]

    def test_a_region_has_the_box_around_all_its_parts(self, tmp_path):
        def ring(left, top):
            return {"normalizedVertices": [{"x": left + x, "y": top + y} for x, y in ((0, 0), (0.25, 0), (0, 0.25))]}

        parts = {
            "type": "semantic",
            "categories": [{"name": "KITE"}],
            "boundingPoly": [[ring(0, 0)], [ring(0.5, 0.75)]],
        }
        whole = {**parts, "boundingPoly": [ring(0.25, 0.5)]}
        assert drawn(tmp_path, parts, whole) == [("KITE", 0, 0, 150, 100), ("KITE", 50, 50, 100, 75)]

    def test_each_category_of_an_annotation_is_an_object(self, tmp_path):
        both = {**box(), "categories": [{"name": "BOAT"}, {"name": "KITE"}]}
        assert drawn(tmp_path, both) == [("BOAT", 20, 20, 71, 60), ("KITE", 20, 20, 71, 60)]
        wrong = {**box(), "categories": [{"name": "BOAT"}, {"name": "NONE"}]}
        with pytest.raises(
            NotExportableLabelError, match=r"no category `NONE`.*annotations\[0\]\.categories\[1\]\.name"
        ):
            drawn(tmp_path, wrong)

    def test_shapes_without_area_are_left_out_and_counted(self, tmp_path):
        line = {"type": "polyline", "categories": [{"name": "BOAT"}], "polyline": [{"x": 0, "y": 0}, {"x": 1, "y": 1}]}
        summary = exported(tmp_path, [label(1, boxes(line, box()))])
        assert dict(summary.unsupported) == {"polyline": 1}
        assert len(boxes_in(text(summary.path, "labels/1.xml"))) == 1

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            (box("NONE"), r"no category `NONE` \(at `jsonResponse\.DET\.annotations\[0\]\.categories\[0\]\.name`\)"),
            ({**box(), "categories": []}, "without a category"),
            ({**box(), "boundingPoly": None}, "a `rectangle` without geometry"),
        ],
    )
    def test_broken_annotations_are_named_and_fatal_or_left_out(self, tmp_path, bad, message):
        with pytest.raises(NotExportableLabelError, match=f"asset `1.png`, label `l1`: .*{message}"):
            drawn(tmp_path, bad)
        summary = exported(tmp_path, [label(1, boxes(bad, box()))], on_error="skip")
        assert (summary.skipped, len(boxes_in(text(summary.path, "labels/1.xml")))) == (1, 1)

    def test_the_fast_way_and_the_checking_one_agree(self, tmp_path):
        some = [box(), box("KITE", ((0, 1), (0, 0.0), (1.0, 0), (1, 1)))]
        assert drawn(tmp_path, *some) == drawn(tmp_path, *some, {}) != []

    def test_any_name_is_text_that_an_xml_parser_reads(self, tmp_path):
        hostile = {
            "a < b & \"c\" 'd'": 0,
            "</name><x>": 0,
            "]]>": 0,
            "\x01\x00\ud800\ufffe": 0,
            "two\nlines": 0,
            "🚲 é": 0,
        }
        jobs = {
            "<J>": {**JOBS["DET"], "content": {"input": "radio", "categories": {key: {"name": key} for key in hostile}}}
        }
        response = {"<J>": {"annotations": [box(key) for key in hostile]}}
        summary = exported(tmp_path, [label(1, response)], [asset(1, "<&>.png")], project(jobs=jobs))
        (name,) = (one for one in names(summary.path) if one.endswith(".xml"))
        root = ElementTree.fromstring(text(summary.path, name))
        read = [one.findtext("name") for one in root.iter("object")]
        assert read == [key if "\x01" not in key else r"\x01\x00\ud800\ufffe" for key in hostile]
        assert {one.findtext("job_name") for one in root.iter("object")} == {"<J>"}
        assert root.findtext("filename") == "_&_.png"


FRAMES = {"0": boxes(), "1": {}, "10": boxes(box("KITE"))}


class TestVideos:
    def test_one_file_for_each_frame_of_the_label(self, tmp_path):
        summary = exported(tmp_path, [label(1, FRAMES)], [asset(1, "v.mp4")], project("VIDEO"))
        assert names(summary.path)[1:] == [f"labels/v.mp4_{number}.xml" for number in ("01", "02", "11")]
        found = [text(summary.path, name) for name in names(summary.path)[1:]]
        assert [[one[0] for one in boxes_in(xml)] for xml in found] == [["BOAT"], [], ["KITE"]]
        assert [ElementTree.fromstring(xml).findtext("filename") for xml in found] == [
            "v.mp4_01",
            "v.mp4_02",
            "v.mp4_11",
        ]

    def test_it_names_the_frame_that_is_there(self, tmp_path):
        (tmp_path / "frame.jpg").write_bytes(png(20, 10))
        film = {"id": "as1", "externalId": "v", "jsonContent": [f"frame{number}" for number in range(11)]}
        summary = exported(
            tmp_path,
            [label(1, FRAMES)],
            [film],
            project("VIDEO"),
            with_assets=True,
            fetch=lambda *_: Fetched(tmp_path / "frame.jpg", "image/jpeg"),
        )
        root = ElementTree.fromstring(text(summary.path, "labels/v_11.xml"))
        assert (root.findtext("filename"), root.findtext("path")) == ("v_11.jpg", "images/v_11.jpg")
        assert "images/v_11.jpg" in names(summary.path)
        assert boxes_in(text(summary.path, "labels/v_11.xml")) == [("KITE", 2, 2, 7, 6)]


@for_each(
    [
        ({"layout": "split"}, NotCompatibleOptions, "the layout `split`: use `merged`"),
        ({"single_file": True}, NotCompatibleOptions, "a single file"),
        ({"normalized_coordinates": True}, NotCompatibleOptions, "normalized_coordinates=True"),
        ({"given": project("TEXT")}, NotCompatibleInputType, "IMAGE, VIDEO, not for those of type TEXT"),
        ({"given": project(jobs={"J": {**JOBS["DET"], "tools": ["semantic"]}})}, NoCompatibleJobError, "no job"),
    ]
)
def test_options_that_it_does_not_take(row, tmp_path):
    options, error, message = row
    with pytest.raises(error, match=message):
        exported(tmp_path, [label(1)], **options)
    assert not (tmp_path / "out.zip").exists()


def test_nasty_names_lose_no_file_and_leave_no_folder(tmp_path):
    ids = [*NASTY, "a.jpg", "a.PNG", "a.jpg", "A.jpg/x"]
    (tmp_path / "x").write_bytes(png())
    assets = [asset(number, name, content="x") for number, name in enumerate(ids)]
    summary = exported(
        tmp_path,
        [label(number) for number in range(len(ids))],
        assets,
        with_assets=True,
        fetch=lambda *_: Fetched(tmp_path / "x", "image/png"),
    )
    found = names(summary.path)
    assert all(map(is_safe, found))
    assert len({fold(name) for name in found}) == len(found)
    documents = [ElementTree.fromstring(text(summary.path, name)) for name in found if name.endswith(".xml")]
    paths = [one.findtext("path") for one in documents]
    assert len(set(paths)) == len(ids)
    assert set(paths) == {name for name in found if name.startswith("images/")}


def test_supervision_reads_the_boxes_and_classes(tmp_path):
    import supervision

    (tmp_path / "x").write_bytes(png(200, 100))
    drawn = [[box(), box("KITE", ((0.5, 0.5), (0.5, 0.25), (0.77, 0.25), (0.77, 0.5)))], [box("KITE")], []]
    summary = exported(
        tmp_path,
        [label(number, {"DET": {"annotations": some}}) for number, some in enumerate(drawn)],
        [asset(0, "a.png", content="x"), asset(1, "b c", content="x"), asset(2, "v1.2", content="x")],
        with_assets=True,
        fetch=lambda *_: Fetched(tmp_path / "x", "image/png"),
    )
    with zipfile.ZipFile(summary.path) as archive:
        archive.extractall(tmp_path / "out")
    out = tmp_path / "out"
    found = supervision.DetectionDataset.from_pascal_voc(str(out / "images"), str(out / "labels"))
    read = {
        path.rpartition("/")[2]: [
            (found.classes[number], *edges)
            for number, edges in zip(detections.class_id if len(detections) else (), detections.xyxy, strict=True)
        ]
        for path, _, detections in found
    }
    assert read == {
        "a.png": [
            ("BOAT", *(pytest.approx(edge, abs=1) for edge in (20, 20, 71, 60))),
            ("KITE", *(pytest.approx(edge, abs=1) for edge in (100, 25, 154, 50))),
        ],
        "b c.png": [("KITE", *(pytest.approx(edge, abs=1) for edge in (20, 20, 71, 60)))],
        "v1.2.png": [],
    }
