"""Labels from GeoJSON: the mapping, the checks, hostile files, and back from our own export."""

import json
import math
import pickle
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.datasets import FeaturesError, read_geojson
from kili_query.errors import ArgumentError, SourceError
from kili_query.export import write
from kili_query.labels.mismatches import find_mismatches
from tests.each import for_each

SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
HOLE = [[1, 1], [1, 2], [2, 2], [1, 1]]
POINT = {"type": "Point", "coordinates": [1, 2, 30]}
POINTS = {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}
LINE = {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}
LINES = {"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]}
POLYGON = {"type": "Polygon", "coordinates": [SQUARE, HOLE]}
PLAIN = {"type": "Polygon", "coordinates": [SQUARE]}
POLYGONS = {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [HOLE[::-1]]]}


def collection(*geometries):
    return {"type": "GeometryCollection", "geometries": list(geometries)}


def categories(*names, children=()):
    return {name: {"name": name.title(), "children": list(children)} for name in names}


def drawing(tools, *names, **more):
    content = {"input": "radio", "categories": categories(*names, children=["COLOR"])}
    return {"mlTask": "OBJECT_DETECTION", "tools": tools, "content": content, **more}


JOBS = {
    "BOXES": drawing(["rectangle"], "HOUSE", "BARN"),
    "FIELDS": drawing(["polygon"], "WHEAT", "RYE"),
    "LAND": drawing(["semantic"], "LAKE", "WOOD"),
    "SPOTS": drawing(["marker"], "WELL", "TREE"),
    "WAYS": drawing(["polyline"], "ROAD", "PATH"),
    "ALL": drawing(["rectangle", "semantic", "polyline", "marker"], "ANY", "OTHER"),
    "SEASON": {
        "mlTask": "CLASSIFICATION",
        "content": {"input": "radio", "categories": categories("DRY", "WET")},
    },
    "NOTE": {"mlTask": "TRANSCRIPTION", "content": {"input": "textField"}},
    "COLOR": {
        "mlTask": "CLASSIFICATION",
        "isChild": True,
        "content": {"input": "radio", "categories": categories("RED", "BLUE")},
    },
}
PROJECT = {"id": "map", "title": "Map", "inputType": "GEOSPATIAL", "jsonInterface": {"jobs": JOBS}}
ONTOLOGY = kq.Ontology.from_json_interface(PROJECT)


def feature(geometry, kili=None, **more):
    return {"type": "Feature", "geometry": geometry, "properties": {} if kili is None else {"kili": kili}, **more}


def kili(job, kind=None, category=None, **more):
    first = next(iter(JOBS[job]["content"]["categories"])) if category is None else category
    return {"job": job, "categories": [{"name": first}], **({} if kind is None else {"type": kind}), **more}


@pytest.fixture
def file(tmp_path):
    def write_file(*features, name="map.geojson", **more):
        path = tmp_path / name
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}), encoding="utf-8")
        return path

    return write_file


