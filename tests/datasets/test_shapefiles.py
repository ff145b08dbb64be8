"""Labels from shapefiles: what each kind of record becomes, and files that are damaged."""

import sys
import warnings

import pytest
import shapefile
from hypothesis import given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query import datasets
from kili_query.client import KiliClient
from kili_query.client.testing import FakeService
from kili_query.datasets import FeaturesError, read_shapefiles
from kili_query.errors import ArgumentError, MissingArgumentError, MissingExtraError, SourceError
from tests.each import for_each


def drawing(tools, *names):
    categories = {name: {"name": name.title()} for name in names}
    return {"mlTask": "OBJECT_DETECTION", "tools": tools, "content": {"input": "radio", "categories": categories}}


JOBS = {
    "BOXES": drawing(["rectangle"], "HOUSE"),
    "FIELDS": drawing(["polygon"], "WHEAT"),
    "LAND": drawing(["semantic", "polygon"], "LAKE"),
    "SPOTS": drawing(["marker"], "WELL"),
    "WAYS": drawing(["polyline"], "ROAD"),
    "SEASON": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": {"DRY": {"name": "Dry"}}}},
}
PROJECT = {"id": "map", "title": "Map", "inputType": "GEOSPATIAL", "jsonInterface": {"jobs": JOBS}}
ONTOLOGY = kq.Ontology.from_json_interface(PROJECT)
FIRST = {job: next(iter(answer["content"]["categories"])) for job, answer in JOBS.items()}

SQUARE = [[0, 0], [0, 4], [4, 4], [4, 0], [0, 0]]  # clockwise, as outlines are
HOLE = [[1, 1], [2, 1], [2, 2], [1, 1]]
AWAY = [[10, 0], [10, 4], [14, 4], [14, 0], [10, 0]]
ROOF = [[0, 0], [0, 4], [2, 6], [4, 4], [4, 0], [0, 0]]
WEB_MERCATOR = """PROJCS["WGS 84 / Pseudo-Mercator",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,
298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Mercator_1SP"],
PARAMETER["central_meridian",0],PARAMETER["scale_factor",1],PARAMETER["false_easting",0],PARAMETER["false_northing",0],
UNIT["metre",1],AUTHORITY["EPSG","3857"]]"""


@pytest.fixture
def file(tmp_path):
    def write_file(kind, *records, name="map", prj=None):
        """Write a file of records: the name of a method of the writer, and its arguments."""
        writer = shapefile.Writer(str(tmp_path / name), shapeType=kind)
        writer.field("name", "C")
        for method, *arguments in records:
            getattr(writer, method)(*arguments)
            writer.record("x")
        writer.close()
        if prj is not None:
            (tmp_path / f"{name}.prj").write_text(prj)
        return tmp_path / f"{name}.shp"

    return write_file


def read(path, job, **more):
    return read_shapefiles([path], ONTOLOGY, job_names=[job], category_names=[FIRST[job]], **more)


def vertices(ring):
    return [{"x": x, "y": y} for x, y in ring[:-1]]


def poly(*rings):
    return [{"normalizedVertices": vertices(ring)} for ring in rings]


def drawn(label, job):
    return [
        next(one[key] for key in ("point", "polyline", "boundingPoly") if key in one)
        for one in label.json_response[job]["annotations"]
    ]


def groups(label, job):
    """The number of the object that each annotation is of."""
    numbers = {}
    return [numbers.setdefault(one["mid"], len(numbers)) for one in label.json_response[job]["annotations"]]


ONE, TWO = {"x": 1, "y": 2}, {"x": 3, "y": 4}


