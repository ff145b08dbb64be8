"""The format ``geojson``: what it says, by the letter of RFC 7946, and back again."""

import json
import zipfile
from itertools import pairwise
from typing import ClassVar

import pytest
from shapely.geometry import shape as shapely_shape

from kili_query.export import (
    NotCompatibleInputType,
    NotCompatibleOptions,
    NotExportableAssetError,
    NotExportableLabelError,
    write,
)
from kili_query.labels.geometry import geojson_feature_collection_to_kili_json_response
from tests.each import for_each
from tests.export.samples import asset, box, label, names, png, project, read, text
from tests.export.test_naming import NASTY

JOBS = {
    "DET": {
        "mlTask": "OBJECT_DETECTION",
        "tools": ["rectangle", "polygon", "semantic", "marker", "polyline", "vector", "pose"],
        "instruction": "Find",
        "content": {
            "input": "radio",
            "categories": {"KITE": {"name": "Kite", "children": ["SORT", "NOTE"]}, "BOAT": {"name": "Small boat"}},
        },
    },
    "SKY": {
        "mlTask": "CLASSIFICATION",
        "instruction": "Sky?",
        "content": {"input": "checkbox", "categories": {"BLUE": {"name": "Blue"}, "GREY": {"name": "Grey"}}},
    },
    "SAY": {"mlTask": "TRANSCRIPTION", "instruction": "Find", "content": {"input": "textField"}},
    "SORT": {
        "mlTask": "CLASSIFICATION",
        "instruction": "Sort",
        "isChild": True,
        "content": {"input": "radio", "categories": {"OLD": {"name": "Old one"}}},
    },
    "NOTE": {"mlTask": "TRANSCRIPTION", "isChild": True, "content": {"input": "textField"}},
}
MAP = project("GEOSPATIAL", JOBS)
SQUARE = ((0, 0), (0, 10), (10, 10), (10, 0))  # clockwise where latitudes grow upward
HOLE = ((2, 2), (4, 2), (4, 4), (2, 4))
AWAY = ((20.5, 0), (30, 0), (30, 10))


def ring(corners):
    return {"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}


def drawn(kind, *rings, mid="m", category="BOAT", **more):
    return {
        "type": kind,
        "mid": mid,
        "categories": [{"name": category}],
        "children": {},
        **({"boundingPoly": list(map(ring, rings))} if rings else {}),
        **more,
    }


def det(*annotations):
    return {"DET": {"annotations": list(annotations)}}


def exported(tmp_path, *responses, assets=None, of=MAP, **options):
    labels = [label(number, response) for number, response in enumerate(responses)]
    assets = [asset(number) for number in range(len(responses))] if assets is None else assets
    return write(labels, assets, of, to=tmp_path / "out.zip", **{"fmt": "geojson", "layout": "merged", **options})


def collection(tmp_path, response, **options):
    found = read(exported(tmp_path, response, **options).path, "labels/0.png.geojson")
    check(found)
    return found


def geometries(tmp_path, *annotations):
    return [one["geometry"] for one in collection(tmp_path, det(*annotations))["features"]]


def signed_area(positions):
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(positions)) / 2


def check(document):
    """Sections 3 to 7 of RFC 7946, as far as they say MUST or SHOULD of what is written."""
    assert document["type"] == "FeatureCollection"
    assert not document.keys() & {"crs", "coordinates", "geometries", "geometry", "properties"}
    for feature in document["features"]:
        assert feature["type"] == "Feature"
        assert feature.keys() >= {"geometry", "properties"}
        assert not feature.keys() & {"crs", "coordinates", "geometries", "features"}
        assert isinstance(feature.get("id", ""), str | int | float)
        assert isinstance(feature["properties"], dict | None)
        if feature["geometry"] is not None:
            check_geometry(feature["geometry"])


def check_geometry(geometry):
    assert geometry.keys() == {"type", "coordinates"}
    coordinates = geometry["coordinates"]
    match geometry["type"]:
        case "Point":
            check_position(coordinates)
        case "LineString":
            assert len(coordinates) >= 2
            for position in coordinates:
                check_position(position)
        case "Polygon":
            check_rings(coordinates)
        case "MultiPolygon":
            for part in coordinates:
                check_rings(part)
        case other:
            raise AssertionError(other)
    if "Polygon" in geometry["type"]:
        assert shapely_shape(geometry).is_valid


