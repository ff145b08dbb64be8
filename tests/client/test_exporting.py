"""Exports from a server: what is asked of it, what is written, and what is said before anything is sent."""

import json
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pyarrow.parquet as pq
import pytest
from PIL import Image

import kili_query as kq
import kili_query.export as kq_export
from kili_query.client import KiliClient, exporting
from kili_query.client.contents import OnMalformed
from kili_query.errors import ArgumentError, IncompatibleArgumentsError, NotFound, QueryError, TransportError
from kili_query.export import (
    FORMATS,
    DownloadError,
    NotCompatibleInputType,
    NotCompatibleOptions,
    NotExportableLabelError,
    format_named,
)
from kili_query.protocol import ExportType
from kili_query.sandbox import Sandbox
from tests.client import list_server

DEMO = Path(kq.__file__).parent / "demo"
DETECTION = {
    "mlTask": "OBJECT_DETECTION",
    "instruction": "Objects",
    "isChild": False,
    "required": 0,
    "tools": ["rectangle"],
    "content": {"input": "radio", "categories": {"CAR": {"name": "Car", "children": []}}},
}
NOTE = {"mlTask": "TRANSCRIPTION", "instruction": "Note", "isChild": False, "content": {"input": "textField"}}


def box(x: float) -> dict[str, Any]:
    ring = [{"x": x, "y": 0.8}, {"x": x, "y": 0.2}, {"x": x + 0.25, "y": 0.2}, {"x": x + 0.25, "y": 0.8}]
    parts = [{"normalizedVertices": ring}]
    return {"mid": f"m{x}", "type": "rectangle", "categories": [{"name": "CAR"}], "boundingPoly": parts}


def label(number: int, cars: int) -> dict[str, Any]:
    return {
        "id": f"label-{number}",
        "labelType": "DEFAULT",
        "labelOf": {"id": f"asset-{number}", "externalId": f"{number}.png"},
        "jsonResponse": {"OBJECTS": {"annotations": [box(index / 8) for index in range(cars)]}},
        "createdAt": f"2024-01-01T00:00:{number:02}.000Z",
    }