def ring(*corners):
    return {"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}


OUTER, INNER = ring((0, 0), (4, 0), (4, 4), (0, 4)), ring((1, 1), (1, 2), (2, 2))
REVERSED = ring((1, 1), (2, 2), (1, 2))


def shapes(label):
    """What is drawn in each job: category, type and shape of each annotation."""
    return {
        job: [
            (one["categories"][0]["name"], one["type"], next(one[key] for key in one.keys() & SHAPE_FIELDS))
            for one in answer["annotations"]
        ]
        for job, answer in label.json_response.items()
    }


SHAPE_FIELDS = {"point", "polyline", "boundingPoly"}
AT, TO, BACK = {"x": 1, "y": 2}, {"x": 3, "y": 4}, [{"x": 5, "y": 6}, {"x": 7, "y": 8}]


def test_geometries_choose_the_first_job_with_a_tool_for_them(file):
    """No polygon becomes a rectangle; a part of a collection is like a feature of its own."""
    everything = [POINT, POINTS, LINE, LINES, POLYGON, POLYGONS, collection(LINE, collection(POINT))]
    label = read_geojson([file(*map(feature, everything))], ONTOLOGY)
    assert shapes(label) == {
        "SPOTS": [("WELL", "marker", AT), ("WELL", "marker", AT), ("WELL", "marker", TO), ("WELL", "marker", AT)],
        "WAYS": [("ROAD", "polyline", one) for one in ([AT, TO], [AT, TO], BACK, [AT, TO])],
        "FIELDS": [("WHEAT", "polygon", [OUTER, INNER])],
        "LAND": [("LAKE", "semantic", [[OUTER, INNER], [REVERSED]])],
    }
    assert (label.features, label.annotations, label.left_out, label.notes) == (7, 10, (), ())
    assert all(one["children"] == {} for answer in label.json_response.values() for one in answer["annotations"])


def test_files_without_features_are_reported(file):
    empty, other = file(name="empty.geojson"), file(feature(POINT))
    label = read_geojson([empty, other], ONTOLOGY)
    assert (label.annotations, label.notes) == (1, (f"`{empty}`: it has no features",))
    label = read_geojson([empty], ONTOLOGY)
    assert label.json_response == {}
    assert label.notes[1:] == ("the label is empty, because there is nothing to make annotations of",)


@for_each(
    [
        ("ALL", POINT, "marker", [AT]),
        ("ALL", POLYGON, "semantic", [[[OUTER, INNER]]]),
        ("ALL", POLYGONS, "semantic", [[[OUTER, INNER], [REVERSED]]]),
        ("ALL", POINTS, "marker", [AT, TO]),
        ("FIELDS", PLAIN, "polygon", [[OUTER]]),
        ("BOXES", PLAIN, "rectangle", [[ring((0, 0), (0, 4), (4, 4), (4, 0))]]),
    ]
)
def test_named_jobs_replace_what_features_say(row, file, kili_of_another):
    job, geometry, kind, drawn = row
    category = list(JOBS[job]["content"]["categories"])[1]
    path = file(feature(geometry, kili_of_another))
    label = read_geojson([path], ONTOLOGY, job_names=[job], category_names=[category])
    assert shapes(label) == {job: [(category, kind, one) for one in drawn]}


@pytest.fixture(params=[None, kili("SPOTS", "marker", children={"COLOR": {"categories": [{"name": "RED"}]}})])
def kili_of_another(request):
    return request.param


@for_each(
    [
        (kili("ALL", "semantic"), POLYGON, [("semantic", [[OUTER, INNER]])]),
        (kili("ALL", "semantic"), POLYGONS, [("semantic", [[OUTER, INNER], [REVERSED]])]),
        (kili("FIELDS", "polygon"), POLYGON, [("polygon", [OUTER, INNER])]),
        (kili("ALL", "rectangle"), PLAIN, [("rectangle", [ring((0, 0), (0, 4), (4, 4), (4, 0))])]),
        (kili("ALL", "rectangle"), collection(PLAIN), [("rectangle", [ring((0, 0), (0, 4), (4, 4), (4, 0))])]),
        (kili("ALL"), POLYGON, [("semantic", [[OUTER, INNER]])]),
        (kili("FIELDS"), POLYGON, [("polygon", [OUTER, INNER])]),
        (kili("BOXES"), PLAIN, [("rectangle", [ring((0, 0), (0, 4), (4, 4), (4, 0))])]),
        (kili("ALL"), POINTS, [("marker", AT), ("marker", TO)]),
        (kili("ALL", "polyline"), LINES, [("polyline", [AT, TO]), ("polyline", BACK)]),
        (
            kili("ALL"),
            collection(POINT, LINE, POLYGON, POINTS),
            [("marker", AT), ("polyline", [AT, TO]), ("semantic", [[OUTER, INNER]]), ("marker", AT), ("marker", TO)],
        ),
    ]
)
def test_features_say_what_they_are(row, file):
    given, geometry, drawn = row
    label = read_geojson([file(feature(geometry, given))], ONTOLOGY)
    category = given["categories"][0]["name"]
    assert shapes(label) == {given["job"]: [(category, *one) for one in drawn]}


def test_everything_in_kili_is_kept(file):
    children = {"COLOR": {"categories": [{"name": "RED"}]}}
    given = kili("SPOTS", "marker", "TREE", children=children, score=50, mid="ignored", point={"x": 9, "y": 9})
    answers = [{"job": "SEASON", "categories": [{"name": "WET", "confidence": 80}]}, {"job": "NOTE", "text": "muddy"}]
    label = read_geojson([file(feature(POINT, given, id=7), *(feature(None, one) for one in answers))], ONTOLOGY)
    assert label.json_response == {
        "SPOTS": {
            "annotations": [
                {
                    "mid": "7",
                    "type": "marker",
                    "categories": [{"name": "TREE"}],
                    "children": children,
                    "score": 50,
                    "point": AT,
                }
            ]
        },
        "SEASON": {"categories": [{"name": "WET", "confidence": 80}]},
        "NOTE": {"text": "muddy"},
    }


def mids(label, job):
    return [one.get("mid") for one in label.json_response[job]["annotations"]]


def test_ids_of_features_are_mids(file):
    """Parts of a collection share theirs; several points are objects of their own; a region always has one."""
    path = file(
        feature(POINT, kili("ALL"), id=5),
        feature(PLAIN, kili("ALL", "rectangle"), id=6),
        feature(POINT, kili("ALL")),
        feature(POINTS, kili("ALL"), id=8),
        feature(collection(POINT, LINE), kili("ALL"), id="nine"),
        feature(collection(POINT, LINE), kili("ALL")),
        feature(POLYGON, kili("ALL")),
    )
    first, second = read_geojson([path], ONTOLOGY), read_geojson([path], ONTOLOGY)
    assert first == second
    found = mids(first, "ALL")
    assert found[:3] == ["5", "6", None]
    assert found[5:7] == ["nine", "nine"]
    assert found[7] == found[8]
    made = {*found[3:5], found[7], found[9]}
    assert len(made) == 4
    assert all(len(one) == 36 for one in made)


def test_files_are_joined_and_the_same_file_twice_is_two_times_as_many_objects(file):
    path = file(feature(POLYGON), feature(None, {"job": "SEASON", "categories": [{"name": "DRY"}]}))
    label = read_geojson([path, path], ONTOLOGY)
    assert len(set(mids(label, "FIELDS"))) == 1  # none
    assert label.json_response["SEASON"] == {"categories": [{"name": "DRY"}]}
    named = read_geojson([path] * 2, ONTOLOGY, job_names=["LAND"] * 2, category_names=["LAKE", "WOOD"])
    assert len(set(mids(named, "LAND"))) == 2
    assert [str(one) for one in named.left_out] == [f"`{path}`: a feature without geometry (at `features[1]`)"] * 2


def test_what_is_left_out_is_reported(file):
    path = file(
        feature(None),
        feature(POINT),
        feature(collection(), kili("ALL")),
        feature(collection(POINT, LINE), kili("ALL", "marker")),
    )
    label = read_geojson([path], ONTOLOGY)
    assert label.annotations == 2
    assert [(one.path, one.message) for one in label.left_out] == [
        ("features[0]", "a feature without geometry"),
        ("features[2].geometry", "an empty GeometryCollection"),
        ("features[3].geometry.geometries[1]", "a LineString in a collection of type `marker`"),
    ]
    named = read_geojson([file(feature(LINE), feature(POINT))], ONTOLOGY, job_names=["WAYS"], category_names=["PATH"])
    assert [one.message for one in named.left_out] == ["job `WAYS` has no tool for a Point"]


def test_a_file_without_features_is_an_empty_label(file):
    assert read_geojson([file()], ONTOLOGY).json_response == {}


def test_features_none_of_which_can_be_used_are_an_error(file):
    with pytest.raises(FeaturesError, match="a feature without geometry"):
        read_geojson([file(feature(None))], ONTOLOGY)


@for_each(
    [
        (feature(POINT, kili("ALL") | {"job": "SPOT"}), ".properties.kili.job", "no job `SPOT`, did you mean `SPOTS`?"),
        (feature(POINT, kili("ALL") | {"job": None}), ".properties.kili.job", "does not name its job"),
        (feature(POINT, kili("COLOR")), ".properties.kili.job", "is a child job"),
        (feature(POINT, kili("SEASON")), ".properties.kili.job", "draws no shapes: its task is CLASSIFICATION"),
        (feature(POINT, {"job": "ALL"}), ".properties.kili", "`categories` is missing"),
        (
            feature(POINT, kili("SPOTS", category="TREES")),
            ".properties.kili.categories[0].name",
            "no category `TREES`, did you mean `TREE`?",
        ),
        (feature(POINT, kili("ALL", "market")), ".properties.kili.type", "`market`, did you mean `marker`?"),
        (feature(POINT, kili("ALL", 5)), ".properties.kili.type", "no type of annotation `5`"),
        (feature(POLYGON, kili("ALL", "polygon")), ".properties.kili.type", "has no tool `polygon`"),
        (feature(POINT, kili("WAYS")), ".geometry", "has no tool for a Point"),
        (
            feature(POINT, kili("SPOTS", children={"COLOUR": {}})),
            ".properties.kili.children.COLOUR",
            "no child job `COLOUR`, did you mean `COLOR`?",
        ),
        (feature(POINT, kili("SPOTS", score="high")), ".properties.kili.score", "a number from 0 to 100"),
        (feature(LINE, kili("ALL", "marker")), ".geometry.type", "needs a geometry of type `Point`, not `LineString`"),
        (feature(LINES, kili("ALL", "marker")), ".geometry.coordinates[0]", "not `LineString`"),
        (feature(None, {"job": "SEASON"}), ".properties.kili", "needs an answer"),
        (feature(None, kili("SPOTS")), ".properties.kili", "has annotations, and the feature has no geometry"),
        (feature(None, {"job": "NOTE", "text": 5}), ".properties.kili.text", "expected a string"),
        (feature(None, kili("SEASON", category="DAMP")), ".properties.kili.categories[0].name", "no category `DAMP`"),
        (5, "", "must be an object of type `Feature`"),
        ({**feature(POINT), "type": "FeatureCollection"}, "", "not a `FeatureCollection`"),
        ({**feature(POINT), "properties": []}, ".properties", "must be an object or null"),
        (feature(POINT, []), ".properties.kili", "must be an object"),
        (feature(POINT, id=True), ".id", "must be a text or a number"),
        (feature(POINT, id={}), ".id", "must be a text or a number"),
        (feature([1, 2]), ".geometry", "a geometry must be an object"),
        (feature({"type": "Circle"}), ".geometry.type", "unknown type of geometry `Circle`"),
        (feature({"coordinates": [1, 2]}), ".geometry.type", "unknown type of geometry `None`"),
        (feature(collection(5)), ".geometry.geometries[0]", "must be an object"),
        (feature({"type": "GeometryCollection"}), ".geometry.geometries", "missing"),
        (feature({"type": "Point"}), ".geometry.coordinates", "a position is"),
        (feature({"type": "Point", "coordinates": []}), ".geometry.coordinates", "a position is"),
        (feature({"type": "Point", "coordinates": [1, "2"]}), ".geometry.coordinates[1]", "must be a finite number"),
        (feature({"type": "Point", "coordinates": [True, 2]}), ".geometry.coordinates[0]", "must be a finite number"),
        (feature({"type": "Point", "coordinates": [1, 10**400]}), ".geometry.coordinates[1]", "must be between"),
        (feature({"type": "MultiPoint", "coordinates": [[1, 2], [3]]}), ".geometry.coordinates[1]", "a position is"),
        (feature({"type": "MultiPoint", "coordinates": 5}), ".geometry.coordinates", "must be a list"),
        (feature({"type": "LineString", "coordinates": [[1, 2]]}), ".geometry.coordinates", "2 positions or more"),
        (feature({"type": "Polygon", "coordinates": []}), ".geometry.coordinates", "no ring"),
        (feature({"type": "Polygon", "coordinates": [[]]}), ".geometry.coordinates[0]", "4 positions or more"),
        (feature({"type": "Polygon", "coordinates": [SQUARE, [[0, 0], [1, 0]]]}), ".geometry.coordinates[1]", "4 pos"),
        (feature({"type": "Polygon", "coordinates": [SQUARE[:-1]]}), ".geometry.coordinates[0]", "the last like the"),
        (feature({"type": "MultiPolygon", "coordinates": []}), ".geometry.coordinates", "no polygon"),
        (feature({"type": "MultiPolygon", "coordinates": [[]]}), ".geometry.coordinates[0]", "no ring"),
        (
            feature({"type": "Polygon", "coordinates": [[*SQUARE[:-1], [-1, 2], [0, 0]]]}, kili("BOXES")),
            ".geometry.coordinates[0]",
            "a rectangle has 4 corners, not 5",
        ),
        (feature(POLYGON, kili("BOXES")), ".geometry.coordinates", "a rectangle has one ring, not 2"),
    ]
)
def test_faults_are_reported_with_their_place(row, file):
    bad, path, message = row
    with pytest.raises(FeaturesError) as caught:
        read_geojson([file(feature(POINT), bad, feature(LINE))], ONTOLOGY)
    (problem,) = caught.value.problems
    assert problem.path == f"features[1]{path}"
    assert message in problem.message
    assert str(caught.value) == str(problem) == str(pickle.loads(pickle.dumps(caught.value)))


def test_all_faults_are_reported_together(file):
    paths = [file(*[feature(POINT, kili("ALL") | {"job": f"NO{at}"}) for at in range(8)], name=f"{n}") for n in "ab"]
    with pytest.raises(
        FeaturesError, match=r"(?s)^16 features cannot be part of the label:\n  .*\n  … and 6 more$"
    ) as told:
        read_geojson(paths, ONTOLOGY)
    assert len(told.value.problems) == 16
    assert str(told.value).count("\n") == 11


def test_two_answers_to_one_job_are_a_fault(file):
    answers = [feature(None, kili("SEASON", category=name)) for name in ("DRY", "WET")]
    with pytest.raises(FeaturesError, match=r"job `SEASON` has another answer in an earlier feature .*features\[0\]"):
        read_geojson([file(answers[0], name="a"), file(answers[1], name="b")], ONTOLOGY)


@for_each(
    [
        (b"", "is not GeoJSON"),
        (b'{"type": "FeatureCollection", "features": [{"ty', "is not GeoJSON"),
        (b"\xff\xfe{}", "it is not UTF-8 \\(at byte 0\\)"),
        (b"[]", "must be an object of type `FeatureCollection`, not a list"),
        (b'{"type": "Feature"}', "must be an object of type `FeatureCollection`, not of type `Feature`"),
        (b'{"type": "FeatureCollection"}', "`features` must be a list, not null"),
        (b'{"type": "FeatureCollection", "features": {}}', "`features` must be a list, not an object"),
        (b'{"type": "FeatureCollection", "features": [NaN]}', "NaN is not a JSON number"),
    ]
)
def test_files_that_are_not_geojson(row, tmp_path):
    content, message = row
    path = tmp_path / "x.geojson"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        read_geojson([path], ONTOLOGY)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "geometry",
    [
        '{"type": "GeometryCollection", "geometries": [' * 3000 + "]}" * 3000,
        '{"type": "Polygon", "coordinates": ' + "[" * 3000 + "]" * 3000 + "}",
        '{"type": "Point", "coordinates": [1e400, 0]}',
    ],
)
def test_deep_and_huge_values_are_errors(tmp_path, geometry):
    path = tmp_path / "x.geojson"
    feature_text = f'{{"type": "Feature", "properties": null, "geometry": {geometry}}}'
    path.write_text(f'{{"type": "FeatureCollection", "features": [{feature_text}]}}')
    with pytest.raises(SourceError, match=r"nested too deeply|an empty Geo|a position|finite|a ring has"):
        read_geojson([path], ONTOLOGY)


