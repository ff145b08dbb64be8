"""`write`: options, the choice of labels, problems, and a file that is there only when all went well."""

import gc
import json
import os
import re
from datetime import datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kili_query as kq
from kili_query.counting import count
from kili_query.errors import ArgumentError, KiliQueryError, MalformedLabelError, OntologyError, QueryError, SourceError
from kili_query.export import (
    NoCompatibleJobError,
    NotCompatibleInputType,
    NotCompatibleOptions,
    NotExportableAssetError,
    NotExportableLabelError,
    UnknownChoiceError,
    write,
)
from kili_query.export.format import Entry, Format
from kili_query.export.formats import FORMATS
from tests.each import for_each
from tests.export.samples import asset, box, boxes, label, left_in, names, project, read, text
from tests.full_disk import files_at_most
from tests.strategies import written_times


class Unreadable:
    """Labels that fail when anything is read of them."""

    def __iter__(self):
        raise AssertionError("read before the options were checked")


def test_the_archive_and_what_it_says_of_itself(tmp_path):
    summary = write(
        [label(1)],
        [asset(1)],
        project(),
        fmt="kili",
        to=tmp_path / "a.zip",
        exported_at=datetime(2026, 11, 23, 11, 2, 55),
    )
    assert names(summary.path) == ["README.kili.txt", "labels/1.png.json"]
    assert text(summary.path, "README.kili.txt") == (
        "Exported Labels from KILI\n"
        "=========================\n"
        "\n"
        "- Project name: Harbour\n"
        "- Project identifier: prj9\n"
        "- Project description: toy\n"
        "- Project input type: IMAGE\n"
        "- Export date: 20261123-110255\n"
        "- Exported format: kili\n"
        "- Exported labels: latest\n"
    )


@for_each(
    [
        ({"fmt": "cocoa"}, NotCompatibleOptions, "did you mean `coco`"),
        ({"fmt": "x"}, NotCompatibleOptions, "choose one of kili, raw"),
        ({"layout": "both"}, NotCompatibleOptions, "`layout` must be one of 'split', 'merged', not 'both'"),
        ({"on_error": "ignore"}, NotCompatibleOptions, "`on_error`"),
        ({"export_type": "latest_from_lst_step"}, UnknownChoiceError, "did you mean 'latest_from_last_step'"),
        ({"export_type": "all"}, NotCompatibleOptions, "`export_type`"),
        ({"label_types": ["DEFAULT", "REVEIW"]}, UnknownChoiceError, "did you mean 'REVIEW'"),
        ({"label_types": "MINE"}, ArgumentError, "`label_types` must be one of 'AUTOSAVE', .* not 'MINE'"),
        ({"label_types": []}, UnknownChoiceError, "`label_types` is empty"),
        ({"normalized_coordinates": 1}, NotCompatibleOptions, "`normalized_coordinates`"),
        ({"annotation_modifier": max}, NotCompatibleOptions, "does not take an `annotation_modifier`"),
        ({"cut_videos": True}, NotCompatibleOptions, "with_assets"),
        ({"where": "DET.BOAT >"}, QueryError, "expected"),
        ({"where": "DET.BOOT"}, QueryError, "unknown category `BOOT`"),
        ({"fmt": "jsonl", "with_assets": True}, NotCompatibleOptions, "one file"),
        ({"fmt": "llm_v1", "project": project("LLM_RLHF")}, NotCompatibleOptions, "set `with_assets`"),
        ({"fmt": "llm_v1"}, NotCompatibleInputType, "LLM_RLHF"),
        ({"fmt": "jsonl", "layout": "merged"}, NotCompatibleOptions, "use `split`"),
        ({"fmt": "llm_v1", "with_assets": True}, NotCompatibleInputType, "LLM_RLHF"),
        ({"project": {"jobs": 3}}, OntologyError, "jobs"),
        ({"project": "/no/such/project.json"}, OntologyError, "cannot read"),
        (
            {"project": project(dataConnections=[{"id": "d"}]), "with_assets": True},
            NotCompatibleOptions,
            "data connection",
        ),
    ]
)
def test_wrong_options_are_reported_before_anything_is_read(row, tmp_path):
    options, error, message = row
    given = {"fmt": "kili", "project": project(), **options}
    with pytest.raises(error, match=message) as caught:
        write(Unreadable(), Unreadable(), given.pop("project"), to=tmp_path / "deep" / "a.zip", **given)
    assert isinstance(caught.value, KiliQueryError)
    assert isinstance(caught.value, ValueError)
    assert left_in(tmp_path) == []


def test_without_anything_to_read(tmp_path):
    with pytest.raises(NotCompatibleOptions, match="nothing to export"):
        write(None, None, project(), fmt="kili", to=tmp_path / "a.zip")


def test_a_format_that_holds_none_of_the_jobs():
    picky = Format(name="picky", open=lambda _: None, fits=lambda job: job.ml_task == "RANKING")
    from kili_query.export import Project

    with pytest.raises(NoCompatibleJobError, match="picky"):
        picky.jobs_of(Project.read(project()))