def check_position(position):
    longitude, latitude = position
    assert -180 <= longitude <= 180
    assert -90 <= latitude <= 90


def check_rings(rings):
    for number, positions in enumerate(rings):
        assert len(positions) >= 4
        assert positions[0] == positions[-1]
        assert (signed_area(positions) > 0) == (number == 0)  # the outline counterclockwise, holes clockwise
        for position in positions:
            check_position(position)


def test_the_whole_of_a_small_file(tmp_path):
    kite = drawn(
        "rectangle",
        SQUARE,
        category="KITE",
        children={"SORT": {"categories": [{"name": "OLD"}]}, "NOTE": {"text": "torn"}},
    )
    content = {**det(kite), "SKY": {"categories": [{"name": "BLUE"}, {"name": "GREY"}]}, "SAY": {"text": "windy"}}
    summary = exported(tmp_path, content)
    assert names(summary.path) == ["README.kili.txt", "labels/0.png.geojson"]
    found = collection(tmp_path, content)
    assert found == {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]},
                "id": "m",
                "properties": {
                    "class": "Kite",
                    "Find": "Kite",
                    "Find.Kite.Sort": "Old one",
                    "Find.Kite.NOTE": "torn",
                    "kili": {
                        "type": "rectangle",
                        "categories": [{"name": "KITE"}],
                        "children": {"SORT": {"categories": [{"name": "OLD"}]}, "NOTE": {"text": "torn"}},
                        "job": "DET",
                    },
                },
            },
            {
                "type": "Feature",
                "geometry": None,
                "properties": {
                    "class": "Blue",
                    "Sky?": ["Blue", "Grey"],
                    "kili": {"categories": [{"name": "BLUE"}, {"name": "GREY"}], "job": "SKY"},
                },
            },
            {"type": "Feature", "geometry": None, "properties": {"kili": {"text": "windy", "job": "SAY"}}},
        ],
        "kili": {"assetId": "as0", "externalId": "0.png", "labelId": "l0"},
    }


class TestGeometries:
    def test_outlines_run_counterclockwise_and_holes_clockwise(self, tmp_path):
        for outline in (SQUARE, SQUARE[::-1]):
            for hole in (HOLE, HOLE[::-1]):
                (found,) = geometries(tmp_path, drawn("semantic", outline, hole))
                assert shapely_shape(found).area == 96
                (found,) = geometries(tmp_path, drawn("polygon", outline, hole))
                assert shapely_shape(found).area == 96

    def test_a_region_in_parts_is_one_feature(self, tmp_path):
        nested = {**drawn("semantic"), "boundingPoly": [[ring(SQUARE), ring(HOLE)], [ring(AWAY)]]}
        between = drawn("marker", mid="x", point={"x": 1, "y": 2})
        apart = [drawn("semantic", SQUARE, HOLE), between, drawn("semantic", AWAY)]
        for annotations in ([nested], apart):
            found = geometries(tmp_path, *annotations)[0]
            assert found["type"] == "MultiPolygon"
            assert [len(part) for part in found["coordinates"]] == [2, 1]

    def test_points_and_lines(self, tmp_path):
        line = [{"x": 1, "y": 2}, {"x": 3.5, "y": -4}]
        found = geometries(tmp_path, drawn("marker", point={"x": 1.25, "y": 2}), drawn("polyline", polyline=line))
        assert found == [
            {"type": "Point", "coordinates": [1.25, 2]},
            {"type": "LineString", "coordinates": [[1, 2], [3.5, -4]]},
        ]

    def test_corners_of_a_rectangle_in_any_order(self, tmp_path):
        a, b, c, d = SQUARE
        for corners in ((a, b, d, c), (a, d, b, c), (d, c, b, a), (c, d, a, b)):
            (found,) = geometries(tmp_path, drawn("rectangle", corners))
            assert shapely_shape(found).area == 100

    def test_a_rotation_does_not_turn_degrees(self, tmp_path):
        content = {**det(drawn("rectangle", SQUARE)), "ROTATION_JOB": {"rotation": 90}}
        found = collection(tmp_path, content, of=GEOTIFFS, assets=[GEOTIFF])
        assert shapely_shape(found["features"][0]["geometry"]).bounds == (0, 0, 10, 10)

    def test_shapes_without_a_geometry_are_counted_and_left_out(self, tmp_path):
        line = [{"x": 1, "y": 2}, {"x": 3, "y": 4}]
        pose = drawn("pose", points=[{"code": "P", "point": {"x": 1, "y": 2}}])
        summary = exported(tmp_path, det(drawn("vector", polyline=line), pose, drawn("rectangle", SQUARE)))
        assert summary.unsupported == {"vector": 1, "pose": 1}
        assert len(read(summary.path, "labels/0.png.geojson")["features"]) == 1

    def test_an_outline_that_crosses_itself_stays_as_drawn(self, tmp_path):
        crossing = ((0, 0), (10, 10), (10, 0), (0, 5))
        found = read(exported(tmp_path, det(drawn("polygon", crossing))).path, "labels/0.png.geojson")
        geometry = found["features"][0]["geometry"]
        assert {tuple(position) for position in geometry["coordinates"][0]} == set(crossing)
        assert not shapely_shape(geometry).is_valid