def test_a_missing_file_and_a_byte_order_mark(tmp_path, file):
    with pytest.raises(SourceError, match=r"cannot read .*none\.geojson.: no such file"):
        read_geojson([tmp_path / "none.geojson"], ONTOLOGY)
    path = file(feature(POINT))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_geojson([path], ONTOLOGY).annotations == 1


def crs(name):
    return {"type": "name", "properties": {"name": name}}


@for_each(
    [
        (crs("urn:ogc:def:crs:OGC:1.3:CRS84"), None),
        (crs("urn:ogc:def:crs:EPSG::4326"), None),
        (crs("EPSG:4326"), None),
        (None, None),
        (crs("urn:ogc:def:crs:EPSG::3857"), "urn:ogc:def:crs:EPSG::3857"),
        (crs("EPSG:43260"), "EPSG:43260"),
        ({"type": "link"}, "link"),
        (5, "`5`"),
    ]
)
def test_other_reference_systems_are_reported(row, file):
    given, note = row
    (*notes,) = read_geojson([file(feature(POINT), crs=given)], ONTOLOGY).notes
    assert len(notes) == (note is not None)
    assert note is None or note in notes[0]


def test_coordinates_that_are_not_degrees_are_reported_and_kept(file):
    metres = {"type": "LineString", "coordinates": [[652000, 5411000], [652010, 5411000]]}
    label = read_geojson([file(feature(metres), feature(POINT), feature(metres))], ONTOLOGY)
    assert [one.split("`: ")[1] for one in label.notes] == [
        "coordinates such as 652000, 5411000 are not degrees of longitude and latitude; they are kept as they are"
    ]