class TestTheFile:
    """It is there only once it is complete, and leaves nothing else behind."""

    def test_the_same_input_gives_the_same_bytes(self, tmp_path):
        for name in ("a", "b"):
            write([label(2), label(1)], [asset(1), asset(2)], project(), fmt="kili", to=tmp_path / name)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_a_folder_receives_an_archive_of_the_projects_name(self, tmp_path):
        summary = write([label(1)], [asset(1)], project(id="../evil"), fmt="kili", to=tmp_path)
        assert left_in(tmp_path) == [".._evil.zip".replace("..", "_", 1)]
        assert summary.path.parent == tmp_path

    def test_folders_above_it_are_made(self, tmp_path):
        write([label(1)], [asset(1)], project(), fmt="kili", to=tmp_path / "x" / "y" / "a.zip")
        assert left_in(tmp_path) == ["x", "x/y", "x/y/a.zip"]

    @pytest.mark.parametrize("on_error", ["raise", "skip"])
    def test_a_source_that_fails_leaves_what_was_there(self, tmp_path, on_error):
        (tmp_path / "a.zip").write_bytes(b"old")

        def labels():
            yield label(1)
            raise SourceError("the disk is gone")

        with pytest.raises(SourceError, match="the disk is gone"):
            write(labels(), [asset(1)], project(), fmt="kili", to=tmp_path / "a.zip", on_error=on_error)
        with pytest.raises(SourceError):
            write(labels(), [asset(1)], project(), fmt="kili", to=tmp_path / "new" / "b.zip", on_error=on_error)
        assert left_in(tmp_path) == ["a.zip"]
        assert (tmp_path / "a.zip").read_bytes() == b"old"

    def test_a_bad_label_leaves_what_was_there(self, tmp_path):
        write([label(1)], [asset(1)], project(), fmt="kili", to=tmp_path / "a.zip")
        before = (tmp_path / "a.zip").read_bytes()
        with pytest.raises(NotExportableLabelError):
            write([label(1), label(2, 3)], [asset(1), asset(2)], project(), fmt="kili", to=tmp_path / "a.zip")
        assert left_in(tmp_path) == ["a.zip"]
        assert (tmp_path / "a.zip").read_bytes() == before

    def test_an_input_is_not_overwritten(self, tmp_path):
        path = tmp_path / "labels.ndjson"
        path.write_text(json.dumps(label(1)))
        with pytest.raises(NotCompatibleOptions, match="is also an input"):
            write(path, [asset(1)], project(), fmt="kili", to=path)
        with pytest.raises(NotCompatibleOptions, match="is also an input"):
            write([str(path)], [asset(1)], project(), fmt="kili", to=os.path.join(tmp_path, ".", "labels.ndjson"))
        assert path.read_text() == json.dumps(label(1))

    def test_where_nothing_can_be_written(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(NotCompatibleOptions, match="cannot write"):
            write([label(1)], [asset(1)], project(), fmt="kili", to=tmp_path / "file" / "a.zip")
        with pytest.raises(NotCompatibleOptions, match="is a folder"):
            write([label(1)], [asset(1)], project(), fmt="jsonl", to=tmp_path)


class TestWhichLabels:
    def kept(self, tmp_path, labels, assets=None, **options):
        """The summary, and the ids of the labels that were written."""
        assets = [asset(1), asset(2)] if assets is None else assets
        summary = write(labels, assets, project(), fmt="jsonl", to=tmp_path / "out.jsonl", **options)
        return summary, [json.loads(line)["id"] for line in summary.path.read_text().splitlines()]

    def test_assets_keep_their_order_and_only_the_latest_label_counts(self, tmp_path):
        old = label(1, id="old", createdAt="2025-01-01T00:00:00.000Z")
        assert self.kept(tmp_path, [label(2), label(1), old])[1] == ["l1", "l2"]
        summary, found = self.kept(tmp_path, [label(2), label(1), old], export_type="normal")
        assert found == ["old", "l1", "l2"]
        assert (summary.assets, summary.labels) == (2, 3)

    @given(times=st.lists(written_times(), min_size=1, max_size=4))
    def test_times_are_compared_as_instants(self, tmp_path_factory, times):
        labels = [label(1, id=f"l{number}", createdAt=form) for number, (_, form) in enumerate(times)]
        moments = [moment for moment, _ in times]
        latest = max(range(len(times)), key=lambda number: (moments[number], number))
        tmp_path = tmp_path_factory.getbasetemp()
        assert self.kept(tmp_path, labels, [asset(1)])[1] == [f"l{latest}"]
        assert self.kept(tmp_path, None, [{**asset(1), "labels": labels}])[1] == [f"l{latest}"]
        in_order = self.kept(tmp_path, labels, [asset(1)], export_type="normal")[1]
        assert in_order == [f"l{number}" for number in sorted(range(len(times)), key=moments.__getitem__)]

    def test_a_time_that_is_none_leaves_open_which_label_is_the_latest(self, tmp_path):
        odd = label(1, id="odd", createdAt="yesterday")
        assert self.kept(tmp_path, [odd])[1] == ["odd"]  # the only one
        with pytest.raises(NotExportableAssetError, match=r"label `odd` may be the latest .* not a time: `yesterday`"):
            self.kept(tmp_path, [odd, label(1)])
        summary, found = self.kept(tmp_path, [odd, label(1)], on_error="skip")
        assert (found, summary.skipped) == (["l1"], 1)

    def test_of_two_at_the_same_time_the_last_counts(self, tmp_path):
        assert self.kept(tmp_path, [label(1), label(1, id="again")])[1] == ["again"]

    def test_types_of_labels(self, tmp_path):
        labels = [label(1, labelType="PREDICTION"), label(2, labelType="REVIEW")]
        summary, found = self.kept(tmp_path, labels)
        assert (found, summary.unlabeled, summary.orphans) == (["l2"], 1, 0)
        assert self.kept(tmp_path, labels, label_types=["PREDICTION"])[1] == ["l1"]

    def test_labels_that_were_sent_back(self, tmp_path):
        labels = [label(1, isSentBackToQueue=True), label(2, isSentBackToQueue=False)]
        assert self.kept(tmp_path, labels)[1] == ["l1", "l2"]
        assert self.kept(tmp_path, labels, include_sent_back_labels=False)[1] == ["l2"]
        silent = [label(1, isSentBackToQueue=None), label(2)]  # one is not known, the other does not say it
        assert self.kept(tmp_path, silent, include_sent_back_labels=False)[1] == ["l2"]

    def test_where(self, tmp_path):
        labels = [label(1), label(2, boxes(box("KITE")))]
        for where in ("DET.KITE.count >= 1", kq.parse("DET.KITE.count >= 1")):
            summary, found = self.kept(tmp_path, labels, where=where)
            assert (found, summary.filtered, summary.assets) == (["l2"], 1, 1)

    def test_labels_of_other_assets_and_assets_without_labels(self, tmp_path):
        summary, found = self.kept(tmp_path, [label(1), label(7)])
        assert (found, summary.orphans, summary.unlabeled) == (["l1"], 1, 1)

    def test_labels_may_name_their_asset_by_its_external_id(self, tmp_path):
        by_name = {key: value for key, value in label(1).items() if key != "assetId"}
        assert self.kept(tmp_path, [{**by_name, "labelOf": {"externalId": "1.png"}}])[1] == ["l1"]

    def test_but_not_when_two_assets_have_it(self, tmp_path):
        by_name = {key: value for key, value in label(1).items() if key != "assetId"}
        twins = [asset(1, "x"), asset(2, "x")]
        with pytest.raises(NotExportableAssetError, match="a second asset with the external id `x`"):
            self.kept(tmp_path, [{**by_name, "labelOf": {"externalId": "x"}}], twins)

    def test_assets_may_hold_their_labels(self, tmp_path):
        latest = {**asset(1), "latestLabel": label(1, id="own")}
        of_all = {**asset(2), "labels": [label(2), label(2, id="old", createdAt="2025")]}
        assert self.kept(tmp_path, None, [latest, of_all, asset(3)])[1] == ["own", "l2"]
        summary = write([latest, of_all], None, project(), fmt="jsonl", to=tmp_path / "x", export_type="normal")
        assert (summary.assets, summary.labels) == (2, 3)

    def test_labels_may_tell_their_assets(self, tmp_path):
        owned = [label(n, labelOf=asset(n, f"{n}.jpg")) for n in (2, 1)]
        write(owned, None, project(), fmt="kili", to=tmp_path / "a.zip")
        assert names(tmp_path / "a.zip")[1:] == ["labels/2.jpg.json", "labels/1.jpg.json"]

    def test_several_latest_labels(self, tmp_path):
        several = {**asset(1), "latestLabels": [label(1), None, label(1, id="second")]}
        write(None, [several], project(), fmt="kili", to=tmp_path / "a.zip")
        document = read(tmp_path / "a.zip", "labels/1.png.json")
        assert [one["id"] for one in document["latestLabels"]] == ["l1", "second"]


ANN, BO = {"id": "ann"}, {"email": "bo@example.org"}
ALL_FORMATS = ("kili", "raw", "jsonl", "parquet", "coco", "yolo_v4", "yolo_v5", "yolo_v7", "yolo_v8", "pascal_voc")


def in_step(key, author, step, second, *, is_last=True, **more):
    time = f"2026-01-01T00:00:{second:02}Z"
    return label(1, id=key, author=author, stepId=step, createdAt=time, isLastForStep=is_last, **more)


class TestLabelsOfSteps:
    LABELS = (
        in_step("late", BO, "s2", 9, labelType="REVIEW"),
        in_step("old", ANN, "s1", 1, is_last=False),
        in_step("ann", ANN, "s1", 3),
        in_step("bo", BO, "s1", 2),
        in_step("review", ANN, "s2", 4, labelType="REVIEW"),
    )
    OF_LAST, OF_ALL = ["review", "late"], ["bo", "ann", "review", "late"]

    def kept(self, tmp_path, labels, assets, export_type, **options):
        path = tmp_path / "out.jsonl"
        summary = write(labels, assets, project(), fmt="jsonl", to=path, export_type=export_type, **options)
        return summary, [json.loads(line)["id"] for line in path.read_text().splitlines()]

    @pytest.mark.parametrize(
        ("export_type", "found"), [("latest_from_last_step", OF_LAST), ("latest_from_all_steps", OF_ALL)]
    )
    def test_of_each_author(self, tmp_path, export_type, found):
        assert self.kept(tmp_path, list(self.LABELS), [asset(1)], export_type)[1] == found
        owner = {**asset(1), "labels": list(self.LABELS)}
        assert self.kept(tmp_path, None, [owner], export_type)[1] == found
        owned = [{**one, "labelOf": asset(1)} for one in self.LABELS]
        assert self.kept(tmp_path, owned, None, export_type)[1] == found

    def test_without_steps_all_authors_are_in_one(self, tmp_path):
        labels = [in_step("old", ANN, None, 1), in_step("bo", BO, None, 2), in_step("new", ANN, None, 3)]
        assert self.kept(tmp_path, labels, [asset(1)], "latest_from_last_step")[1] == ["bo", "new"]

    @pytest.mark.parametrize(
        ("field", "export_type", "message"),
        [
            ("stepId", "latest_from_last_step", "several labels, and `odd` does not name its step"),
            ("author", "latest_from_last_step", "several labels, and `odd` does not name its author"),
            ("isLastForStep", "latest_from_all_steps", "the label `odd` does not say whether it is the last of its"),
        ],
    )
    def test_what_labels_do_not_say(self, tmp_path, field, export_type, message):
        odd = {key: value for key, value in in_step("odd", ANN, "s1", 2).items() if key != field}
        for both in ([odd, in_step("bo", BO, "s1", 1)], [in_step("bo", BO, "s1", 1), odd]):
            with pytest.raises(NotExportableAssetError, match=message):
                self.kept(tmp_path, both, [asset(1)], export_type)
            summary, found = self.kept(tmp_path, both, [asset(1)], export_type, on_error="skip")
            assert (found, summary.skipped) == (["bo"], 1)
        if export_type == "latest_from_last_step":  # one label is the latest of whatever step
            assert self.kept(tmp_path, [odd], [asset(1)], export_type)[1] == ["odd"]

    @pytest.mark.parametrize(
        ("export_type", "field", "found"),
        [
            ("latest", "latestLabel", "late"),
            ("latest_from_last_step", "latestLabels", OF_LAST),
            ("latest_from_all_steps", "labels", OF_ALL),
        ],
    )
    def test_raw_exports_are_read_back(self, tmp_path, export_type, field, found):
        first, second = tmp_path / "a.zip", tmp_path / "b.zip"
        options = {"fmt": "raw", "export_type": export_type}
        write(list(self.LABELS), [asset(1)], project(), to=first, **options)
        document = read(first, "labels/1.png.json")[field]
        assert (document["id"] if field == "latestLabel" else [one["id"] for one in document]) == found
        write(first, None, project(), to=second, **options)
        assert first.read_bytes() == second.read_bytes()

    def test_one_label_of_the_last_step_is_a_list(self, tmp_path):
        options = {"fmt": "raw", "export_type": "latest_from_last_step"}
        write([label(1)], [asset(1)], project(), to=tmp_path / "a.zip", **options)
        assert [one["id"] for one in read(tmp_path / "a.zip", "labels/1.png.json")["latestLabels"]] == ["l1"]

    @for_each(ALL_FORMATS)
    def test_all_formats_hold_all_of_them(self, fmt, tmp_path):
        layout = {"layout": "merged"} if fmt == "pascal_voc" else {}
        for export_type, found in (
            ("latest", ["late"]),
            ("latest_from_last_step", self.OF_LAST),
            ("latest_from_all_steps", self.OF_ALL),
            ("normal", [*self.OF_ALL, "old"]),
        ):
            summary = write(
                list(self.LABELS), [asset(1)], project(), fmt=fmt, to=tmp_path / "a", export_type=export_type, **layout
            )
            assert (summary.assets, summary.labels, summary.skipped) == (1, len(found), 0)
            if fmt.startswith("yolo") or fmt == "pascal_voc":
                files = [name for name in names(tmp_path / "a") if "labels/1" in name]
                endings = [f"_label{number}" for number in range(1, len(found) + 1)] if len(found) > 1 else [""]
                assert [re.search(r"labels/1(.*)\.\w+$", name)[1] for name in files] == endings
                assert all(text(tmp_path / "a", name) for name in files)
            if fmt == "coco":
                document = read(tmp_path / "a", "DET/labels.json")
                assert (len(document["images"]), len(document["annotations"])) == (len(found), len(found))


@for_each(
    product(
        [False, True],
        [
            ({"7": {}, "8": boxes(), "007": {}}, r'a frame that is there twice.*jsonResponse\["007"\]'),
            ({"1" * 10: boxes()}, "the number of a frame has more than 9 digits"),
        ],
    )
)
def test_repeated_frames_and_numbers_that_are_too_long(row, tmp_path):
    as_text, (frames, message) = row
    content = json.dumps(frames) if as_text else frames
    for fmt in ("yolo_v5", "raw", "coco"):
        with pytest.raises(NotExportableLabelError, match=message):
            write([label(1, content)], [asset(1)], project("VIDEO"), fmt=fmt, to=tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"secondsToLabel": 2**70},
            r"label `l1`: a table cannot hold a whole number.*\(at `secondsToLabel`",
        ),
        ({"modelName": "\ud800"}, r"label `l1`: a table cannot hold half of a character: `\\ud800` \(at `modelName`"),
        ({"id": "\ud800"}, r"label `\\ud800`: .*\(at `id`"),
    ],
    ids=repr,
)
def test_values_that_parquet_cannot_hold_are_named(tmp_path, fields, message):
    odd, good = label(1, **fields), label(2)
    with pytest.raises(NotExportableLabelError, match=message):
        write([odd, good], [asset(1), asset(2)], project(), fmt="parquet", to=tmp_path / "a.parquet")
    summary = write(
        [odd, good], [asset(1), asset(2)], project(), fmt="parquet", to=tmp_path / "a.parquet", on_error="skip"
    )
    assert (summary.labels, summary.skipped) == (1, 1)


