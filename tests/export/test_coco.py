"""The format ``coco``: what it says, and what the readers of others make of it."""

import contextlib
import io
import json
import warnings
import zipfile
from datetime import datetime
from typing import ClassVar

import numpy as np
import pytest

from kili_query.export import (
    NoCompatibleJobError,
    NotCompatibleOptions,
    NotExportableAssetError,
    NotExportableLabelError,
    write,
)
from tests.each import for_each
from tests.export.samples import JOBS, asset, box, boxes, label, names, png, project, read, text
from tests.export.test_naming import NASTY

SQUARE = ((0.1, 0.1), (0.5, 0.1), (0.5, 0.9), (0.1, 0.9))
HOLE = ((0.2, 0.3), (0.4, 0.3), (0.4, 0.7), (0.2, 0.7))
AWAY = ((0.6, 0.1), (0.9, 0.1), (0.9, 0.5))
BOWTIE = ((0.1, 0.1), (0.5, 0.9), (0.5, 0.1), (0.1, 0.9))
TWO_JOBS = {
    **JOBS,
    "LAND": {
        "mlTask": "OBJECT_DETECTION",
        "tools": ["semantic"],
        "content": {"categories": {"LAKE": {"name": "Water"}, "SEA": {"name": "Water"}}},
    },
    "BOLTS": {
        "mlTask": "OBJECT_DETECTION",
        "tools": ["marker"],
        "content": {"categories": {"LOOSE": {"name": "Loose"}}},
    },
}