def test_an_id_of_several_features_is_reported(file):
    label = read_geojson([file(feature(POINT, id=1), feature(LINE, id=1), feature(POINT, id="1"))], ONTOLOGY)
    assert mids(label, "SPOTS") == ["1", "1"]
    (note,) = label.notes
    assert note.endswith("count as one object: `1` in `SPOTS`")


@for_each(
    [
        ({"job_names": ["ALL"]}, "give both `job_names` and `category_names`"),
        ({"category_names": ["ANY"]}, "give both"),
        ({"job_names": ["ALL"] * 2, "category_names": ["ANY"]}, "`job_names` has 2 items and `geojson_file_paths` 1"),
        ({"job_names": ["ALL"], "category_names": []}, "`category_names` has 0 items"),
        ({"job_names": ["AL"], "category_names": ["ANY"]}, r"`job_names\[0\]`: no job `AL`, did you mean `ALL`\?"),
        ({"job_names": ["NOTE"], "category_names": ["ANY"]}, "draws no shapes: its task is TRANSCRIPTION"),
        ({"job_names": ["ALL"], "category_names": ["AMY"]}, r"`category_names\[0\]`: .*did you mean `ANY`\?"),
    ]
)
def test_wrong_names_are_errors_of_the_caller(row, file):
    names, message = row
    with pytest.raises(ArgumentError, match=message):
        read_geojson([file(feature(POINT))], ONTOLOGY, **names)