class TestRetiredJobs:
    """What labels answer to jobs that the interface no longer has."""

    CONTENT = boxes(box()) | {
        "OLD": {"annotations": [box(), box()]},
        "NOTE": {"text": "x"},
        "EMPTY": {"annotations": []},
        "NULL": None,
        "ROTATION_JOB": {"rotation": 0},
    }

    @for_each(product([False, True], ["geojson", "coco", "yolo_v5", "pascal_voc"]))
    def test_they_are_counted_and_named(self, row, tmp_path):
        as_text, fmt = row
        layout = {} if fmt in ("coco", "yolo_v5") else {"layout": "merged"}
        content = json.dumps(self.CONTENT) if as_text else self.CONTENT
        labels = [label(n, content) for n in (1, 2)]
        of_project = project("GEOSPATIAL" if fmt == "geojson" else "IMAGE")
        summary = write(labels, [asset(1), asset(2)], of_project, fmt=fmt, to=tmp_path / "a.zip", **layout)
        assert summary.to_dict()["retired"] == {"NOTE": 2, "OLD": 4}
        assert (summary.labels, summary.skipped) == (2, 6)
        assert [str(one) for one in summary.problems] == [
            "asset `1.png`, label `l1`: the interface has no job `OLD` (at `jsonResponse.OLD`)",
            "asset `1.png`, label `l1`: the interface has no job `NOTE` (at `jsonResponse.NOTE`)",
        ]
        told = "4 answers left out: the interface has no job `OLD`, which label `l1` of asset `1.png` answers first"
        assert told in str(summary)
        assert "skipped" not in str(summary)  # nothing is told twice
        assert "more" not in str(summary)

    def test_in_frames(self, tmp_path):
        frames = {str(number): boxes(box()) | {"OLD": {"annotations": [box()]}} for number in range(3)}
        summary = write([label(1, frames)], [asset(1)], project("VIDEO"), fmt="yolo_v5", to=tmp_path / "a.zip")
        assert summary.retired == {"OLD": 3}

    @pytest.mark.parametrize("fmt", ["coco", "yolo_v5", "pascal_voc"])
    def test_beside_the_frames(self, tmp_path, fmt):
        """Of a video as a whole, and at the root, where old labels have jobs."""
        content = {"0": boxes(box()), "OLD": {"annotations": [box(), box()]}, "DET": {"annotations": [box()]}}
        content |= {"assetLevel": {"CLS": {"categories": [{"name": "A"}]}, "GONE": {"text": "x"}}, "+7": boxes(box())}
        layout = {"layout": "merged"}
        summary = write([label(1, content)], [asset(1)], project("VIDEO"), fmt=fmt, to=tmp_path / "a.zip", **layout)
        assert summary.retired == {"+7": 1, "GONE": 1, "OLD": 2}
        assert [one.path for one in summary.problems] == [
            "jsonResponse.OLD",
            "jsonResponse.+7",
            "jsonResponse.assetLevel.GONE",
            "jsonResponse.DET",
        ]
        assert "the shapes of `DET` do not belong to a frame" in str(summary)
        whole = {"assetLevel": {"CLS": {"categories": [{"name": "A"}]}}}
        summary = write([label(1, whole)], [asset(1)], project("VIDEO"), fmt=fmt, to=tmp_path / "b.zip", **layout)
        assert (summary.labels, summary.skipped) == (1, 0)
        assert not [name for name in names(tmp_path / "b.zip") if name.startswith("labels/")]

    @pytest.mark.parametrize("fmt", ["coco", "yolo_v5", "pascal_voc"])
    def test_jobs_that_the_format_cannot_hold_are_named_too(self, tmp_path, fmt):
        tools = {"DOTS": ["marker"], "DET": ["rectangle"], "NOTE": []}
        tasks = {"NOTE": "TRANSCRIPTION"}
        jobs = {
            name: {
                "mlTask": tasks.get(name, "OBJECT_DETECTION"),
                "tools": of_job,
                "content": {"categories": {"BOAT": {"name": "Boat"}}},
            }
            for name, of_job in tools.items()
        }
        of_project = {"id": "p", "inputType": "IMAGE", "jsonInterface": {"jobs": jobs}}
        content = boxes(box()) | {"DOTS": {"annotations": [box(), box()]}, "NOTE": {"text": "x"}}
        layout = {"layout": "merged"} if fmt == "pascal_voc" else {}
        summary = write([label(1, content)], [asset(1)], of_project, fmt=fmt, to=tmp_path / "a.zip", **layout)
        assert summary.to_dict()["unfitting"] == {"DOTS": 2, "NOTE": 1}
        assert (summary.labels, summary.skipped) == (1, 0)
        assert f"2 answers left out: the format `{fmt}` cannot hold the job `DOTS`" in str(summary)

    @pytest.mark.parametrize("fmt", ["raw", "jsonl", "parquet"])
    def test_labels_that_are_written_whole_lose_nothing(self, tmp_path, fmt):
        summary = write([label(1, self.CONTENT)], [asset(1)], project(), fmt=fmt, to=tmp_path / "a")
        assert (summary.skipped, summary.retired, summary.unfitting) == (0, {}, {})


