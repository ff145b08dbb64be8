"""YOLO: files that readers find, lines that they read, and what cannot be a line."""

import csv
import json
import os
import zipfile
from io import StringIO
from itertools import product

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kili_query.export import (
    Fetched,
    NoCompatibleJobError,
    NotCompatibleInputType,
    NotCompatibleOptions,
    NotExportableLabelError,
    write,
)
from kili_query.export.formats.yolo_text import yaml_plain, yaml_quoted
from kili_query.export.naming import fold, is_safe
from tests.each import for_each
from tests.export.samples import BOX, JOBS, asset, box, boxes, label, names, png, project, read, text
from tests.export.test_naming import NASTY

VERSIONS = ("yolo_v4", "yolo_v5", "yolo_v7", "yolo_v8")
LINE = "1 0.22749999999999998 0.4 0.255 0.39999999999999997\n"
SQUARE = ((0.5, 0.5), (0.75, 0.5), (0.75, 0.99), (0.5, 0.99))
HOLE = ((0.55, 0.6), (0.6, 0.6), (0.6, 0.7))


def job(*categories, tools=("polygon",)):
    listed = {key: {"name": key.title()} for key in categories}
    content = {"input": "radio", "categories": listed}
    return {"mlTask": "OBJECT_DETECTION", "tools": list(tools), "instruction": "", "content": content}


TWO_JOBS = {**JOBS, "SHAPES": job("A", "é")}