def test_labels_of_videos_are_refused(file):
    video = kq.Ontology.from_json_interface({**PROJECT, "inputType": "VIDEO"})
    with pytest.raises(ArgumentError, match="labels of videos"):
        read_geojson([file(feature(POINT))], video)


DEGREES = st.floats(-60, 60).map(lambda number: round(number, 9))
POSITIONS = st.builds(lambda x, y: {"x": x, "y": y}, DEGREES, DEGREES)


@st.composite
def regions(draw):
    """An outline counterclockwise around a centre, perhaps with a hole around the same centre."""
    x, y = draw(DEGREES), draw(DEGREES)
    distances = draw(st.lists(st.integers(2, 20), min_size=3, max_size=8))
    angles = [at * 2 * math.pi / len(distances) for at in range(len(distances))]
    outer = [
        (x + far * math.cos(angle), y + far * math.sin(angle)) for far, angle in zip(distances, angles, strict=True)
    ]
    hole = [(x + 0.1 * math.cos(angle), y + 0.1 * math.sin(angle)) for angle in angles][::-1]
    return [ring(*outer), *([ring(*hole)] if draw(st.booleans()) else [])]


@st.composite
def boxes(draw):
    x, y, width, height = draw(DEGREES), draw(DEGREES), draw(st.integers(1, 9)), draw(st.integers(1, 9))
    return [ring((x, y), (x, y + height), (x + width, y + height), (x + width, y))]