class TestProblems:
    CASES = (
        (label(1, None, jsonResponse=None), "label `l1`: `jsonResponse` is null", NotExportableLabelError),
        (label(1, "{"), "text that is not JSON", NotExportableLabelError),
        (label(1, [1]), "must be an object", NotExportableLabelError),
        (label(1, {"ROTATION_JOB": {"rotation": 45}}), "0, 90, 180 or 270", NotExportableLabelError),
        (label(1, {"J": {"text": float("nan")}}), "cannot be written as JSON", NotExportableLabelError),
    )

    @for_each(CASES)
    def test_a_bad_label_is_named_and_fatal_or_left_out(self, row, tmp_path):
        bad, reason, error = row
        to = tmp_path / "a.zip"
        with pytest.raises(error, match=f"asset `1.png`.*{reason}"):
            write([bad, label(2)], [asset(1), asset(2)], project(), fmt="kili", to=to)
        assert not to.exists()
        summary = write([bad, label(2)], [asset(1), asset(2)], project(), fmt="kili", to=to, on_error="skip")
        assert names(to)[1:] == ["labels/2.png.json"]
        assert (summary.skipped, summary.problems[0].asset) == (1, "1.png")
        assert reason.removeprefix("label `l1`: ") in summary.problems[0].reason

    def test_an_asset_without_a_name(self, tmp_path):
        with pytest.raises(NotExportableAssetError, match="without `externalId` and `id`"):
            write(None, [{"latestLabel": label(1)}], project(), fmt="kili", to=tmp_path / "a.zip")

    def test_a_list_of_labels(self, tmp_path):
        """What names no asset is none, and its labels tell theirs."""
        summary = write([{"labels": [label(1), label(2)]}], None, project(), fmt="kili", to=tmp_path / "a.zip")
        assert (summary.assets, names(tmp_path / "a.zip")[1:]) == (2, ["labels/as1.json", "labels/as2.json"])
        astray = {"labels": [label(1), {"id": "l2", "jsonResponse": {}}]}
        with pytest.raises(NotExportableAssetError, match=r"labels\[1\]: a label that does not name its asset"):
            write([astray], None, project(), fmt="kili", to=tmp_path / "a.zip")

    def test_text_that_is_not_json(self, tmp_path):
        path = tmp_path / "labels.ndjson"
        path.write_text(json.dumps(label(1)) + "\n{broken\n" + json.dumps(label(2)) + "\n")
        with pytest.raises(NotExportableAssetError, match=r"labels\.ndjson:2"):
            write(path, [asset(1), asset(2)], project(), fmt="kili", to=tmp_path / "a.zip")
        summary = write(path, [asset(1), asset(2)], project(), fmt="kili", to=tmp_path / "a.zip", on_error="skip")
        assert (summary.assets, summary.skipped) == (2, 1)

    def test_the_list_of_problems_is_short_and_their_number_exact(self, tmp_path):
        bad = [label(n, 3) for n in range(50)]
        assets = [asset(n) for n in range(50)]
        summary = write(bad, assets, project(), fmt="kili", to=tmp_path / "a.zip", on_error="skip")
        assert (summary.skipped, len(summary.problems)) == (50, 20)
        assert "… and 47 more" in str(summary)  # of one reason, the first three are enough
        assert summary.to_dict()["skipped"] == 50

    @for_each(product(["kili", "jsonl", "coco"], [True, False]))
    def test_a_label_that_is_nested_too_deeply(self, row, tmp_path):
        fmt, holds_its_label = row
        deep = {"x": 1}
        for _ in range(30_000):
            deep = {"x": deep}
        bad = label(1, {"DET": {"annotations": [box(children=deep)]}})
        given = [{**asset(1), "latestLabel": bad}, {**asset(2), "latestLabel": label(2)}] if holds_its_label else None
        sources = (None, given) if given else ([bad, label(2)], [asset(1), asset(2)])
        to = tmp_path / "a.zip"
        if (fmt, holds_its_label) != ("coco", True):  # which does not look at children
            with pytest.raises((NotExportableAssetError, NotExportableLabelError), match=r"nested too deep|recursion"):
                write(*sources, project(), fmt=fmt, to=to)
            assert not to.exists()
        summary = write(*sources, project(), fmt=fmt, to=to, on_error="skip")
        assert summary.assets == (2 if (fmt, holds_its_label) == ("coco", True) else 1)
        while deep != 1:  # else taking it apart would go as deep
            deep = deep.pop("x")

    def test_files_and_objects_give_the_same_documents(self, tmp_path):
        awkward = [0.5, 1e-05, 1e-7, 1e22, "null", "é", "\x7f", None, {"b": 1, "a": -0.0}]
        labels = [label(n, {"DET": {"annotations": [box(children={"x": one})]}}) for n, one in enumerate(awkward, 1)]
        assets = [{**asset(n), "jsonMetadata": {"z": None, "y": [None]}} for n in range(1, len(awkward) + 1)]
        for name, rows in (("labels", labels), ("assets", assets)):
            (tmp_path / f"{name}.ndjson").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        files = (tmp_path / "labels.ndjson", tmp_path / "assets.ndjson")
        of_files = write(*files, project(), fmt="kili", to=tmp_path / "files.zip")
        of_objects = write(labels, assets, project(), fmt="kili", to=tmp_path / "objects.zip")
        assert of_files.assets == len(awkward)
        assert of_files.path.read_bytes() == of_objects.path.read_bytes()
        documents = [json.loads(text(of_files.path, f"labels/{n}.png.json")) for n in range(1, len(awkward) + 1)]
        assert [document["jsonMetadata"] for document in documents] == [one["jsonMetadata"] for one in assets]

    def test_a_number_too_large_for_a_float_does_not_become_null(self, tmp_path):
        line = json.dumps(label(1, {"DET": {"annotations": [box(children={"x": 12345})]}})).replace("12345", "1e999")
        path = tmp_path / "labels.ndjson"
        path.write_text(line, encoding="utf-8")
        with pytest.raises((NotExportableAssetError, NotExportableLabelError), match="JSON"):
            write(path, [asset(1)], project(), fmt="kili", to=tmp_path / "a.zip")
        (tmp_path / "assets.ndjson").write_text(json.dumps(asset(1)), encoding="utf-8")
        with pytest.raises((NotExportableAssetError, NotExportableLabelError), match="JSON"):
            write(path, tmp_path / "assets.ndjson", project(), fmt="kili", to=tmp_path / "a.zip")

    @pytest.mark.parametrize("value", [{1, 2}, lambda: 1, (one for one in ())], ids=["set", "function", "generator"])
    def test_values_that_json_cannot_hold(self, tmp_path, value):
        bad = label(1, {"DET": {"annotations": [box(children={"x": value})]}})
        with pytest.raises((NotExportableAssetError, NotExportableLabelError), match="JSON"):
            write([bad], [asset(1)], project(), fmt="kili", to=tmp_path / "a.zip")
        summary = write(
            [bad, label(2)], [asset(1), asset(2)], project(), fmt="kili", to=tmp_path / "a", on_error="skip"
        )
        assert (summary.assets, summary.skipped) == (1, 1)

    @pytest.mark.parametrize(("fmt", "options"), [("kili", {"single_file": True}), ("parquet", {}), ("coco", {})])
    def test_no_file_stays_open(self, tmp_path, fmt, options):
        gc.freeze()  # so that only what is made here is looked at
        try:
            with pytest.raises(NotExportableLabelError):
                write([label(1), label(2, 3)], [asset(1), asset(2)], project(), fmt=fmt, to=tmp_path / "a", **options)
            gc.collect()  # a file that is still open would warn, which fails tests here
        finally:
            gc.unfreeze()
        assert left_in(tmp_path) == []

    def test_an_image_in_coordinates_of_the_earth_is_refused(self, tmp_path, monkeypatch):
        class Picky:
            def asset(self, asset):
                return [Entry(f"{asset.stem}.txt", b"x")]

            def close(self):
                return ()

        from types import SimpleNamespace

        from kili_query.export import formats

        made = SimpleNamespace(PICKY=Format(name="picky", open=lambda _: Picky()))
        monkeypatch.setitem(FORMATS, "picky", ("picky", "PICKY"))
        monkeypatch.setattr(formats, "load", lambda *_: made)
        geotiff = asset(1, jsonContent=[{"useClassicCoordinates": False, "epsg": "EPSG4326"}])
        tiled = asset(2, jsonContent=[{"useClassicCoordinates": False, "epsg": "TiledImage"}])
        with pytest.raises(NotCompatibleOptions, match=r"asset `1\.png`: it is labeled in coordinates of the earth"):
            write([label(1)], [geotiff], project(), fmt="picky", to=tmp_path / "a.zip")
        summary = write(
            [label(1), label(2)], [geotiff, tiled], project(), fmt="picky", to=tmp_path / "a.zip", on_error="skip"
        )
        assert (summary.assets, summary.skipped) == (1, 1)