@for_each(
    [
        (shapefile.POINT, [("point", 1, 2), ("point", 3, 4)], "SPOTS", [ONE, TWO], [0, 1]),
        (shapefile.POINTZ, [("pointz", 1, 2, 30)], "SPOTS", [ONE], [0]),
        (shapefile.POINTM, [("pointm", 1, 2, 30)], "SPOTS", [ONE], [0]),
        (shapefile.MULTIPOINT, [("multipoint", [[1, 2], [3, 4]])], "SPOTS", [ONE, TWO], [0, 1]),
        (shapefile.POLYLINE, [("line", [[[1, 2], [3, 4]]])], "WAYS", [[ONE, TWO]], [0]),
        (shapefile.POLYLINEZ, [("linez", [[[1, 2, 9], [3, 4, 9]]])], "WAYS", [[ONE, TWO]], [0]),
        (
            shapefile.POLYLINE,
            [("line", [[[1, 2], [3, 4]], [[3, 4], [1, 2]]])],
            "WAYS",
            [[ONE, TWO], [TWO, ONE]],
            [0, 1],
        ),
        (shapefile.POLYGON, [("poly", [SQUARE, HOLE])], "FIELDS", [poly(SQUARE, HOLE)], [0]),
        (shapefile.POLYGON, [("poly", [SQUARE, AWAY, HOLE])], "LAND", [poly(SQUARE, HOLE), poly(AWAY)], [0, 0]),
        (shapefile.POLYGONZ, [("polyz", [[[*one, 1] for one in SQUARE]])], "LAND", [poly(SQUARE)], [0]),
        (shapefile.POLYGON, [("poly", [SQUARE[::-1]])], "LAND", [poly(SQUARE[::-1])], [0]),
        (shapefile.POLYGON, [("poly", [SQUARE]), ("poly", [AWAY])], "BOXES", [poly(SQUARE), poly(AWAY)], [0, 1]),
        (shapefile.POLYGON, [("poly", [SQUARE, AWAY])], "BOXES", [poly(SQUARE), poly(AWAY)], [0, 0]),
    ]
)
def test_records_become_annotations(row, file):
    kind, records, job, shapes, objects = row
    label = read(file(kind, *records), job)
    assert drawn(label, job) == shapes
    assert groups(label, job) == objects
    for one in label.json_response[job]["annotations"]:
        assert one.keys() - {"point", "polyline", "boundingPoly"} == {
            "mid", "type", "categories", "children", "labelVersion"
        }  # fmt: skip
        assert (one["type"], one["categories"]) == (JOBS[job]["tools"][0], [{"name": FIRST[job]}])
    assert (label.left_out, label.notes) == ((), ())


def test_shapes_that_are_not_rectangles_become_their_bounds_and_a_note(file):
    label = read(file(shapefile.POLYGON, ("poly", [ROOF]), ("poly", [SQUARE]), ("poly", [SQUARE, HOLE])), "BOXES")
    bounds = poly([[0, 0], [0, 6], [4, 6], [4, 0], [0, 0]])
    assert drawn(label, "BOXES") == [bounds, poly(SQUARE), poly(SQUARE)]
    (note,) = label.notes
    assert note.endswith("2 records are not rectangles, so their bounds are used: records[0], records[2]")


def test_files_are_joined_and_ids_are_the_same_each_time(file):
    path = file(shapefile.POINT, ("point", 1, 2))
    labels = [read_shapefiles([path] * 2, ONTOLOGY, job_names=["SPOTS"] * 2, category_names=["WELL"] * 2) for _ in "ab"]
    assert labels[0] == labels[1]
    assert groups(labels[0], "SPOTS") == [0, 1]


def test_null_shapes_and_other_kinds_are_reported(file):
    label = read(file(shapefile.POINT, ("point", 1, 2), ("null",), ("point", 3, 4)), "SPOTS")
    assert drawn(label, "SPOTS") == [ONE, TWO]
    assert [(one.path, one.message) for one in label.left_out] == [("records[1]", "a feature without geometry")]
    with pytest.raises(FeaturesError, match="job `WAYS` has no tool for a Point"):
        read(file(shapefile.POINT, ("point", 1, 2)), "WAYS")
    patch = file(shapefile.MULTIPATCH, ("multipatch", [[[*one, 1] for one in SQUARE]], [shapefile.RING]))
    with pytest.raises(FeaturesError, match=r"unknown type of geometry `MultiPatch` \(at `records\[0\]\.geometry"):
        read(patch, "LAND")


def test_an_empty_file_is_an_empty_label(file):
    assert read(file(shapefile.POINT), "SPOTS").json_response == {}


PARIS = [261848.15, 6250566.7]


def test_coordinates_are_converted(file):
    points = read(file(shapefile.POINT, ("point", *PARIS), prj=WEB_MERCATOR), "SPOTS", from_epsgs=[3857])
    (point,) = drawn(points, "SPOTS")
    assert (round(point["x"], 6), round(point["y"], 6)) == (2.352222, 48.856614)
    assert points.notes == ()
    ring = [[x * 1000 + PARIS[0], y * 1000 + PARIS[1]] for x, y in SQUARE]
    areas = read(file(shapefile.POLYGON, ("poly", [ring]), name="areas"), "LAND", from_epsgs=[3857])
    ((outline,),) = drawn(areas, "LAND")
    assert all(2.3 < one["x"] < 2.4 and 48.8 < one["y"] < 48.9 for one in outline["normalizedVertices"])