DRAWN = st.one_of(
    st.tuples(st.just("SPOTS"), st.just("marker"), st.fixed_dictionaries({"point": POSITIONS})),
    st.tuples(
        st.just("WAYS"), st.just("polyline"), st.fixed_dictionaries({"polyline": st.lists(POSITIONS, min_size=2)})
    ),
    st.tuples(st.just("BOXES"), st.just("rectangle"), st.fixed_dictionaries({"boundingPoly": boxes()})),
    st.tuples(st.just("FIELDS"), st.just("polygon"), st.fixed_dictionaries({"boundingPoly": regions()})),
    st.tuples(
        st.just("LAND"),
        st.just("semantic"),
        st.fixed_dictionaries({"boundingPoly": st.lists(regions(), min_size=1, max_size=3)}),
    ),
)
COLORS = st.sampled_from([{}, {"COLOR": {"categories": [{"name": "RED"}]}}])
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "SEASON": st.sampled_from(["DRY", "WET"]).map(lambda name: {"categories": [{"name": name}]}),
        "NOTE": st.text(st.characters(codec="utf-8"), max_size=9).map(lambda text: {"text": text}),
    },
)


@st.composite
def labels(draw):
    """A label of a map; each annotation has a mid."""
    label = draw(ANSWERS)
    for number, (job, kind, shape) in enumerate(draw(st.lists(DRAWN, max_size=6))):
        category = draw(st.sampled_from(list(JOBS[job]["content"]["categories"])))
        annotation = {"mid": f"m{number}", "type": kind, "categories": [{"name": category}], "children": draw(COLORS)}
        label.setdefault(job, {"annotations": []})["annotations"].append({**annotation, **shape})
    return label