@for_each(["coco", "yolo_v8", "pascal_voc", "parquet"])
def test_null_means_the_same_as_in_counting(fmt, tmp_path):
    """Null in place of a list is a list of nothing; null in place of an annotation is malformed."""
    layout = "split" if fmt == "parquet" else "merged"
    absent, broken = ({"DET": {"annotations": one}} for one in (None, [None]))
    assert count(absent) == {}
    assert write([label(1, absent)], [asset(1)], project(), fmt=fmt, layout=layout, to=tmp_path / "a").labels == 1
    with pytest.raises(MalformedLabelError):
        count(broken)
    reason = r"label `l1`: an \w+ (is no|must be an) object \(at `.*DET.annotations\[0\]`"
    with pytest.raises(NotExportableLabelError, match=reason):
        write([label(1, broken)], [asset(1)], project(), fmt=fmt, layout=layout, to=tmp_path / "b")
    summary = write(
        [label(1, broken)], [asset(1)], project(), fmt=fmt, layout=layout, to=tmp_path / "c", on_error="skip"
    )
    assert summary.skipped == 1


def test_metadata_of_a_wrong_kind_does_not_become_an_empty_cell(tmp_path):
    labels = [label(1, secondsToLabel=5), label(2, secondsToLabel="5")]
    assets = [asset(1), asset(2)]
    with pytest.raises(
        NotExportableLabelError, match=r"label `l2`: it must be a number, not `'5'` \(at `secondsToLabel`"
    ):
        write(labels, assets, project(), fmt="parquet", to=tmp_path / "a.parquet")
    summary = write(labels, assets, project(), fmt="parquet", to=tmp_path / "a.parquet", on_error="skip")
    assert (summary.labels, summary.skipped) == (1, 1)