def test_degrees_stay_as_they_are(file):
    label = read(file(shapefile.POINT, ("point", 0.1 + 0.2, 1 / 3)), "SPOTS", from_epsgs=[4326])
    assert drawn(label, "SPOTS") == [{"x": 0.1 + 0.2, "y": 1 / 3}]


def test_places_that_cannot_be_converted_are_faults(file):
    path = file(shapefile.POINT, ("point", 1e30, 1e30))
    with pytest.raises(FeaturesError, match="a coordinate must be a finite number"):
        read(path, "SPOTS", from_epsgs=[32631])


@for_each(
    [
        (WEB_MERCATOR, None, "its `.prj` says `WGS 84 / Pseudo-Mercator`; coordinates are not converted"),
        (WEB_MERCATOR, [2154], "its `.prj` says EPSG:3857, and `from_epsgs` EPSG:2154"),
        (WEB_MERCATOR, [3857], None),
        ('GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.25]],PRIMEM["Greenwich",0]]', None, None),
        ("no reference system", None, None),
    ]
)
def test_the_reference_system_beside_the_file_is_compared(row, file):
    prj, epsgs, note = row
    label = read(file(shapefile.POINT, ("point", 1, 2), prj=prj), "SPOTS", from_epsgs=epsgs)
    assert len(label.notes) == (note is not None)
    assert note is None or note in label.notes[0]


@for_each(
    [
        ({"job_names": ["SPOT"]}, r"`job_names\[0\]`: no job `SPOT`, did you mean `SPOTS`\?"),
        ({"job_names": ["SEASON"], "category_names": ["DRY"]}, "draws no shapes"),
        ({"category_names": ["WALL"]}, "did you mean `WELL`"),
        ({"job_names": []}, "`job_names` has 0 items and `shapefile_paths` 1: each file needs its own"),
        ({"from_epsgs": []}, "`from_epsgs` has 0 items and `shapefile_paths` 1: each file needs its own"),
        ({"from_epsgs": ["3857"]}, r"`from_epsgs\[0\]` must be the number of an EPSG code, not '3857'"),
        ({"from_epsgs": [99999]}, r"`from_epsgs\[0\]`: there is no reference system EPSG:99999"),
    ]
)
def test_wrong_arguments_are_errors_of_the_caller(row, file):
    changed, message = row
    given_names = {"job_names": ["SPOTS"], "category_names": ["WELL"], **changed}
    with pytest.raises(ArgumentError, match=message):
        read_shapefiles([file(shapefile.POINT, ("point", 1, 2))], ONTOLOGY, **given_names)


def changed_bytes(data, position, *values):
    return data[:position] + bytes(values) + data[position + len(values) :]


@for_each(
    [
        (lambda data: b"", "is not a shapefile"),
        (lambda data: b"hello" * 100, "is not a shapefile"),
        (lambda data: data[:-1], "is truncated: it has 235 of 236 bytes"),
        (lambda data: data[:100], "is truncated: it has 100 of 236 bytes"),
        (lambda data: changed_bytes(data, 104, 0xFF, 0xFF, 0xFF, 0xFC), "record 0 does not fit into the file"),
        (lambda data: changed_bytes(data, 104, 0, 0, 0, 0), "record 0 does not fit into the file"),
        (lambda data: changed_bytes(data, 104, 0x7F, 0, 0, 0), "record 0 does not fit into the file"),
        (lambda data: changed_bytes(data, 108, 99), "record 0 or the next cannot be read"),
        (lambda data: changed_bytes(data, 148, 0xFF, 0xFF, 0xFF, 0x7F), "record 0 or the next cannot be read"),
    ]
)
def test_damaged_files_are_errors(row, file):
    change, message = row
    path = file(shapefile.POLYGON, ("poly", [SQUARE]))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(SourceError, match=message) as caught:
        read(path, "LAND")
    assert str(path) in str(caught.value)


def test_bytes_after_the_end_are_a_note(file):
    path = file(shapefile.POINT, ("point", 1, 2))
    path.write_bytes(path.read_bytes() + b"more")
    label = read(path, "SPOTS")
    assert drawn(label, "SPOTS") == [ONE]
    assert label.notes[0].endswith("4 bytes after its declared end are not read")