@settings(max_examples=60)
@given(labels())
def test_our_export_comes_back_as_the_same_label(tmp_path_factory, label):
    folder: Path = tmp_path_factory.getbasetemp()
    asset = {"id": "a", "externalId": "a.tif"}
    written = write(
        [
            {
                "id": "l",
                "assetId": "a",
                "labelType": "DEFAULT",
                "createdAt": "2026-01-01T00:00:00Z",
                "jsonResponse": label,
            }
        ],
        [asset],
        PROJECT,
        to=folder / "out.zip",
        fmt="geojson",
        layout="merged",
    )
    with zipfile.ZipFile(written.path) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".geojson")]
        path = Path(archive.extract(name, folder))
    back = read_geojson([path], ONTOLOGY)
    assert back.json_response == label
    assert back.left_out == ()
    assert bool(back.notes) == (not label)  # an empty label is reported
    assert kq.count(back.json_response, ontology=ONTOLOGY) == kq.count(label, ontology=ONTOLOGY)


WORDS = st.sampled_from(
    [
        "Feature",
        "FeatureCollection",
        "GeometryCollection",
        "Point",
        "MultiPoint",
        "LineString",
        "Polygon",
        "MultiPolygon",
        "marker",
        "semantic",
        "rectangle",
        "BOXES",
        "FIELDS",
        "LAND",
        "SPOTS",
        "WAYS",
        "ALL",
        "SEASON",
        "NOTE",
        "COLOR",
        "WELL",
        "RED",
        "DRY",
    ]
)
KEYS = st.sampled_from(
    [
        "type",
        "geometry",
        "properties",
        "kili",
        "id",
        "coordinates",
        "geometries",
        "job",
        "categories",
        "name",
        "children",
        "text",
        "COLOR",
        "point",
        "mid",
        "score",
    ]
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**400), 10**400), st.integers(-9, 9), st.floats(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=12,
)
PARTS_OF_FEATURES = st.fixed_dictionaries(
    {"type": st.just("Feature")},
    optional={
        "geometry": st.one_of(
            JSON,
            st.fixed_dictionaries({"type": WORDS}, optional={"coordinates": JSON, "geometries": JSON}),
            st.sampled_from([POINT, LINES, POLYGON, POLYGONS, collection(POINT, POLYGON)]),
        ),
        "properties": st.one_of(
            JSON,
            st.fixed_dictionaries(
                {
                    "kili": st.fixed_dictionaries(
                        {"job": WORDS},
                        optional={"type": WORDS, "categories": JSON, "children": JSON, "text": JSON, "score": JSON},
                    )
                }
            ),
        ),
        "id": JSON,
    },
)


@settings(max_examples=120)
@given(st.lists(st.one_of(JSON, PARTS_OF_FEATURES), max_size=3), st.booleans())
def test_any_features_give_a_label_or_an_error_of_ours(tmp_path_factory, features, is_named):
    path = tmp_path_factory.getbasetemp() / "any.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    names = {"job_names": ["ALL"], "category_names": ["ANY"]} if is_named else {}
    try:
        label = read_geojson([path], ONTOLOGY, **names)
    except SourceError as error:
        assert str(path) in str(error)  # noqa: PT017 - a label is right, too
    else:
        json.dumps(label.json_response, allow_nan=False)
        assert find_mismatches(label.json_response, ONTOLOGY, "") == []