def test_a_format_of_ones_own_gets_checked_annotations(tmp_path):
    """What a writer is given: annotations with shapes, the bad ones told."""
    from types import SimpleNamespace

    from kili_query.export import formats

    seen = []

    class Reader:
        def __init__(self, export):
            self.export = export

        def asset(self, asset):
            for one in asset.labels:
                for frame in one.frames:
                    found = self.export.annotations(asset, one, frame)
                    seen.extend((asset.file_stem(one, frame), each.category, each.path) for each in found)
            return ()

        def close(self):
            return ()

    fits = Format(name="own", open=Reader, fits=lambda job: job.ml_task == "OBJECT_DETECTION")
    bad = [box("NONE"), {**box(), "categories": []}, {**box(), "boundingPoly": []}, "x", None, {}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FORMATS, "own", ("own", "OWN"))
        patch.setattr(formats, "load", lambda *_: SimpleNamespace(OWN=fits))
        summary = write(
            [label(1, {**boxes(*bad, box()), "CLS": {"categories": []}, "OTHER": 3})],
            [asset(1)],
            project(),
            fmt="own",
            to=tmp_path / "a.zip",
            on_error="skip",
        )
    assert seen == [("1.png", "BOAT", "jsonResponse.DET.annotations[6]")]
    assert [str(problem) for problem in summary.problems] == [
        "asset `1.png`, label `l1`: the job `DET` has no category `NONE` "
        "(at `jsonResponse.DET.annotations[0].categories[0].name`)",
        "asset `1.png`, label `l1`: an annotation without a category (at `jsonResponse.DET.annotations[1].categories`)",
        "asset `1.png`, label `l1`: no ring (at `jsonResponse.DET.annotations[2].boundingPoly`)",
        "asset `1.png`, label `l1`: an annotation must be an object (at `jsonResponse.DET.annotations[3]`)",
        "asset `1.png`, label `l1`: an annotation must be an object (at `jsonResponse.DET.annotations[4]`)",
        "asset `1.png`, label `l1`: the interface has no job `OTHER` (at `jsonResponse.OTHER`)",
    ]