def ring(corners):
    return {"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}


def region(*rings, kind="semantic", category="BOAT", mid="r", **more):
    return {
        "mid": mid,
        "type": kind,
        "categories": [{"name": category}],
        "boundingPoly": list(map(ring, rings)),
        **more,
    }


def exported(tmp_path, *responses, assets=None, **options):
    """The summary of labels of these contents, one an asset, as COCO."""
    labels = [label(number, response) for number, response in enumerate(responses)]
    assets = [asset(number) for number in range(len(responses))] if assets is None else assets
    return write(labels, assets, options.pop("project", project()), fmt="coco", to=tmp_path / "out.zip", **options)


def drawn(tmp_path, *annotations, **options):
    """The annotations that these become."""
    summary = exported(tmp_path, boxes(*annotations), **options)
    return read(summary.path, "DET/labels.json")["annotations"]


def loaded(path, name="DET/labels.json"):
    """What the COCO tools read."""
    from pycocotools.coco import COCO

    coco = COCO()
    coco.dataset = read(path, name)
    with contextlib.redirect_stdout(io.StringIO()):  # it tells what it does
        coco.createIndex()
    return coco


def test_the_whole_of_a_small_file(tmp_path):
    lake = region(SQUARE, HOLE, category="KITE")
    summary = exported(tmp_path, boxes(box(), lake), exported_at=datetime(2026, 11, 23, 11, 2, 55))
    assert names(summary.path) == ["README.kili.txt", "DET/labels.json"]
    document = read(summary.path, "DET/labels.json")
    mask = document["annotations"][1]["segmentation"]
    assert list(document) == ["info", "licenses", "categories", "images", "annotations"]
    assert document == {
        "info": {
            "year": 2026,
            "version": "1.0",
            "description": "Harbour - Exported by kili-query",
            "contributor": "Kili Technology",
            "url": "https://kili-technology.com",
            "date_created": "2026-11-23T11:02:55",
        },
        "licenses": [{"id": 0, "name": "unknown", "url": ""}],
        "categories": [
            {"id": 1, "name": "KITE", "supercategory": "DET"},
            {"id": 2, "name": "BOAT", "supercategory": "DET"},
        ],
        "images": [
            {"id": 0, "license": 0, "file_name": "data/0.png", "height": 100, "width": 200, "date_captured": None}
        ],
        "annotations": [
            {
                "id": 1,
                "image_id": 0,
                "category_id": 2,
                "bbox": [20, 20, 51, 40],
                "segmentation": [[20, 60, 20, 20, 71, 20, 71, 60]],
                "area": 2040,
                "iscrowd": 0,
            },
            {
                "id": 2,
                "image_id": 0,
                "category_id": 1,
                "bbox": [20, 10, 80, 80],
                "segmentation": mask,
                "area": 80 * 80 - 40 * 40,
                "iscrowd": 0,
            },
        ],
    }
    assert mask["size"] == [100, 200]
    assert mask["counts"][:4] == [20 * 100 + 10, 80, 20, 80]
    assert text(summary.path, "DET/labels.json").isascii()


class TestLayouts:
    CONTENT: ClassVar = {**boxes(), "LAND": {"annotations": [region(SQUARE, category="SEA")]}}

    def test_split_has_a_file_for_each_job_that_fits(self, tmp_path):
        summary = exported(tmp_path, self.CONTENT, {}, project=project(jobs=TWO_JOBS))
        assert names(summary.path)[1:] == ["DET/labels.json", "LAND/labels.json"]
        land = read(summary.path, "LAND/labels.json")
        assert [(one["id"], one["name"]) for one in land["categories"]] == [(3, "LAKE"), (4, "SEA")]
        assert [(one["id"], one["image_id"], one["category_id"]) for one in land["annotations"]] == [(1, 0, 4)]
        assert land["images"] == read(summary.path, "DET/labels.json")["images"]
        assert [one["file_name"] for one in land["images"]] == ["data/0.png", "data/1.png"]

    def test_merged_has_one_file_and_the_same_ids_of_categories(self, tmp_path):
        summary = exported(tmp_path, self.CONTENT, project=project(jobs=TWO_JOBS), layout="merged", single_file=True)
        assert names(summary.path)[1:] == ["labels.json"]
        document = read(summary.path, "labels.json")
        assert [(one["id"], one["name"]) for one in document["categories"]] == [
            (1, "DET/KITE"), (2, "DET/BOAT"), (3, "LAND/LAKE"), (4, "LAND/SEA"),
        ]  # fmt: skip
        assert [(one["id"], one["category_id"]) for one in document["annotations"]] == [(1, 2), (2, 4)]

    def test_polygons_fit_but_points_alone_do_not(self, tmp_path):
        polygons = {"P": {**JOBS["DET"], "tools": ["polygon"]}}
        exported(tmp_path, {"P": {"annotations": [region(SQUARE, kind="polygon")]}}, project=project(jobs=polygons))
        assert len(read(tmp_path / "out.zip", "P/labels.json")["annotations"]) == 1
        with pytest.raises(NoCompatibleJobError):
            exported(tmp_path, {}, project=project(jobs={"BOLTS": TWO_JOBS["BOLTS"]}))

    def test_the_same_input_gives_the_same_bytes(self, tmp_path):
        contents = [exported(tmp_path, self.CONTENT, {}).path.read_bytes() for _ in range(2)]
        assert contents[0] == contents[1]

    def test_coordinates_are_pixels(self, tmp_path):
        exported(tmp_path, boxes(), normalized_coordinates=False)
        with pytest.raises(NotCompatibleOptions, match="normalized_coordinates=True"):
            exported(tmp_path, boxes(), normalized_coordinates=True)


class TestShapes:
    def test_a_region_in_parts_is_one_annotation(self, tmp_path):
        nested = {**region(), "boundingPoly": [[ring(SQUARE)], [ring(AWAY)]]}
        for annotations in ([region(SQUARE), box(), region(AWAY)], [nested, box()]):
            first, second = drawn(tmp_path, *annotations)
            assert [len(part) for part in first["segmentation"]] == [8, 6]
            assert first["bbox"] == pytest.approx([20, 10, 160, 80])
            assert first["area"] == pytest.approx(80 * 80 + 60 * 40 / 2)
            assert second["bbox"] == pytest.approx([20, 20, 51, 40])

    def test_parts_of_other_objects_stay_their_own(self, tmp_path):
        polygons = [region(SQUARE, kind="polygon"), region(AWAY, kind="polygon")]
        others = [region(SQUARE, mid=None), region(AWAY, mid=None), region(AWAY, category="KITE", mid="r")]
        assert len(drawn(tmp_path, *polygons, *others, region(AWAY, mid="r"))) == 6

    def test_parts_that_overlap_count_once(self, tmp_path):
        (found,) = drawn(tmp_path, region(SQUARE), region(SQUARE))
        assert found["area"] == pytest.approx(80 * 80)

    def test_an_outline_that_crosses_itself_has_the_area_of_its_pixels(self, tmp_path):
        (found,) = drawn(tmp_path, region(BOWTIE))
        assert found["area"] == pytest.approx(80 * 80 / 2, abs=100)

    def test_corners_of_a_rectangle_row_by_row(self, tmp_path):
        a, b, c, d = SQUARE
        found = drawn(tmp_path, box(corners=(a, b, d, c)), box(corners=(a, d, b, c)), box(corners=SQUARE))
        assert [one["area"] for one in found] == pytest.approx([80 * 80] * 3)
        assert {len(one["segmentation"][0]) for one in found} == {8}

    def test_a_turned_rectangle_has_its_own_area(self, tmp_path):
        (found,) = drawn(tmp_path, box(corners=((0.5, 0.1), (0.6, 0.5), (0.5, 0.9), (0.4, 0.5))))
        assert found["bbox"] == pytest.approx([80, 10, 40, 80])
        assert found["area"] == pytest.approx(1600)

    def test_shapes_are_clipped_to_the_image(self, tmp_path):
        found = drawn(
            tmp_path,
            box(corners=((-0.5, 1.5), (-0.5, 0.5), (0.5, 0.5), (0.5, 1.5))),
            region(((-0.5, 0.5), (0.5, 0.5), (0.5, 1.5), (-0.5, 1.5)), ((-1e299, 0.6), (0.4, 0.6), (0.4, 0.8))),
        )
        assert [one["bbox"] for one in found] == [[0, 50, 100, 50]] * 2
        assert found[0]["area"] == 5000
        assert 0 < found[1]["area"] < 5000  # without the hole, which reaches to the edge
        assert len(found[1]["segmentation"]) == 1

    @pytest.mark.parametrize(
        ("rotation", "bbox"), [(90, [40, 40, 80, 30]), (180, [80, 40, 60, 40]), (270, [80, 30, 80, 30])]
    )
    def test_a_rotation_is_undone(self, tmp_path, rotation, bbox):
        corners = ((0.3, 0.6), (0.3, 0.2), (0.6, 0.2), (0.6, 0.6))
        summary = exported(tmp_path, {**boxes(box(corners=corners)), "ROTATION_JOB": {"rotation": rotation}})
        document = read(summary.path, "DET/labels.json")
        assert document["annotations"][0]["bbox"] == pytest.approx(bbox)
        assert (document["images"][0]["width"], document["images"][0]["height"]) == (200, 100)

    def test_shapes_without_area_are_counted_and_left_out(self, tmp_path):
        marker = {**region(), "type": "marker", "point": {"x": 0.1, "y": 0.2}}
        summary = exported(tmp_path, boxes(marker, box()))
        assert summary.unsupported == {"marker": 1}
        assert [one["id"] for one in read(summary.path, "DET/labels.json")["annotations"]] == [1]


class TestReaders:
    # how they hand a mask to numpy, which they were compiled against an older one of
    @pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
    def test_the_masks_of_the_coco_tools_have_our_areas(self, tmp_path):
        rng = np.random.default_rng(7)
        shapes = [box(), region(SQUARE), region(SQUARE, HOLE), region(AWAY, kind="polygon"), region(BOWTIE, mid="b")]
        for number in range(40):
            angles = np.sort(rng.uniform(0, 2 * np.pi, 12))
            far = rng.uniform(0.1, 0.35, 12)
            corners = [(0.5 + r * np.cos(a), 0.5 + r * np.sin(a)) for r, a in zip(far, angles, strict=True)]
            hole = [(0.5 + 0.05 * np.cos(a), 0.5 + 0.05 * np.sin(a)) for a in angles]
            shapes.append(region(corners, *([hole] if number % 2 else []), mid=f"p{number}"))
        shapes.append({**region(mid="n"), "boundingPoly": [[ring(SQUARE), ring(HOLE)], [ring(AWAY)]]})
        shapes = [{**one, "mid": f"{number}"} for number, one in enumerate(shapes)]
        coco = loaded(exported(tmp_path, boxes(*shapes)).path)
        assert len(coco.anns) == len(shapes)
        for found in coco.anns.values():
            mask = coco.annToMask(found)
            left, top, width, height = found["bbox"]
            if isinstance(found["segmentation"], dict):
                assert mask.sum() == found["area"]
            else:
                assert abs(mask.sum() - found["area"]) <= width + height  # half a pixel all around
            rows, columns = np.nonzero(mask)
            assert left - 1 <= columns.min() <= columns.max() + 1 <= left + width + 1
            assert top - 1 <= rows.min() <= rows.max() + 1 <= top + height + 1

    def test_supervision_has_the_same_boxes_and_masks(self, tmp_path):
        with warnings.catch_warnings():
            # of its own submodules, when it is imported
            warnings.simplefilter("ignore", DeprecationWarning)
            import supervision as sv
        for number in range(2):
            (tmp_path / f"{number}.png").write_bytes(png())
        summary = exported(
            tmp_path,
            boxes(box(), region(SQUARE, HOLE, category="KITE")),
            boxes(region(AWAY)),
            assets=[asset(number, f"d{number}/x", content=f"{number}.png", resolution=None) for number in range(2)],
            with_assets=True,
            media_root=tmp_path,
        )
        with zipfile.ZipFile(summary.path) as archive:
            archive.extractall(tmp_path / "all")
        found = sv.DetectionDataset.from_coco(
            str(tmp_path / "all"), str(tmp_path / "all" / "DET" / "labels.json"), force_masks=True
        )
        assert found.classes == ["KITE", "BOAT"]
        by_name = {path.removeprefix(f"{tmp_path}/all/"): one for path, _, one in found}
        assert list(by_name) == ["data/d0/x.png", "data/d1/x.png"]
        first = by_name["data/d0/x.png"]
        assert first.xyxy.tolist() == [[20, 20, 71, 60], [20, 10, 100, 90]]
        assert first.class_id.tolist() == [1, 0]
        assert first.mask[1].sum() == 80 * 80 - 40 * 40
        assert by_name["data/d1/x.png"].xyxy[0] == pytest.approx([120, 10, 180, 50], abs=1e-4)


class TestVideo:
    FRAMES: ClassVar = {"2": boxes(box()), "0": {}, "11": boxes(box("KITE"), box()), "assetLevel": {}}

    def test_each_frame_of_the_label_is_an_image(self, tmp_path):
        for layout, name in (("split", "DET/labels.json"), ("merged", "labels.json")):
            summary = exported(tmp_path, self.FRAMES, self.FRAMES, project=project("VIDEO"), layout=layout)
            document = read(summary.path, name)
            assert [(one["id"], one["file_name"]) for one in document["images"]] == [
                (0, "data/0.png_01.jpg"), (1, "data/0.png_03.jpg"), (2, "data/0.png_12.jpg"),
                (3, "data/1.png_01.jpg"), (4, "data/1.png_03.jpg"), (5, "data/1.png_12.jpg"),
            ]  # fmt: skip
            assert [one["image_id"] for one in document["annotations"]] == [1, 2, 2, 4, 5, 5]
            assert [one["id"] for one in document["annotations"]] == [1, 2, 3, 4, 5, 6]

    def frames(self, tmp_path, number):
        for index in range(number):
            (tmp_path / f"f{index}.png").write_bytes(png())
        listed = [f"f{index}.png" for index in range(number)]
        return {"assets": [asset(0, "clip/a", jsonContent=listed, resolution=None)], "media_root": tmp_path}

    def test_the_names_are_those_of_the_frames_in_the_archive(self, tmp_path):
        summary = exported(
            tmp_path, self.FRAMES, project=project("VIDEO"), with_assets=True, **self.frames(tmp_path, 12)
        )
        images = read(summary.path, "DET/labels.json")["images"]
        assert [one["file_name"] for one in images] == [
            "data/clip/a_01.png",
            "data/clip/a_03.png",
            "data/clip/a_12.png",
        ]
        assert {one["file_name"] for one in images} <= set(names(summary.path))

    def test_a_frame_that_the_video_does_not_have(self, tmp_path):
        options = {"project": project("VIDEO"), "with_assets": True, **self.frames(tmp_path, 3)}
        with pytest.raises(NotExportableLabelError, match=r'does not have this frame.*jsonResponse\["11"\]'):
            exported(tmp_path, self.FRAMES, **options)
        summary = exported(tmp_path, {**self.FRAMES, "12": {}}, **options, on_error="skip")
        assert summary.skipped == 1
        assert len(read(summary.path, "DET/labels.json")["images"]) == 2


class TestModifier:
    def test_it_is_given_copies_and_what_it_returns_is_written(self, tmp_path):
        seen = []

        def modify(annotation, image, kili):
            seen.append((image["file_name"], kili["mid"]))
            attributes = {"mid": kili["mid"], **kili["children"]}
            kili["categories"].clear()
            image.clear()
            return {**annotation, "attributes": attributes}

        response = boxes(box(mid="a", children={"WHY": {"text": "x"}}), region(SQUARE, HOLE, mid="b", children={}))
        before = json.dumps(response)
        summary = exported(tmp_path, response, annotation_modifier=modify)
        assert json.dumps(response) == before
        assert seen == [("data/0.png", "a"), ("data/0.png", "b")]
        document = read(summary.path, "DET/labels.json")
        assert [one["attributes"] for one in document["annotations"]] == [
            {"mid": "a", "WHY": {"text": "x"}},
            {"mid": "b"},
        ]
        assert document["images"][0]["file_name"] == "data/0.png"

    @for_each(
        [
            (lambda annotation, image, kili: kili["nope"], "`annotation_modifier` failed: KeyError: 'nope'"),
            (lambda annotation, image, kili: None, "must return the annotation, not NoneType"),
            (lambda annotation, image, kili: {"x": {1}}, "returned cannot be written as JSON"),
            (lambda annotation, image, kili: {"x": float("nan")}, "returned cannot be written as JSON"),
            (lambda: None, "`annotation_modifier` failed: TypeError"),
        ]
    )
    def test_one_that_fails_is_named(self, row, tmp_path):
        modify, message = row
        where = r"asset `0\.png`, label `l0`: .*annotation_modifier.*\(at `jsonResponse\.DET\.annotations\[1\]`\)"
        with pytest.raises(NotExportableLabelError, match=where) as caught:
            exported(tmp_path, boxes({}, box()), annotation_modifier=modify)
        assert message in str(caught.value)
        summary = exported(tmp_path, boxes({}, box()), annotation_modifier=modify, on_error="skip")
        assert (summary.skipped, read(summary.path, "DET/labels.json")["annotations"]) == (1, [])


class TestProblems:
    @for_each(
        [
            (box("NONE"), r"no category `NONE` \(at `jsonResponse\.DET\.annotations\[1\]\.categories\[0\]\.name`\)"),
            (
                box(corners=((0.1, 0.1),) * 4),
                r"the rectangle has no area on the image \(at `jsonResponse\.DET\.annotations\[1\]`\)",
            ),
            (box(corners=((1.1, 0.1), (1.2, 0.1), (1.2, 0.2), (1.1, 0.2))), "the rectangle lies outside the image"),
            (region(((1e299, 1e299), (-1e299, 2e299), (3e299, 3e299))), "the semantic lies outside the image"),
            (box(corners=SQUARE[:3]), "4 corners, not 3"),
            (region(SQUARE[:2]), "3 corners or more, not 2"),
        ]
    )
    def test_a_bad_annotation_is_named_and_fatal_or_left_out(self, row, tmp_path):
        bad, message = row
        with pytest.raises(NotExportableLabelError, match=f"asset `0.png`, label `l0`: .*{message}") as caught:
            exported(tmp_path, boxes(box(), bad))
        assert str(caught.value).count("asset `") == 1
        summary = exported(tmp_path, boxes(box(), bad, box(mid="last")), on_error="skip")
        assert summary.skipped == 1
        assert [one["id"] for one in read(summary.path, "DET/labels.json")["annotations"]] == [1, 2]

    def test_an_asset_whose_size_is_not_known(self, tmp_path):
        assets = [asset(0, resolution=None), asset(1)]
        with pytest.raises(NotExportableAssetError, match=r"asset `0\.png`: its size"):
            exported(tmp_path, boxes(), boxes(), assets=assets)
        summary = exported(tmp_path, boxes(), boxes(), assets=assets, on_error="skip")
        document = read(summary.path, "DET/labels.json")
        assert [(one["id"], one["file_name"]) for one in document["images"]] == [(0, "data/1.png")]
        assert [(one["id"], one["image_id"]) for one in document["annotations"]] == [(1, 0)]

    def test_without_labels_and_assets_there_is_no_file(self, tmp_path):
        summary = exported(tmp_path)
        assert (summary.labels, summary.is_kept) == (0, True)
        assert not summary.path.exists()


def test_several_labels_of_an_asset_are_several_images_of_one_file(tmp_path):
    labels = [label(0), label(0, {}, id="second")]
    summary = write(labels, [asset(0)], project(), fmt="coco", to=tmp_path / "a.zip", export_type="normal")
    images = read(summary.path, "DET/labels.json")["images"]
    assert [(one["id"], one["file_name"], one["label"]) for one in images] == [
        (0, "data/0.png", "l0"),
        (1, "data/0.png", "second"),
    ]


def test_nasty_names_stay_in_the_folder_and_every_asset_has_its_own_image(tmp_path):
    (tmp_path / "x.png").write_bytes(png())
    assets = [asset(number, name, content="x.png") for number, name in enumerate(NASTY)]
    for options in ({}, {"with_assets": True, "media_root": tmp_path}):
        summary = exported(tmp_path, *[boxes()] * len(NASTY), assets=assets, **options)
        document = read(summary.path, "DET/labels.json")
        files = [one["file_name"] for one in document["images"]]
        assert len(set(files)) == len(document["annotations"]) == len(NASTY)
        if options:
            assert set(files) == {name for name in names(summary.path) if name.startswith("data/")}