def ring(corners):
    return {"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}


def region(*rings, category="KITE", kind="semantic"):
    return {"type": kind, "mid": "s", "categories": [{"name": category}], "boundingPoly": list(rings)}


def exported(tmp_path, labels, assets=None, given=None, fmt="yolo_v5", **options):
    assets = [asset(number) for number in range(1, len(labels) + 1)] if assets is None else assets
    return write(labels, assets, project() if given is None else given, fmt=fmt, to=tmp_path / "out.zip", **options)


def lines(tmp_path, *annotations, **response):
    summary = exported(tmp_path, [label(1, {**boxes(*annotations), **response})])
    return text(summary.path, "DET/labels/1.txt")


class TestFiles:
    LABELS = (
        label(1, {**boxes(), "SHAPES": {"annotations": [region(ring(SQUARE), category="é", kind="polygon")]}}),
        label(2, {"CLS": {"categories": [{"name": "A"}]}}),
    )
    ASSETS = (asset(1, "pier 1.png"), asset(2, "d/b"))

    def test_split_has_a_folder_for_each_job(self, tmp_path):
        summary = exported(tmp_path, self.LABELS, self.ASSETS, project(jobs=TWO_JOBS))
        assert names(summary.path)[1:] == [
            "DET/labels/pier 1.txt",
            "SHAPES/labels/pier 1.txt",
            "DET/labels/d/b.txt",
            "SHAPES/labels/d/b.txt",
            "DET/data.yaml",
            "SHAPES/data.yaml",
        ]
        assert text(summary.path, "DET/labels/pier 1.txt") == LINE
        assert text(summary.path, "SHAPES/labels/pier 1.txt") == "1 0.5 0.5 0.75 0.5 0.75 0.99 0.5 0.99\n"
        assert text(summary.path, "DET/labels/d/b.txt") == ""

    def test_merged_numbers_the_classes_of_all_jobs(self, tmp_path):
        summary = exported(tmp_path, self.LABELS, self.ASSETS, project(jobs=TWO_JOBS), layout="merged")
        assert names(summary.path)[1:] == ["labels/pier 1.txt", "labels/d/b.txt", "data.yaml"]
        box_as_outline = "1 0.1 0.6 0.1 0.2 0.355 0.2 0.355 0.6\n"
        assert text(summary.path, "labels/pier 1.txt") == box_as_outline + "3 0.5 0.5 0.75 0.5 0.75 0.99 0.5 0.99\n"

    @pytest.mark.parametrize(
        ("fmt", "name", "split", "merged"),
        [
            ("yolo_v4", "classes.txt", "0 A\n1 é\n", "0 DET/KITE\n1 DET/BOAT\n2 SHAPES/A\n3 SHAPES/é\n"),
            (
                "yolo_v5",
                "data.yaml",
                "names:\n  0: A\n  1: é\n",
                "names:\n  0: DET/KITE\n  1: DET/BOAT\n  2: SHAPES/A\n  3: SHAPES/é\n",
            ),
            (
                "yolo_v7",
                "data.yaml",
                "nc: 2\nnames: ['A', 'é']\n",
                "nc: 4\nnames: ['DET/KITE', 'DET/BOAT', 'SHAPES/A', 'SHAPES/é']\n",
            ),
        ],
    )
    def test_the_files_that_name_the_classes(self, tmp_path, fmt, name, split, merged):
        given = project(jobs=TWO_JOBS)
        for one in {fmt, fmt.replace("7", "8")}:
            assert text(exported(tmp_path, self.LABELS, given=given, fmt=one).path, f"SHAPES/{name}") == split
            summary = exported(tmp_path, self.LABELS, given=given, fmt=one, layout="merged")
            assert text(summary.path, name) == merged

    def test_one_image_name_with_two_extensions_is_two_files(self, tmp_path):
        assets = [asset(1, "a.jpg"), asset(2, "a.PNG"), asset(3, "a")]
        summary = exported(tmp_path, [label(n) for n in (1, 2, 3)], assets)
        assert names(summary.path)[1:4] == [f"DET/labels/{stem}.txt" for stem in ("a", "a~2", "a~3")]
        assert summary.renamed == 2

    def test_several_labels_of_an_asset(self, tmp_path):
        several = {**asset(1), "latestLabels": [label(1), label(1, boxes(box("KITE")), id="second")]}
        summary = write(None, [several], project(), fmt="yolo_v5", to=tmp_path / "out.zip")
        assert text(summary.path, "DET/labels/1_label2.txt") == LINE.replace("1", "0", 1)

    def test_the_same_input_gives_the_same_bytes(self, tmp_path):
        found = [exported(tmp_path, self.LABELS, self.ASSETS, layout="merged").path.read_bytes() for _ in range(2)]
        assert found[0] == found[1]


class TestLines:
    def test_a_rectangle_is_the_upright_box_around_its_corners(self, tmp_path):
        turned = box(corners=((0.5, 0.25), (0.75, 0.5), (0.5, 0.75), (0.25, 0.5)))
        assert lines(tmp_path, turned) == "1 0.5 0.5 0.5 0.5\n"

    def test_numbers_are_written_as_they_are(self, tmp_path):
        drawn = region(ring([(0, 5e-08), (1, 0.0), (0.1 + 0.2, 1)]))
        assert lines(tmp_path, drawn) == "0 0 5e-8 1 0.0 0.30000000000000004 1\n"

    def test_holes_are_filled(self, tmp_path):
        assert lines(tmp_path, region(ring(SQUARE), ring(HOLE))) == "0 0.5 0.5 0.75 0.5 0.75 0.99 0.5 0.99\n"

    def test_each_part_of_a_region_has_a_line(self, tmp_path):
        drawn = region([ring(SQUARE), ring(HOLE)], [ring(HOLE)])
        assert lines(tmp_path, drawn) == "0 0.5 0.5 0.75 0.5 0.75 0.99 0.5 0.99\n0 0.55 0.6 0.6 0.6 0.6 0.7\n"

    @for_each(
        [
            (0, "1 0.1875 0.375 0.125 0.25\n"),
            (90, "1 0.375 0.8125 0.25 0.125\n"),
            (180, "1 0.8125 0.625 0.125 0.25\n"),
            (270, "1 0.625 0.1875 0.25 0.125\n"),
        ]
    )
    def test_a_rotation_is_undone(self, row, tmp_path):
        degrees, line = row
        drawn = box(corners=((0.125, 0.25), (0.125, 0.5), (0.25, 0.5), (0.25, 0.25)))
        assert lines(tmp_path, drawn, ROTATION_JOB={"rotation": degrees}) == line

    def test_shapes_are_clipped_to_the_image(self, tmp_path):
        over = box(corners=[(-0.5, 0.5), (0.5, 0.5), (0.5, 1.5), (-0.5, 1.5)])
        roof = region(ring([(0.5, -0.5), (1, 0.5), (0, 0.5)]))
        assert lines(tmp_path, over) == "1 0.25 0.75 0.5 0.5\n"
        found = lines(tmp_path, over, roof).splitlines()
        assert found == ["1 0.0 1.0 0.0 0.5 0.5 0.5 0.5 1.0", "0 0.25 0.0 0.75 0.0 1 0.5 0 0.5"]

    @pytest.mark.parametrize(
        "drawn",
        [
            box(corners=[(x + 1.5, y) for x, y in BOX]),
            region(ring([(x, y + 2) for x, y in SQUARE])),
        ],
    )
    def test_shapes_outside_are_reported(self, tmp_path, drawn):
        message = (
            r"asset `1\.png`, label `l1`: the \w+ lies outside the image \(at `jsonResponse\.DET\.annotations\[1\]`\)"
        )
        with pytest.raises(NotExportableLabelError, match=message):
            lines(tmp_path, box(), drawn)
        summary = exported(tmp_path, [label(1, boxes(drawn, box()))], on_error="skip")
        assert (summary.skipped, text(summary.path, "DET/labels/1.txt")) == (1, LINE)

    def test_shapes_without_area_are_left_out_and_counted(self, tmp_path):
        marker = {"type": "marker", "categories": [{"name": "BOAT"}], "point": {"x": 0.5, "y": 0.5}}
        summary = exported(tmp_path, [label(1, boxes(marker, box()))])
        assert text(summary.path, "DET/labels/1.txt") == LINE
        assert dict(summary.unsupported) == {"marker": 1}

    @for_each(
        [
            (box("NONE"), "the job `DET` has no category `NONE`.*annotations[1].categories[0].name"),
            ({**box(), "categories": []}, "without a category.*annotations[1].categories"),
            ({**box(), "categories": None}, "without a category"),
            ({key: value for key, value in box().items() if key != "boundingPoly"}, "a `rectangle` without geometry"),
            ({**box(), "boundingPoly": []}, "no ring.*annotations[1].boundingPoly"),
            ({**box(), "boundingPoly": [{}]}, "missing.*boundingPoly[0].normalizedVertices"),
            (box(corners=BOX[:3]), "a rectangle has 4 corners, not 3"),
            (region(ring(SQUARE[:2])), "a ring has 3 corners or more, not 2"),
            (box(corners=(*BOX[:3], (True, 0))), "must be a finite number.*normalizedVertices[3].x"),
            (box(corners=(*BOX[:3], (float("nan"), 0))), "must be a finite number"),
            (box(corners=(*BOX[:3], ("0", 0))), "must be a finite number"),
            (7, "an annotation must be an object"),
        ]
    )
    def test_broken_annotations_are_named_and_fatal_or_left_out(self, row, tmp_path):
        bad, message = row
        given = [label(1, boxes(box(), bad, box()))]
        with pytest.raises(NotExportableLabelError) as caught:
            exported(tmp_path, given)
        assert str(caught.value).startswith("asset `1.png`, label `l1`: ")
        assert all(part in str(caught.value) for part in message.split(".*"))
        summary = exported(tmp_path, given, on_error="skip")
        assert (summary.skipped, text(summary.path, "DET/labels/1.txt")) == (1, LINE * 2)

    @for_each([None, {}, {"annotations": None}, {"annotations": []}])
    def test_a_job_without_answers(self, answer, tmp_path):
        assert text(exported(tmp_path, [label(1, {"DET": answer})]).path, "DET/labels/1.txt") == ""

    @for_each([3, [], {"annotations": {}}, {"annotations": ""}, {"annotations": 0}])
    def test_a_job_response_of_the_wrong_shape(self, answer, tmp_path):
        with pytest.raises(NotExportableLabelError, match=r"asset `1\.png`, label `l1`: .* must be an? (list|object)"):
            exported(tmp_path, [label(1, {"DET": answer})])


class TestVideos:
    def test_a_file_for_each_frame_with_annotations(self, tmp_path):
        dense = {
            str(number): boxes(box()) if number in (1, 9) else {"DET": {"annotations": []}} for number in range(10)
        }
        sparse = {"5": boxes(box("KITE")), "104": boxes()}
        none = {"0": {}, "1": {}}
        labels = [label(1, sparse), label(2, dense), label(3, none)]
        assets = [asset(1, "z.mp4"), asset(2, "b"), asset(3, "c")]
        summary = exported(tmp_path, labels, assets, project("VIDEO"))
        assert names(summary.path)[1:] == [
            "DET/labels/z.mp4_006.txt",
            "DET/labels/z.mp4_105.txt",
            "DET/labels/b_02.txt",
            "DET/labels/b_10.txt",
            "DET/data.yaml",
            "DET/video_meta.json",
        ]
        assert text(summary.path, "DET/labels/z.mp4_006.txt") == LINE.replace("1", "0", 1)
        meta = {"b": ["b_02", "b_10"], "c": [], "z.mp4": ["z.mp4_006", "z.mp4_105"]}
        assert text(summary.path, "DET/video_meta.json") == json.dumps(meta, indent=4)

    def test_each_job_has_the_frames_with_its_annotations(self, tmp_path):
        shapes = {"annotations": [region(ring(SQUARE), category="A", kind="polygon")]}
        frames = {"0": boxes(), "1": {"SHAPES": shapes}, "2": {**boxes(), "SHAPES": shapes}}
        given = project("VIDEO", jobs=TWO_JOBS)
        content = [f"https://cdn.example.org/{number}" for number in range(3)]
        assets = [asset(1, "v", jsonContent=content)]
        summary = exported(tmp_path, [label(1, frames)], assets, given)
        assert read(summary.path, "DET/video_meta.json") == {"v": ["v_1", "v_3"]}
        assert read(summary.path, "SHAPES/video_meta.json") == {"v": ["v_2", "v_3"]}
        rows = list(csv.reader(StringIO(text(summary.path, "images/remote_assets.csv"))))
        assert rows[1:] == [["v", content[number], f"v_{number + 1}.txt"] for number in range(3)]
        merged = exported(tmp_path, [label(1, frames)], assets, given, layout="merged")
        assert read(merged.path, "video_meta.json") == {"v": ["v_1", "v_2", "v_3"]}

    def test_answers_about_the_whole_video_are_not_a_frame(self, tmp_path):
        frames = {"assetLevel": {"CLS": {"categories": [{"name": "A"}]}}, "0": boxes()}
        summary = exported(tmp_path, [label(1, frames)], [asset(1, "v")], project("VIDEO"))
        assert names(summary.path)[1:2] == ["DET/labels/v_1.txt"]

    def test_frames_and_their_labels_share_a_name(self, tmp_path):
        image = tmp_path / "frame.jpg"
        image.write_bytes(png())
        content = [f"https://cdn.example.org/{number}" for number in range(12)]
        summary = exported(
            tmp_path,
            [label(1, {"3": boxes()})],
            [asset(1, "clip.mp4", jsonContent=content)],
            project("VIDEO"),
            with_assets=True,
            fetch=lambda _, to: Fetched(image, "image/jpeg"),
        )
        found = names(summary.path)
        assert "DET/labels/clip.mp4_04.txt" in found
        assert [name for name in found if name.startswith("images/")] == [
            f"images/clip.mp4_{number:02}.jpg" for number in range(1, 13)
        ]

    def test_image_projects_tell_nothing_of_videos(self, tmp_path):
        assert not [name for name in names(exported(tmp_path, [label(1)]).path) if "video" in name]


class TestRemoteAssets:
    def rows(self, path):
        return list(csv.reader(StringIO(text(path, "images/remote_assets.csv"), newline="")))

    def test_where_the_images_are(self, tmp_path):
        assets = [
            asset(1, 'say "a, b".png', content="https://cdn.example.org/1?a=1,2"),
            asset(2, content=""),
            asset(3, "line\nbreak", content="https://cdn.example.org/3"),
        ]
        summary = exported(tmp_path, [label(n) for n in (1, 2, 3)], assets, project(jobs=TWO_JOBS))
        assert self.rows(summary.path) == [
            ["external id", "url", "label file"],
            ['say "a, b".png', "https://cdn.example.org/1?a=1,2", "say _a, b_.txt"],
            ["line\nbreak", "https://cdn.example.org/3", "line_break.txt"],
        ]
        assert text(summary.path, "images/remote_assets.csv").startswith("external id,url,label file\r\n")

    def test_without_a_url_there_is_no_file(self, tmp_path):
        assert "images/remote_assets.csv" not in names(exported(tmp_path, [label(1)]).path)

    def test_a_frame_without_a_url_has_that_of_the_video(self, tmp_path):
        film = asset(1, "v", content="https://cdn.example.org/v", jsonContent='{"0": "https://cdn.example.org/0"}')
        summary = exported(tmp_path, [label(1, {"0": boxes(), "1": boxes()})], [film], project("VIDEO"))
        assert [row[1:] for row in self.rows(summary.path)[1:]] == [
            ["https://cdn.example.org/0", "v_1.txt"],
            ["https://cdn.example.org/v", "v_2.txt"],
        ]

    def test_media_in_the_archive_have_no_row(self, tmp_path):
        (tmp_path / "1.png").write_bytes(png())
        summary = exported(tmp_path, [label(1)], [asset(1, content="1.png")], with_assets=True, media_root=tmp_path)
        assert [name for name in names(summary.path) if name.startswith("images/")] == ["images/1.png"]


class TestNamesOfClasses:
    HOSTILE = (
        "L'AVION", "A: B", "yes", "null", "~", "1", "0x1F", "1:30", "é", "two\nlines", "# x", "- x", "[a]", "{a: b}",
        '"', "'", "\\", "a\\nb", "", " ", " a ", "a #b", "%", "@a", "`", "!!int 3", "&a", "*a", "\ud800", "\x00",
        "\x85", "\u2028", "\ufeff", "🚲", "\U0010ffff", "a\tb", "2001-01-01", "NaN", ".inf", "Off", "=", "<<",
    )  # fmt: skip

    @for_each(product(VERSIONS[1:], ["split", "merged"]))
    def test_every_yaml_parser_reads_them(self, row, tmp_path):
        fmt, layout = row
        given = project(jobs={"J: 'x'": job(*self.HOSTILE)})
        summary = exported(tmp_path, [label(1, {})], given=given, fmt=fmt, layout=layout)
        with zipfile.ZipFile(summary.path) as archive:
            (path,) = (name for name in archive.namelist() if name.endswith("data.yaml"))
            found = yaml.safe_load(archive.read(path))
        read_back = list(found["names"].values()) if fmt == "yolo_v5" else found["names"]
        prefix = "J: 'x'/" if layout == "merged" else ""
        assert read_back == [prefix + name for name in self.HOSTILE]
        assert found.get("nc", len(self.HOSTILE)) == len(self.HOSTILE)
        assert list(found["names"]) == list(range(len(self.HOSTILE))) or fmt != "yolo_v5"

    @given(st.text(st.characters()))
    def test_any_text_is_read_back(self, name):
        assert yaml.safe_load(f"x:\n  0: {yaml_plain(name)}\n") == {"x": {0: name}}
        assert yaml.safe_load(f"x: [{yaml_quoted(name)}, 'b']\n") == {"x": [name, "b"]}

    def test_a_line_of_classes_txt_stays_one(self, tmp_path):
        given = project(jobs={"J": job("two\nlines", "a b", "\ud800")})
        summary = exported(tmp_path, [label(1, {})], given=given, fmt="yolo_v4")
        assert text(summary.path, "J/classes.txt") == "0 two\\nlines\n1 a b\n2 \\ud800\n"

    @for_each(VERSIONS)
    def test_a_job_without_categories(self, fmt, tmp_path):
        summary = exported(tmp_path, [label(1, {})], given=project(jobs={"J": job()}), fmt=fmt)
        names_file = names(summary.path)[-1]
        assert yaml.safe_load(text(summary.path, names_file)) in (
            None if fmt == "yolo_v4" else {"names": {}},
            {"nc": 0, "names": []},
        )


class TestRefusals:
    @for_each(
        product(
            [
                ({"single_file": True}, NotCompatibleOptions, "a single file"),
                ({"normalized_coordinates": False}, NotCompatibleOptions, "normalized_coordinates=False"),
                ({"given": project("PDF")}, NotCompatibleInputType, "IMAGE, VIDEO, not for those of type PDF"),
                (
                    {"given": project(jobs={"J": job("A", tools=["rectangle", "marker"])})},
                    NoCompatibleJobError,
                    "no job",
                ),
                ({"given": project(jobs={"CLS": JOBS["CLS"]})}, NoCompatibleJobError, "no job"),
            ],
            VERSIONS,
        )
    )
    def test_options_that_it_does_not_take(self, row, tmp_path):
        (options, error, message), fmt = row
        with pytest.raises(error, match=message):
            exported(tmp_path, [label(1)], fmt=fmt, **options)
        assert not (tmp_path / "out.zip").exists()

    def test_only_jobs_that_fit_are_written(self, tmp_path):
        given = project(jobs={"POINTS": job("P", tools=["marker"]), **JOBS, "ANY": job("X", tools=[])})
        summary = exported(tmp_path, [label(1)], given=given, layout="merged")
        assert text(summary.path, "data.yaml") == "names:\n  0: DET/KITE\n  1: DET/BOAT\n  2: ANY/X\n"


@pytest.mark.parametrize("layout", ["split", "merged"])
def test_nasty_names_lose_no_file_and_leave_no_folder(tmp_path, layout):
    jobs = {"../x": job("BOAT", tools=["rectangle"]), "images": job("KITE", tools=["rectangle"])}
    response = {"../x": {"annotations": [box()]}, "images": {"annotations": [box("KITE")]}}
    ids = [*NASTY, "a.jpg", "a.PNG", "a.jpg", "A.jpg/x"]
    assets = [asset(number, name, content=f"https://cdn.example.org/{number}") for number, name in enumerate(ids)]
    labels = [label(number, response) for number in range(len(ids))]
    summary = exported(tmp_path, labels, assets, project(jobs=jobs), layout=layout)
    found = names(summary.path)
    assert all(map(is_safe, found))
    assert len({fold(name) for name in found}) == len(found)
    in_labels = [name for name in found if "labels/" in name and name.endswith(".txt")]
    assert len(in_labels) == len(ids) * (2 if layout == "split" else 1)
    assert all(text(summary.path, name) for name in in_labels)
    rows = list(csv.reader(StringIO(text(summary.path, "images/remote_assets.csv"), newline="")))
    assert [row[1] for row in rows[1:]] == [one["content"] for one in assets]
    folder = "__x/" if layout == "split" else ""
    assert {os.path.normpath(f"{folder}labels/{row[2]}") for row in rows[1:]} <= set(found)


@pytest.mark.parametrize("fmt", VERSIONS[1:])
def test_supervision_reads_the_boxes_and_classes(tmp_path, fmt):
    import supervision

    sizes = {"1.png": (200, 100), "b c": (31, 57), "v1.2": (64, 48)}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(png(*size))
    assets = [asset(number, name, content=name) for number, name in enumerate(sizes)]
    drawn = {
        "1.png": [box(), box("KITE", ((0, 1), (0, 0), (1, 0), (1, 1)))],
        "b c": [box("KITE", ((0.9, 0.9), (0.9, 0.2), (0.3, 0.2), (0.3, 0.9)))],
        "v1.2": [],
    }
    labels = [label(number, {"DET": {"annotations": drawn[name]}}) for number, name in enumerate(sizes)]
    summary = write(
        labels,
        assets,
        project(),
        fmt=fmt,
        to=tmp_path / "out.zip",
        with_assets=True,
        fetch=lambda source, _: Fetched(tmp_path / source, "image/png"),
    )
    with zipfile.ZipFile(summary.path) as archive:
        archive.extractall(tmp_path / "out")
    out = tmp_path / "out"
    found = supervision.DetectionDataset.from_yolo(
        str(out / "images"), str(out / "DET/labels"), str(out / "DET/data.yaml")
    )
    assert found.classes == ["KITE", "BOAT"]
    assert len(found) == len(sizes)
    for path, image, detections in found:
        name = path.rpartition("/")[2]
        name = name if name in sizes else name.removesuffix(".png")
        height, width = image.shape[:2]
        assert (width, height) == sizes[name]
        boxes_px = [
            (min(xs) * width, min(ys) * height, max(xs) * width, max(ys) * height)
            for one in drawn[name]
            for xs, ys in [zip(*[(v["x"], v["y"]) for v in one["boundingPoly"][0]["normalizedVertices"]], strict=True)]
        ]
        assert detections.xyxy.tolist() == [pytest.approx(one, abs=0.01) for one in boxes_px]
        classes = [found.classes[number] for number in detections.class_id] if drawn[name] else []
        assert classes == [one["categories"][0]["name"] for one in drawn[name]]