def test_the_label_can_be_had_back(tmp_path):
    content = {
        **det(
            drawn("rectangle", SQUARE, children={"NOTE": {"text": "x"}}),
            drawn("semantic", SQUARE[::-1], HOLE[::-1]),
            drawn("marker", point={"x": 1, "y": 2}),
        ),
        "SKY": {"categories": [{"name": "BLUE", "confidence": 60}]},
        "SAY": {"text": "windy"},
    }
    assert geojson_feature_collection_to_kili_json_response(collection(tmp_path, content)) == content


def asked(task, name, *, is_child=True, choice="radio", categories=None, export_name=None):
    told = {"mlTask": task, "instruction": name, "isChild": is_child, "content": {"input": choice}}
    if categories is not None:
        told["content"]["categories"] = categories
    return told | ({} if export_name is None else {"exportName": export_name})


class TestNamesOfAttributes:
    """As release 26.2.4 of the official client was seen to write them."""

    LAKE: ClassVar = {"name": "Lake", "exportName": "lake_x", "children": ["DEPTH", "KIND", "LIST"]}
    JOBS: ClassVar = {
        "LAND": asked(
            "OBJECT_DETECTION",
            "Find",
            is_child=False,
            categories={"LAKE": LAKE, "WOOD": {"name": "Wood", "children": {}}},
            export_name="land_x",
        )
        | {"tools": ["marker"]},
        "DEPTH": asked("TRANSCRIPTION", "Depth", export_name="depth_x"),
        "KIND": asked("CLASSIFICATION", "Kind", categories={"SALT": {"name": "Salt", "children": ["DEEP"]}}),
        "DEEP": asked("TRANSCRIPTION", "Deep"),
        "LIST": asked(
            "CLASSIFICATION",
            "List",
            choice="checkbox",
            categories={"P": {"name": "Pp", "exportName": "p_x"}, "Q": {"name": "Qq"}},
            export_name="list_x",
        ),
        "DROP": asked(
            "CLASSIFICATION", "Drop", choice="multipleDropdown", categories={"P": {"name": "Pp"}, "Q": {"name": "Qq"}}
        ),
        "STRAY": asked("TRANSCRIPTION", "Stray"),
        "SKY": asked(
            "CLASSIFICATION",
            "Sky",
            is_child=False,
            choice="checkbox",
            categories={"BLUE": {"name": "Blue", "children": ["DEEP"]}, "GREY": {"name": "Grey"}},
            export_name="sky_x",
        ),
    }

    @for_each(
        [
            (["LAKE"], {}, {}),
            (
                ["LAKE"],
                {
                    "DEPTH": {"text": "12"},
                    "KIND": {"categories": [{"name": "SALT", "children": {"DEEP": {"text": "d"}}}]},
                    "LIST": {"categories": [{"name": "P"}, {"name": "Q"}]},
                    "DROP": {"categories": [{"name": "P"}, {"name": "Q"}]},
                    "STRAY": {"text": "s"},
                },
                {
                    "land_x.Lake.depth_x": "12",
                    "land_x.Lake.Kind": "Salt",
                    "land_x.Lake.Kind.Salt.Deep": "d",
                    "land_x.Lake.list_x": ["Pp", "Qq"],
                    "Drop": "Pp",
                    "Stray": "s",
                },
            ),
            (["WOOD"], {"DEPTH": {"text": "12"}}, {"depth_x": "12"}),
            (["WOOD", "LAKE"], {"DEPTH": {"text": "12"}}, {"land_x.Lake.depth_x": "12"}),
            (["LAKE"], {"GONE": {"text": "12"}}, {"GONE": "12"}),
            (["LAKE"], {"GONE": {"categories": [{"name": "A"}]}}, {"GONE": "A"}),
            (
                ["LAKE"],
                {"DROP": {"categories": [{"name": "P", "children": {"STRAY": {"text": "s"}}}]}},
                {"Drop": "Pp", "Drop.Pp.Stray": "s"},
            ),
        ]
    )
    def test_of_objects(self, row, tmp_path):
        categories, children, attributes = row
        named = [{"name": name} for name in categories]
        one = drawn("marker", point={"x": 1, "y": 2}, children=children) | {"categories": named}
        found = collection(tmp_path, {"LAND": {"annotations": [one]}}, of=project("GEOSPATIAL", self.JOBS))
        first = categories[0].title()
        assert self.flat(found) == {"class": first, "land_x": first} | attributes

    def test_of_answers(self, tmp_path):
        within = {"name": "BLUE", "children": {"DEEP": {"text": "x"}, "STRAY": {"text": "y"}}}
        found = collection(
            tmp_path, {"SKY": {"categories": [within, {"name": "GREY"}]}}, of=project("GEOSPATIAL", self.JOBS)
        )
        below = {"sky_x.Blue.Deep": "x", "sky_x.Blue.Stray": "y"}
        assert self.flat(found) == {"class": "Blue", "sky_x": ["Blue", "Grey"]} | below

    @pytest.mark.parametrize("number", [12, 1.5])
    def test_of_numbers(self, tmp_path, number):
        """Texts are strings on the platform; other tools write numbers."""
        blue = {"name": "BLUE", "children": {"DEEP": {"text": number}}}
        found = collection(tmp_path, {"SKY": {"categories": [blue]}}, of=project("GEOSPATIAL", self.JOBS))
        assert self.flat(found) == {"class": "Blue", "sky_x": ["Blue"], "sky_x.Blue.Deep": number}

    def flat(self, found):
        [feature] = found["features"]
        return {key: value for key, value in feature["properties"].items() if key != "kili"}