class TestWhatIsNoAsset:
    @pytest.mark.parametrize(
        ("labels", "assets", "message"),
        [
            ([label(1, boxes())], [label(1, boxes())], "not an asset: this looks like labels"),
            ([asset(1)], [label(1, boxes())], "not an asset: this looks like labels"),
            ([label(1, boxes())], [project()], "not an asset: this looks like a project"),
        ],
    )
    def test_a_problem_is_reported(self, tmp_path, labels, assets, message):
        with pytest.raises(NotExportableAssetError, match=message):
            write(labels, assets, project(), fmt="raw", to=tmp_path / "a.zip")


class TestWhatIsNoLabel:
    @for_each(
        [
            ({"hello": 1}, "neither a label nor an asset"),
            ({"J": {"annotations": []}}, "and no `id`: this looks like the content of a label, without the label"),
            ({}, "neither a label nor an asset"),
            ({"id": "l1", "jsonResponse": boxes()}, "does not name its asset"),
            ({"id": "l1", "jsonResponse": boxes(), "labelOf": {"id": None}}, "does not name its asset"),
            ({"id": "l1", "labelType": "DEFAULT", "assetId": "as1"}, "label `l1`: no `jsonResponse`"),
        ]
    )
    def test_it_is_named_and_fatal_or_left_out(self, case, tmp_path):
        row, message = case
        rows = [label(2), row]
        with pytest.raises(ValueError, match=message):
            write(rows, None, project(), fmt="kili", to=tmp_path / "out.zip")
        summary = write(rows, None, project(), fmt="kili", to=tmp_path / "out.zip", on_error="skip")
        assert (summary.labels, summary.skipped, summary.unlabeled) == (1, 1, 0)

    def test_an_asset_that_nobody_labeled_is_none_of_these(self, tmp_path):
        summary = write([asset(1)], None, project(), fmt="kili", to=tmp_path / "out.zip")
        assert (summary.labels, summary.skipped, summary.unlabeled) == (0, 0, 1)