def write_json(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def project(**jobs: object) -> dict[str, Any]:
    return {"id": "p1", "title": "Cars", "inputType": "IMAGE", "jsonInterface": {"jobs": jobs}}


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    with Sandbox(project=DEMO / "project.json", labels=DEMO / "labels.ndjson") as served:
        yield served


@pytest.fixture
def client(demo: Sandbox) -> Iterator[KiliClient]:
    with KiliClient(demo.api_key, demo.endpoint) as opened:
        yield opened


@pytest.fixture
def pictures(tmp_path: Path) -> Iterator[tuple[Path, str, list[dict[str, str]]]]:
    """A web server of a folder: the folder, its URL, and the headers of each request."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    seen: list[dict[str, str]] = []

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield folder, f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class TestWhatIsWritten:
    def test_all_labeled_assets(self, client: KiliClient, demo: Sandbox, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "labels.zip"
        assert client.export_labels(demo.project_id, path, "raw", with_assets=False) is None
        assert len([name for name in names(path) if name.startswith("labels/")]) == 34
        offline = kq.scan(path, "OBJECTS.PERSON.count >= 3")
        assert len(list(offline)) == client.count_labels(demo.project_id, category_search="OBJECTS.PERSON.count >= 3")

    def test_the_same_labels_give_the_same_bytes(self, client: KiliClient, demo: Sandbox, tmp_path: Path) -> None:
        for name in ("a.zip", "b.zip"):
            client.export_labels(demo.project_id, tmp_path / name, "kili", single_file=True, with_assets=False)
        assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
        assert names(tmp_path / "a.zip") == ["README.kili.txt", "data.json"]

    @pytest.mark.filterwarnings("ignore:.* left out:UserWarning")
    @pytest.mark.parametrize("fmt", [name for name in FORMATS if format_named(name).has_only_shapes])
    def test_formats_of_shapes_need_no_authors_or_metadata(
        self, client: KiliClient, demo: Sandbox, tmp_path: Path, fmt: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        layout: Literal["split", "merged"] = "merged" if fmt == "pascal_voc" else "split"
        of_shapes, of_all = tmp_path / "a.zip", tmp_path / "b.zip"
        with monkeypatch.context() as patched:
            patched.setattr(exporting, "_DETAILS", ())
            client.export_labels(demo.project_id, of_all, fmt, layout=layout, with_assets=False)
        client.export_labels(demo.project_id, of_shapes, fmt, layout=layout, with_assets=False)
        assert of_shapes.read_bytes() == of_all.read_bytes()

    def test_into_a_folder(self, client: KiliClient, demo: Sandbox, tmp_path: Path) -> None:
        client.export_labels(demo.project_id, tmp_path, "raw", with_assets=False)
        assert [path.name for path in tmp_path.iterdir()] == [f"{demo.project_id}.zip"]

    @pytest.mark.parametrize("search", ["OBJECTS.PERSON.count >= 3", "not OBJECTS.PERSON", "OBJECTS.count > 10"])
    def test_of_a_category_search(self, client: KiliClient, demo: Sandbox, tmp_path: Path, search: str) -> None:
        path, filters = tmp_path / "a.zip", {"label_category_search": search, "external_id_in": ["0"]}
        client.export_labels(demo.project_id, path, "raw", with_assets=False, asset_filter_kwargs=filters)
        assert filters == {"label_category_search": search, "external_id_in": ["0"]}  # the caller's, left as it was
        wanted = client.assets(demo.project_id, fields=["id"], label_type_in=["DEFAULT", "REVIEW"], **filters)
        assert 0 < len(names(path)) - 1 == len(wanted) < 34

    def test_of_some_assets(self, client: KiliClient, demo: Sandbox, tmp_path: Path) -> None:
        some = client.assets(demo.project_id, fields=["id", "externalId"], first=2)
        by_id, by_external_id = tmp_path / "a.zip", tmp_path / "b.zip"
        client.export_labels(demo.project_id, by_id, "raw", [one["id"] for one in some], with_assets=False)
        external_ids = [one["externalId"] for one in some]
        client.export_labels(demo.project_id, by_external_id, "raw", external_ids=external_ids, with_assets=False)
        assert names(by_id)[1:] == [f"labels/{name}.json" for name in sorted(external_ids)]
        assert by_id.read_bytes() == by_external_id.read_bytes()

    def test_what_cannot_be_written_is_left_out_and_told(self, tmp_path: Path) -> None:
        wrong = label(2, 1) | {"jsonResponse": {"OBJECTS": {"annotations": "none"}}}
        labels = write_json(tmp_path / "labels.ndjson", label(1, 1), label(3, 2))
        served = write_json(tmp_path / "project.json", project(OBJECTS=DETECTION))
        with Sandbox(project=served, labels=labels) as sandbox, KiliClient(sandbox.api_key, sandbox.endpoint) as opened:
            opened.append_labels(asset_id_array=["asset-1"], json_response_array=[wrong["jsonResponse"]])
            with pytest.raises(ValueError, match=r"asset `1\.png`.*jsonResponse\.OBJECTS\.annotations"):
                opened.export_labels("p1", tmp_path / "a.zip", "yolo_v5", with_assets=False)
            assert not (tmp_path / "a.zip").exists()
            with pytest.warns(UserWarning, match=r"1 skipped[\s\S]*asset `1\.png`"):
                opened.export_labels("p1", tmp_path / "a.zip", "yolo_v5", with_assets=False, on_error="skip")
        assert "OBJECTS/labels/3.txt" in names(tmp_path / "a.zip")

    def test_what_a_format_cannot_hold_is_told_as_by_the_command(self, tmp_path: Path) -> None:
        marker = {"mid": "p", "type": "marker", "categories": [{"name": "CAR"}], "point": {"x": 0.1, "y": 0.1}}
        response = {"OBJECTS": {"annotations": [box(0), marker]}, "NOTE": {"text": "x"}}
        labels = write_json(tmp_path / "labels.ndjson", label(1, 1) | {"jsonResponse": response})
        served = write_json(tmp_path / "project.json", project(OBJECTS=DETECTION, NOTE=NOTE))
        with Sandbox(project=served, labels=labels) as sandbox, KiliClient(sandbox.api_key, sandbox.endpoint) as opened:
            with pytest.warns(UserWarning, match="1 annotation left out: no `marker`") as warned:
                opened.export_labels("p1", tmp_path / "a.zip", "yolo_v5", with_assets=False)
            told = kq_export.write(labels, None, served, fmt="yolo_v5", to=tmp_path / "b.zip")
            opened.export_labels("p1", tmp_path / "a.jsonl", "jsonl", with_assets=False)
        assert [str(one.message).split("\n") for one in warned] == [told.left_out]
        assert all(f"  {line}" in str(told).split("\n") for line in told.left_out)
        assert len(told.left_out) == 2

    @pytest.mark.parametrize("text", ["{", "", "null", '{"OBJECTS": {"annotations": []}', "[]"])
    @pytest.mark.parametrize("on_malformed", ["raise", "skip"])
    def test_a_content_that_cannot_be_read_is_no_matter_of_the_list(
        self, tmp_path: Path, text: str, on_malformed: OnMalformed
    ) -> None:
        path, rows = tmp_path / "a.zip", [list_server.label(number, cars=0) for number in range(3)]
        rows[1]["jsonResponse"] = text
        assets = [{"id": row["assetId"], "externalId": f"{row['id']}.png", "latestLabel": row} for row in rows]
        with (
            list_server.serve_lists(labels=rows, assets=assets) as served,
            KiliClient(list_server.KEY, served.endpoint, on_malformed=on_malformed) as opened,
        ):
            with pytest.raises(NotExportableLabelError, match=r"asset `label-1\.png`, label `1`: "):
                opened.export_labels("project-1", path, "yolo_v5", with_assets=False)
            assert not path.exists()
            with pytest.warns(UserWarning, match=r"1 skipped[\s\S]*asset `label-1\.png`, label `1`: "):
                opened.export_labels("project-1", path, "yolo_v5", with_assets=False, on_error="skip")
        assert [name for name in names(path) if "/labels/" in name] == [
            f"OBJECTS/labels/label-{number}.txt" for number in (0, 2)
        ]

    def test_no_job_that_fits(self, tmp_path: Path) -> None:
        labels = write_json(tmp_path / "labels.ndjson", label(1, 0) | {"jsonResponse": {"NOTE": {"text": "x"}}})
        served = write_json(tmp_path / "project.json", project(NOTE=NOTE))
        with Sandbox(project=served, labels=labels) as sandbox, KiliClient(sandbox.api_key, sandbox.endpoint) as opened:
            with pytest.warns(UserWarning, match="nothing is exported: the format `coco` can hold no job"):
                assert opened.export_labels("p1", tmp_path / "a.zip", "coco", with_assets=False) is None
            assert not (tmp_path / "a.zip").exists()


def exported(path: Path) -> object:
    """What an export holds, but for what says when it was made, and what of it."""
    if not zipfile.is_zipfile(path):
        return pq.read_table(path).to_pylist() if path.suffix == ".parquet" else path.read_text()
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.startswith("README")}


def labels_in_exports(path: Path, fmt: str) -> dict[str, str]:
    """The ids of the labels of each asset."""
    found: dict[str, list[str]] = {}
    if fmt == "raw":
        with zipfile.ZipFile(path) as archive:
            assets = [json.loads(archive.read(name)) for name in archive.namelist() if name.startswith("labels/")]
        for asset in assets:
            several = asset.get("latestLabels", asset.get("labels"))
            labels = [asset["latestLabel"]] if several is None else several
            found[asset["id"]] = [f"l{one['createdAt'][18]}" for one in labels]  # it has no ids of labels
    elif fmt == "jsonl":
        for line in path.read_text().splitlines():
            row = json.loads(line)
            found.setdefault(row["labelOf"]["id"], []).append(f"l{row['createdAt'][18]}")
    else:
        for row in pq.read_table(path).to_pylist():
            found.setdefault(row["assetId"], []).append(f"l{row['createdAt'][18]}")
    return {asset: " ".join(ids) for asset, ids in found.items()}


Reviewed: TypeAlias = tuple[KiliClient, tuple[Path, Path, Path]]


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    """A client of a project with two steps, and its labels, assets and project as files."""
    folder = tmp_path_factory.mktemp("reviewed")
    ann, bo = ({"id": name, "email": f"{name}@example.com"} for name in ("ann", "bo"))
    rows = [
        label(1, 1) | {"id": "l1", "author": ann, "stepId": "s1", "isLastForStep": False},
        label(1, 2) | {"id": "l2", "author": ann, "stepId": "s1", "isLastForStep": True},
        label(1, 1) | {"id": "l3", "author": bo, "stepId": "s1", "isLastForStep": True},
        label(1, 3) | {"id": "l4", "author": ann, "stepId": "s2", "isLastForStep": True, "labelType": "REVIEW"},
        label(1, 1) | {"id": "l5", "author": bo, "stepId": "s2", "isLastForStep": True, "labelType": "REVIEW"},
        label(2, 1) | {"id": "l6", "author": bo, "stepId": "s1", "isLastForStep": True},
    ]
    for second, row in enumerate(rows, 1):
        row |= {"createdAt": f"2024-01-01T00:00:{second:02}.000Z", "isSentBackToQueue": row["id"] == "l5"}
    known = {"resolution": {"width": 80, "height": 40}}
    steps = [{"id": "s1", "name": "Label", "type": "DEFAULT"}, {"id": "s2", "name": "Review", "type": "REVIEW"}]
    labels = write_json(folder / "labels.ndjson", *rows)
    assets = write_json(
        folder / "assets.ndjson", *({"id": f"asset-{n}", "externalId": f"{n}.png", **known} for n in (1, 2))
    )
    served = write_json(folder / "project.json", project(OBJECTS=DETECTION) | {"steps": steps})
    with (
        Sandbox(project=served, labels=labels, assets=assets) as sandbox,
        KiliClient(sandbox.api_key, sandbox.endpoint) as opened,
    ):
        yield opened, (labels, assets, served)


def pixels_in(files: dict[str, bytes]) -> dict[str, object]:
    """The layers and contents of assets, by the names of their files."""
    rows = {name: json.loads(text) for name, text in files.items() if name.startswith("labels/")}
    return dict.fromkeys(files) | {
        name: (row.get("geospatialExportMetadata"), row["latestLabel"]["jsonResponse"]) for name, row in rows.items()
    }


LAYERS = [{"width": 60, "height": 30, "crs": "PIXEL"}]
CLASSIC_LAYERS = [{"useClassicCoordinates": True, "epsg": "TiledImage"}]
DRAWN = ("coco", "yolo_v4", "yolo_v5", "yolo_v7", "yolo_v8", "pascal_voc")
EARTH_LAYERS = [{"useClassicCoordinates": False, "epsg": "EPSG4326"}]


class TestGuards:
    """Whatever an export reads of a project, an asset or a label, the client asks for."""

    @pytest.mark.parametrize(
        ("of_project", "of_asset"),
        [
            ({}, {}),
            ({"dataConnections": [{"id": "d"}]}, {}),
            ({}, {"jsonContent": json.dumps(EARTH_LAYERS)}),
            ({}, {"jsonContent": json.dumps(CLASSIC_LAYERS)}),
            ({"inputType": "GEOSPATIAL"}, {}),
            ({"inputType": "GEOSPATIAL", "geospatialSettings": {"labelingCRSCode": "PIXEL"}}, {}),
            (
                {"inputType": "GEOSPATIAL", "geospatialSettings": {"labelingCRSCode": "PIXEL"}},
                {"geospatialExportMetadata": LAYERS},
            ),
            (
                {"inputType": "GEOSPATIAL", "geospatialSettings": {"labelingCRSCode": "EPSG4326"}},
                {"geospatialExportMetadata": LAYERS},
            ),
            ({"inputType": "GEOSPATIAL", "geospatialSettings": {"labelingCRSCode": "EPSG4326"}}, {}),
            ({"inputType": "PDF"}, {"pageResolutions": [{"pageNumber": 1, "width": 60, "height": 80}]}),
        ],
        ids=str,
    )
    def test_a_server_gives_what_a_file_gives(
        self, tmp_path: Path, of_project: dict[str, Any], of_asset: dict[str, Any]
    ) -> None:
        author = {"id": "u", "email": "ann@example.com", "firstname": "Ann", "lastname": "Lee"}
        more = {"author": author, "secondsToLabel": 4, "modelName": "m", "isLatestLabelForUser": True}
        known = {"resolution": {"width": 80, "height": 40}, "status": "LABELED", "jsonMetadata": {"a": 1}}
        assets = [{"id": f"asset-{n}", "externalId": f"{n}.png", **known, **of_asset} for n in (1, 2)]
        served = write_json(tmp_path / "project.json", project(OBJECTS=DETECTION) | of_project)
        labels = write_json(tmp_path / "labels.ndjson", *(label(n, n) | more for n in (1, 2)))
        rows = write_json(tmp_path / "assets.ndjson", *assets)

        def outcome(write_to: Callable[..., object], path: Path, fmt: str, options: dict[str, Any]) -> object:
            layout = {"layout": "merged"} if fmt in ("pascal_voc", "geojson") else {}
            try:
                write_to(path, fmt, **layout, **options)
            except ValueError as error:
                return type(error), str(error)
            return exported(path)

        with Sandbox(project=served, labels=labels, assets=rows) as sandbox:
            client = KiliClient(sandbox.api_key, sandbox.endpoint)
            from_server = partial(client.export_labels, "p1")

            def from_files(path: Path, fmt: str, **options: Any) -> object:
                return kq_export.write(labels, rows, served, fmt=fmt, to=path, **options)

            with client:
                for fmt in ("geojson", "coco", "yolo_v5", "pascal_voc", "parquet", "raw"):
                    for options in ({}, {"normalized_coordinates": False}) if fmt == "raw" else ({},):
                        name, media = f"{fmt}.{'parquet' if fmt == 'parquet' else 'zip'}", {"with_assets": False}
                        there = outcome(from_server, tmp_path / "there" / name, fmt, options | media)
                        here = outcome(from_files, tmp_path / "here" / name, fmt, options | media)
                        if fmt == "raw" and isinstance(there, dict) and isinstance(here, dict):
                            here, there = pixels_in(here), pixels_in(there)  # the files hold what nobody asks for
                        assert there == here, (fmt, options)
                if "dataConnections" in of_project:
                    with_media = outcome(from_server, tmp_path / "x.zip", "raw", {})
                    assert with_media == outcome(from_files, tmp_path / "y.zip", "raw", {"with_assets": True})

    @pytest.mark.parametrize(
        ("export_type", "drawn", "found"),
        [
            ("latest", DRAWN[::2], {"asset-1": "l5", "asset-2": "l6"}),
            ("latest_from_last_step", DRAWN[1::2], {"asset-1": "l4 l5", "asset-2": "l6"}),
            ("latest_from_all_steps", DRAWN[::2], {"asset-1": "l2 l3 l4 l5", "asset-2": "l6"}),
            ("normal", DRAWN[1::2], {"asset-1": "l1 l2 l3 l4 l5", "asset-2": "l6"}),
        ],
    )
    def test_a_server_gives_the_labels_of_steps_that_a_file_gives(
        self, reviewed: Reviewed, tmp_path: Path, export_type: ExportType, drawn: Sequence[str], found: dict[str, str]
    ) -> None:
        client, files = reviewed
        media: dict[str, Any] = {"with_assets": False, "export_type": export_type}
        for fmt in ("raw", "jsonl", "parquet", *drawn):
            there, here = tmp_path / f"there.{fmt}", tmp_path / f"here.{fmt}"
            layout: dict[str, Any] = {"layout": "merged"} if fmt == "pascal_voc" else {}
            client.export_labels("p1", there, fmt, **media, **layout)
            kq_export.write(*files, fmt=fmt, to=here, export_type=export_type, **layout)
            if fmt in ("raw", "jsonl", "parquet"):  # the files hold what nobody asks for
                assert labels_in_exports(there, fmt) == labels_in_exports(here, fmt) == found
            else:
                assert exported(there) == exported(here)

    def test_labels_that_were_sent_back(self, reviewed: Reviewed, tmp_path: Path) -> None:
        client, _ = reviewed
        for export_type, found in (("normal", "l1 l2 l3 l4"), ("latest_from_last_step", "l4")):
            media: dict[str, Any] = {"with_assets": False, "export_type": export_type}
            path, kept = tmp_path / "a.jsonl", {"asset-1": found, "asset-2": "l6"}
            client.export_labels("p1", path, "jsonl", **media, include_sent_back_labels=False)
            assert labels_in_exports(path, "jsonl") == kept
            client.export_labels("p1", path, "jsonl", **media, label_type_in=["REVIEW"])
            assert labels_in_exports(path, "jsonl") == {"asset-1": "l4 l5"}
            client.export_labels("p1", path, "jsonl", **media, include_sent_back_labels=None, label_type_in=[])
            assert "l5" in labels_in_exports(path, "jsonl")["asset-1"]

    def test_maps_labeled_in_pixels_are_no_geojson(self, tmp_path: Path) -> None:
        settings = {"inputType": "GEOSPATIAL", "geospatialSettings": {"labelingCRSCode": "PIXEL"}}
        served = write_json(tmp_path / "project.json", project(OBJECTS=DETECTION) | settings)
        labels = write_json(tmp_path / "labels.ndjson", label(1, 1))
        with (
            Sandbox(project=served, labels=labels) as sandbox,
            KiliClient(sandbox.api_key, sandbox.endpoint) as opened,
            pytest.raises(NotCompatibleInputType, match="labeled in pixels"),
        ):
            opened.export_labels("p1", tmp_path / "a.zip", "geojson", layout="merged", with_assets=False)
        assert not (tmp_path / "a.zip").exists()

    def test_a_service_that_knows_no_such_settings_has_maps_in_degrees(self, tmp_path: Path) -> None:
        rows = [list_server.label(1, cars=0)]
        assets = [{"id": row["assetId"], "externalId": "1.tif", "latestLabel": row} for row in rows]
        with (
            list_server.serve_lists(
                labels=rows, assets=assets, input_type="GEOSPATIAL", unknown_fields=("geospatialSettings",)
            ) as served,
            KiliClient(list_server.KEY, served.endpoint) as opened,
        ):
            opened.export_labels("project-1", tmp_path / "a.zip", "geojson", layout="merged", with_assets=False)
            assert any("geospatialSettings" in selection for selection in served.selections)
        assert names(tmp_path / "a.zip")[1:] == ["labels/1.tif.geojson"]


class TestMedia:
    def test_they_go_into_the_archive(self, tmp_path: Path, pictures: tuple[Path, str, list[dict[str, str]]]) -> None:
        folder, url, seen = pictures
        for number in (1, 2):
            Image.new("RGB", (80, 40), (number, 0, 0)).save(folder / f"{number}.png")
        assets = [{"id": f"asset-{n}", "externalId": f"{n}.png", "content": f"{url}/{n}.png"} for n in (1, 2)]
        with (
            Sandbox(
                project=write_json(tmp_path / "project.json", project(OBJECTS=DETECTION)),
                labels=write_json(tmp_path / "labels.ndjson", label(1, 1), label(2, 2)),
                assets=write_json(tmp_path / "assets.ndjson", *assets),
            ) as sandbox,
            KiliClient(sandbox.api_key, sandbox.endpoint) as opened,
        ):
            opened.export_labels("p1", tmp_path / "a.zip", "raw")
            with zipfile.ZipFile(tmp_path / "a.zip") as archive:
                with Image.open(BytesIO(archive.read("assets/2.png"))) as image:
                    assert image.getpixel((0, 0)) == (2, 0, 0)
                assert json.loads(archive.read("labels/2.png.json"))["content"] == "assets/2.png"
            assert not any("Authorization" in headers for headers in seen)  # the key is the service's alone
            (folder / "2.png").unlink()
            with pytest.raises(DownloadError, match=r"asset `2\.png`.*HTTP 404"):
                opened.export_labels("p1", tmp_path / "a.zip", "raw")
        assert "assets/1.png" in names(tmp_path / "a.zip")  # the old archive is still there


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ({"fmt": "yolov5"}, NotCompatibleOptions, "did you mean `yolo_v5`"),
            ({"filename": None}, ArgumentError, "`filename` is needed"),
            ({"fmt": "yolo_v5", "single_file": True}, NotCompatibleOptions, "single_file"),
            ({"fmt": "pascal_voc"}, NotCompatibleOptions, "layout"),
            ({"fmt": "coco", "normalized_coordinates": True}, NotCompatibleOptions, "normalized_coordinates"),
            ({"layout": "both"}, NotCompatibleOptions, "`layout` must be one of"),
            ({"export_type": "latest_from_last_steps"}, ArgumentError, "did you mean 'latest_from_last_step'"),
            ({"label_type_in": ["REVEIW"]}, ArgumentError, r"`label_type_in\[0\]` .* did you mean 'REVIEW'"),
            ({"fmt": "llm_v1"}, NotCompatibleOptions, "with_assets"),
            ({"asset_ids": []}, ArgumentError, "`asset_ids` is empty"),
            ({"external_ids": ()}, ArgumentError, "`external_ids` is empty"),
            ({"asset_ids": "a"}, ArgumentError, "`asset_ids` must be a list of texts"),
            ({"asset_ids": ["a"], "external_ids": ["b"]}, IncompatibleArgumentsError, "give one of them"),
            ({"asset_filter_kwargs": {"status": ["TODO"]}}, ArgumentError, "did you mean `status_in`"),
            ({"asset_filter_kwargs": {"status_in": ["TO DO"]}}, ArgumentError, "one of TODO"),
            ({"asset_filter_kwargs": {"label_category_search": "A.B.count >"}}, QueryError, "label_category_search:1"),
            ({"project_id": ""}, ArgumentError, "`project_id`"),
        ],
        ids=str,
    )
    def test_before_anything_is_sent(
        self, demo: Sandbox, client: KiliClient, tmp_path: Path, arguments: dict[str, Any], error: Any, message: str
    ) -> None:
        before = len(demo.faults.seen)
        given = {"project_id": "p", "filename": tmp_path / "a.zip", "fmt": "raw", "with_assets": False} | arguments
        with pytest.raises(error, match=message):
            client.export_labels(**given)
        assert len(demo.faults.seen) == before
        assert list(tmp_path.iterdir()) == []

    def test_once_the_project_is_known(self, demo: Sandbox, client: KiliClient, tmp_path: Path) -> None:
        path = tmp_path / "a.zip"
        with pytest.raises(NotFound, match="project `other`"):
            client.export_labels("other", path, "raw", with_assets=False)
        with pytest.raises(NotFound, match="external id `none`"):
            client.export_labels(demo.project_id, path, "raw", external_ids=["none"], with_assets=False)
        with pytest.raises(NotCompatibleInputType, match="LLM_RLHF"):
            client.export_labels(demo.project_id, None, "llm_v1")
        search = {"label_category_search": "OBJECTS.PERSN.count > 1"}
        with pytest.raises(QueryError, match="did you mean `PERSON`"):
            client.export_labels(demo.project_id, path, "raw", with_assets=False, asset_filter_kwargs=search)
        assert list(tmp_path.iterdir()) == []

    def test_a_failure_leaves_the_old_file(self, demo: Sandbox, client: KiliClient, tmp_path: Path) -> None:
        path = tmp_path / "a.zip"
        path.write_bytes(b"old")
        demo.faults.inject("500:assets*")
        try:
            with pytest.raises(TransportError):
                client.export_labels(demo.project_id, path, "raw", with_assets=False)
        finally:
            demo.faults.clear()
        assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]
        assert path.read_bytes() == b"old"