def test_names_of_attributes_that_are_taken(tmp_path):
    jobs = {
        "A": {**JOBS["SKY"], "instruction": "class"},
        "B": {**JOBS["DET"], "instruction": "kili"},
        "C": {**JOBS["SKY"], "instruction": None, "content": {**JOBS["SKY"]["content"], "input": "radio"}},
    }
    content = {
        "A": {"categories": [{"name": "GREY"}]},
        "B": {"annotations": [drawn("marker", point={"x": 1, "y": 2})]},
        "C": {"categories": [{"name": "BLUE"}]},
    }
    found = collection(tmp_path, content, of=project("GEOSPATIAL", jobs))
    flat = [{key: value for key, value in one["properties"].items() if key != "kili"} for one in found["features"]]
    assert flat == [
        {"class": "Grey", "class (A)": ["Grey"]},
        {"class": "Small boat", "kili (B)": "Small boat"},
        {"class": "Blue", "C": "Blue"},
    ]
    assert all(isinstance(one["properties"]["kili"], dict) for one in found["features"])


GEOTIFFS = project("IMAGE", JOBS)
GEOTIFF = asset(0, jsonContent=[{"useClassicCoordinates": False, "epsg": "EPSG4326"}], resolution=None)


class TestWhatItTakes:
    def test_images_in_coordinates_of_the_earth_alone(self, tmp_path):
        box_of_pixels = {"DET": {"annotations": [box()]}}
        with pytest.raises(NotExportableAssetError, match=r"asset `1\.png`: its `jsonContent` does not say"):
            exported(tmp_path, det(), box_of_pixels, of=GEOTIFFS, assets=[GEOTIFF, asset(1)])
        summary = exported(tmp_path, det(), box_of_pixels, of=GEOTIFFS, assets=[GEOTIFF, asset(1)], on_error="skip")
        assert names(summary.path)[1:] == ["labels/0.png.geojson"]

    def test_layers_of_a_map_are_kept(self, tmp_path):
        layers = [{"name": "map", "width": 200, "height": 100, "crs": "EPSG:4326"}]
        maps = [asset(0, geospatialExportMetadata=layers), asset(1, geospatialExportMetadata=[])]
        summary = exported(tmp_path, det(), det(), assets=maps)
        first, second = (read(summary.path, f"labels/{number}.png.geojson")["kili"] for number in (0, 1))
        assert first["geospatialExportMetadata"] == layers
        assert "geospatialExportMetadata" not in second

    @pytest.mark.parametrize("fmt", ["kili", "raw"])
    def test_maps_in_pixels_have_the_size_of_their_first_layer(self, tmp_path, fmt):
        in_pixels = {**MAP, "geospatialSettings": {"labelingCRSCode": "PIXEL"}}
        layers = [{"width": 400, "height": 50, "crs": "PIXEL"}, {"width": 1, "height": 1}]
        shapes = det(
            box(),
            drawn("marker", point={"x": 0.5, "y": 0.5}),
            drawn("polyline", polyline=[{"x": 0, "y": 1}, {"x": 0.25, "y": 0}]),
        )
        options = {"of": in_pixels, "fmt": fmt, "layout": "split"}
        assets = [asset(0, resolution=None, geospatialExportMetadata=layers)]
        summary = exported(tmp_path, shapes, assets=assets, normalized_coordinates=False, **options)
        found = read(summary.path, "labels/0.png.json")
        assert found["geospatialExportMetadata"] == layers
        ring, point, line = found["latestLabel"]["jsonResponse"]["DET"]["annotations"]
        assert ring["boundingPoly"][0]["vertices"][0] == {"x": 40, "y": 30}
        assert (point["pointPixels"], line["polylinePixels"]) == (
            {"x": 200, "y": 25},
            [{"x": 0, "y": 50}, {"x": 100, "y": 0}],
        )
        fractions = exported(tmp_path, shapes, assets=assets, **options)
        assert '"vertices"' not in text(fractions.path, "labels/0.png.json")
        with pytest.raises(NotCompatibleInputType, match="no pixels in a project of type GEOSPATIAL"):
            exported(tmp_path, shapes, assets=assets, normalized_coordinates=False, **{**options, "of": MAP})

    @for_each([None, [], "map", ["map"], [{"width": 4}], [{"width": True, "height": 3}]])
    def test_maps_in_pixels_whose_layers_have_no_size(self, layers, tmp_path):
        in_pixels = {**MAP, "geospatialSettings": {"labelingCRSCode": "PIXEL"}}
        assets, options = [asset(0, geospatialExportMetadata=layers)], {"fmt": "raw", "layout": "split"}
        with pytest.raises(ValueError, match=r"asset `0\.png`.*`geospatialExportMetadata` does not tell the width"):
            exported(tmp_path, det(box()), assets=assets, of=in_pixels, normalized_coordinates=False, **options)

    def test_maps_but_not_in_pixels(self, tmp_path):
        exported(tmp_path, det())
        in_pixels = {**MAP, "geospatialSettings": {"labelingCRSCode": "PIXEL"}}
        with pytest.raises(NotCompatibleInputType, match="labeled in pixels"):
            exported(tmp_path, det(), of=in_pixels)
        exported(tmp_path, det(), of={**MAP, "geospatialSettings": {"labelingCRSCode": "EPSG:4326"}})

    @pytest.mark.parametrize("input_type", ["VIDEO", "PDF", "TEXT"])
    def test_no_other_projects(self, tmp_path, input_type):
        with pytest.raises(NotCompatibleInputType, match="GEOSPATIAL, IMAGE"):
            exported(tmp_path, det(), of=project(input_type, JOBS))

    @for_each(
        [
            ({"layout": "split"}, "use `merged`"),
            ({"single_file": True}, "single_file"),
            ({"normalized_coordinates": True}, "normalized_coordinates"),
            ({"normalized_coordinates": False}, "normalized_coordinates"),
            ({"annotation_modifier": max}, "annotation_modifier"),
        ]
    )
    def test_options(self, row, tmp_path):
        options, message = row
        with pytest.raises(NotCompatibleOptions, match=message):
            exported(tmp_path, det(), **options)