def test_a_missing_file(tmp_path):
    with pytest.raises(SourceError, match=r"cannot read .*none\.shp.: no such file"):
        read(tmp_path / "none.shp", "SPOTS")


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.integers(0, 487), st.sampled_from([0, 1, 5, 0x7F, 0x80, 0xFF])), min_size=1, max_size=4),
    st.sampled_from(["LAND", "BOXES"]),
)
def test_any_damage_gives_a_label_or_an_error_of_ours(tmp_path_factory, changes, job):
    folder = tmp_path_factory.getbasetemp()
    path = folder / "damaged.shp"
    if not (folder / "whole.shp").exists():
        writer = shapefile.Writer(str(folder / "whole"), shapeType=shapefile.POLYGON)
        writer.field("name", "C")
        for rings in ([SQUARE, HOLE], [SQUARE, AWAY, HOLE]):
            writer.poly(rings)
            writer.record("x")
        writer.close()
    data = bytearray((folder / "whole.shp").read_bytes())
    for position, value in changes:
        data[position % len(data)] = value
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read(path, job)
        except SourceError as error:
            assert str(path) in str(error)  # noqa: PT017 - a label is right, too


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "kili_query.datasets.shapefiles")
    monkeypatch.setitem(sys.modules, "shapefile", None)
    with pytest.raises(MissingExtraError, match=r'labels from shapefiles needs .*kili-query\[gis\]"'):
        _ = datasets.read_shapefiles
    client = KiliClient(transport=FakeService(lambda _: None))
    with pytest.raises(MissingExtraError, match="gis"):
        client.append_labels_from_shapefiles("map", "map.tif", ["map.shp"], ["SPOTS"], ["WELL"])


def answering(request):
    match request.operation.name:
        case "projects":
            return [PROJECT]
        case "countAssets":
            return 1
        case "assets":
            return [{"id": "a", "externalId": "map.tif"}]
    return [{"id": "made"}]


def test_the_client_appends_one_label(file):
    service = FakeService(answering)
    path = file(shapefile.POINT, ("point", *PARIS), ("null",))
    with pytest.warns(UserWarning, match="without geometry"):
        made = KiliClient(transport=service).append_labels_from_shapefiles(
            "map", "map.tif", [path], ["SPOTS"], ["WELL"], [3857], "INFERENCE", model_name="mine"
        )
    assert made == {"id": "made"}
    data = service.requests[-1].variables["data"]
    assert (data["labelType"], data["labelsData"][0]["modelName"]) == ("INFERENCE", "mine")
    assert '"x": 2.352' in data["labelsData"][0]["jsonResponse"]


@pytest.mark.parametrize("kind", ["default", "prediction", "inference"])
def test_namespaces_append_the_same_label(file, kind):
    service = FakeService(answering)
    create = getattr(KiliClient(transport=service).labels, f"create_{kind}_from_shapefile")
    given = {"project_id": "map", "asset_external_id": "map.tif", "job_names": ["SPOTS"], "category_names": ["WELL"]}
    model = {} if kind == "default" else {"model_name": "mine"}
    path = file(shapefile.POINT, ("point", *PARIS))
    assert create(**given, shapefile_paths=[path], from_epsgs=[3857], **model) == {"id": "made"}
    data = service.requests[-1].variables["data"]
    assert data["labelType"] == kind.upper()
    assert '"x": 2.352' in data["labelsData"][0]["jsonResponse"]


@for_each(
    [
        ({"shapefile_paths": []}, MissingArgumentError, "`shapefile_paths` is empty"),
        ({"shapefile_paths": "map.shp"}, ArgumentError, "`shapefile_paths` must be a list of paths"),
        ({"job_names": "SPOTS"}, ArgumentError, "`job_names` must be a list"),
        ({"from_epsgs": 3857}, ArgumentError, "`from_epsgs` must be a list of EPSG codes, not 3857"),
        ({"shapefile_paths": ["none.shp"]}, SourceError, "cannot read `none.shp`"),
        ({"label_type": "PREDICTION"}, ArgumentError, "`model_name` is missing"),
    ]
)
def test_wrong_arguments_of_the_client_are_errors_before_any_request(row, file):
    changed, kind, message = row
    service = FakeService(answering)
    arguments = {"shapefile_paths": [file(shapefile.POINT)], "job_names": ["SPOTS"], "category_names": ["WELL"]}
    with pytest.raises(kind, match=message):
        KiliClient(transport=service).append_labels_from_shapefiles("map", "map.tif", **{**arguments, **changed})
    assert service.requests == []