NAN = {"DET": {"annotations": []}, "NOTE": [{"text": "a"}, {"text": float("nan")}]}


class TestWhatJsonHasNot:
    @pytest.mark.parametrize(
        ("fmt", "message"),
        [
            ("kili", r"that has no number `nan` \(at `latestLabel\.jsonResponse\.NOTE\[1\]\.text`\)"),
            ("jsonl", r"label `l1`: .*that has no number `nan` \(at `jsonResponse\.NOTE\[1\]\.text`\)"),
        ],
    )
    def test_the_number_is_named(self, tmp_path, fmt, message):
        with pytest.raises(ValueError, match="asset `as1`: .*" + message):
            write([label(1, NAN)], None, project(), fmt=fmt, to=tmp_path / "out")

    def test_a_value_that_holds_itself_is_not_json(self, tmp_path):
        more = []
        more.append(more)
        with pytest.raises(ValueError, match="circular"):
            write([{**asset(1), "more": more, "latestLabel": label(1)}], None, project(), fmt="kili", to=tmp_path / "x")

    def test_a_count_that_fails_is_named(self, tmp_path):
        with pytest.raises(ValueError, match=r"label `l1`: .*\(at `jsonResponse\.DET\.annotations`\)"):
            write([label(1, {"DET": {"annotations": 3}})], None, project(), fmt="parquet", to=tmp_path / "out")


def test_a_size_that_is_none_is_shown(tmp_path):
    given = asset(1, resolution={"width": -5, "height": "abc"})
    with pytest.raises(NotExportableAssetError, match=r"its `resolution` must be a size, not \{'width': -5"):
        write([label(1)], [given], project(), fmt="coco", to=tmp_path / "out.zip")


def test_a_full_disk_is_named(tmp_path):
    whole = {**asset(1), "latestLabel": label(1), "jsonMetadata": {"noise": os.urandom(200_000).hex()}}
    with (
        files_at_most(100_000),
        pytest.raises(NotCompatibleOptions, match=r"cannot write `.*out\.zip`: File too large"),
    ):
        write([whole], None, project(), fmt="kili", to=tmp_path / "out.zip")
    assert left_in(tmp_path) == []
    with files_at_most(1000), pytest.raises(NotCompatibleOptions, match=r"folder of temporary files: .*TMPDIR"):
        write([label(1)], None, project(), fmt="kili", to=tmp_path / "out.zip")
    assert left_in(tmp_path) == []


def test_the_jobs_that_do_not_fit_are_named(tmp_path):
    marker = {"M": {"mlTask": "OBJECT_DETECTION", "tools": ["marker"], "content": {"categories": {}}}}
    with pytest.raises(NoCompatibleJobError, match=r"`yolo_v5` can hold no job of the project: it has `M` \(marker\)"):
        write([label(1)], None, project(jobs=marker), fmt="yolo_v5", to=tmp_path / "out.zip")


def test_only_archives_rename(tmp_path):
    summary = write([label(1, externalId="../x")], None, project(), fmt="jsonl", to=tmp_path / "out.ndjson")
    assert summary.renamed == 0


def test_a_folder_of_media_that_is_not_there(tmp_path):
    with pytest.raises(NotCompatibleOptions, match="`media_root` is not a folder"):
        write([label(1)], None, project(), fmt="kili", to=tmp_path / "x", with_assets=True, media_root=tmp_path / "no")