FIRST = r"jsonResponse.DET.annotations\[0\]"


class TestProblems:
    @for_each(
        [
            (det(drawn("marker", category="NONE", point={"x": 1, "y": 2})), f"no category `NONE`.*{FIRST}.categories"),
            (det(drawn("polygon", ((0, 0), (1, 1), (2, 2)))), f"encloses nothing .at `{FIRST}`"),
            (det(drawn("polyline", polyline=[{"x": 1, "y": 2}])), f"two points or more .at `{FIRST}`"),
            (det(drawn("rectangle", SQUARE[:3])), "4 corners, not 3"),
            (det(drawn("rectangle", SQUARE, children={"NOTE": {"text": float("nan")}})), f"JSON.*{FIRST}`"),
            ({"SKY": {"categories": [{"name": "RED"}]}}, r"no category `RED` .at `jsonResponse.SKY.categories\[0\]"),
            ({"SKY": {"categories": [7]}}, r"without a name .at `jsonResponse.SKY.categories\[0\].name`"),
            ({"SKY": {"categories": 7}}, "must be a list .at `jsonResponse.SKY.categories`"),
            ({"SAY": "windy"}, "must be an object .at `jsonResponse.SAY`"),
        ]
    )
    def test_bad_answers_are_named_and_fatal_or_left_out(self, row, tmp_path):
        bad, message = row
        with pytest.raises(NotExportableLabelError, match=f"^asset `0.png`, label `l0`: .*{message}"):
            exported(tmp_path, bad)
        good = det(drawn("rectangle", SQUARE))
        summary = exported(tmp_path, {**good, **bad}, good, on_error="skip")
        assert summary.skipped == 1
        assert len(read(summary.path, "labels/0.png.geojson")["features"]) == ("DET" not in bad)
        assert len(read(summary.path, "labels/1.png.geojson")["features"]) == 1

    @for_each([{}, {"DET": {}}, {"DET": None}, det({}), {"DET": {"annotations": None}}, {"SKY": {}, "SAY": None}])
    def test_nothing_is_an_empty_collection(self, nothing, tmp_path):
        assert collection(tmp_path, nothing)["features"] == []


def test_several_labels_of_an_asset_have_a_file_each(tmp_path):
    several = [label(0, det()), label(0, det(), id="again")]
    summary = write(
        several, [asset(0)], MAP, fmt="geojson", layout="merged", to=tmp_path / "a.zip", export_type="normal"
    )
    assert names(summary.path)[1:] == ["labels/0.png_label1.geojson", "labels/0.png_label2.geojson"]
    assert read(summary.path, "labels/0.png_label2.geojson")["kili"]["labelId"] == "again"


def test_the_same_input_gives_the_same_bytes_and_media_go_to_images(tmp_path):
    (tmp_path / "x.png").write_bytes(png())
    options = {"assets": [asset(0, content="x.png")], "with_assets": True, "media_root": tmp_path}
    contents = [exported(tmp_path, det(drawn("rectangle", SQUARE)), **options).path.read_bytes() for _ in range(2)]
    assert contents[0] == contents[1]
    assert names(tmp_path / "out.zip")[1:] == ["labels/0.png.geojson", "images/0.png"]


def test_nasty_names_stay_in_the_folder_and_every_asset_has_its_own_file(tmp_path):
    assets = [asset(number, name) for number, name in enumerate(NASTY)]
    summary = exported(tmp_path, *[det(drawn("rectangle", SQUARE))] * len(NASTY), assets=assets)
    with zipfile.ZipFile(summary.path) as archive:
        archive.extractall(tmp_path / "in" / "here")
    files = list((tmp_path / "in" / "here" / "labels").rglob("*.geojson"))
    found = [json.loads(path.read_text()) for path in files if path.is_file()]
    assert sorted(one["kili"]["externalId"] for one in found) == sorted(NASTY)
    outside = {path for path in tmp_path.rglob("*") if path.is_file() and tmp_path / "in" not in path.parents}
    assert outside == {summary.path}
