"""What one object is, rule by rule."""

from typing import Any

import pytest

from kili_query.counting import MAX_NESTING, CountPolicy, VideoPolicy, count
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology


def box(mid: object, *names: str, **more: object) -> dict[str, Any]:
    mids = {} if mid is ... else {"mid": mid}
    return {**mids, "categories": [{"name": name} for name in names], **more}


def choice(*names: str, **more: object) -> dict[str, Any]:
    return {"categories": [{"name": name} for name in names], **more}


def boxes(*annotations: object) -> dict[str, Any]:
    return {"annotations": list(annotations)}


SMALL = {"SIZE": choice("SMALL")}

ONE_OF_EACH = [
    pytest.param({}, {}, id="empty"),
    pytest.param({"J": None, "K": {}, "L": {"categories": None}, "M": {"annotations": []}}, {}, id="nothing there"),
    pytest.param({"T": {"text": "free"}, "R": {"orders": [{"rank": 1, "elements": ["x"]}]}}, {}, id="no categories"),
    pytest.param({"J": choice("A", "B", "A")}, {("J", "A"): 1, ("J", "B"): 1}, id="a choice counts once"),
    pytest.param({"J": boxes(box("1", "A"), box("2", "A"))}, {("J", "A"): 2}, id="two objects"),
    pytest.param({"J": boxes(box("1", "A"), box("1", "A"))}, {("J", "A"): 1}, id="two parts of one object"),
    pytest.param({"J": boxes(box(1, "A"), box("1", "A"))}, {("J", "A"): 2}, id="a number is no string"),
    pytest.param({"J": boxes(box("", "A"), box("", "A"))}, {("J", "A"): 1}, id="an empty mid is a mid"),
    pytest.param({"J": boxes(box(0, "A"), box(0, "A"))}, {("J", "A"): 1}, id="so is zero"),
    pytest.param({"J": boxes(box(..., "A"), box(None, "A"))}, {("J", "A"): 2}, id="no mid"),
    pytest.param({"J": boxes(box("1", "A", "A", "B"))}, {("J", "A"): 1, ("J", "B"): 1}, id="several categories"),
    pytest.param({"J": {"categories": [{"name": "A"}], **boxes(box("1", "A"))}}, {("J", "A"): 2}, id="both"),
    pytest.param(
        {"J": boxes({**box("1", "A"), "annotations": [{"categories": [{"name": "A"}]}]})},
        {("J", "A"): 1},
        id="inner geometry of a PDF",
    ),
    pytest.param(
        {"J": boxes(box("1", "A", points=[{"code": "P", "mid": "p"}, {"code": "Q", "mid": "q"}]))},
        {("J", "A"): 1},
        id="points of a pose",
    ),
    pytest.param({"ROTATION_JOB": choice("A"), "ANNOTATION_JOB_COUNTER": {"J": {"A": 3}}}, {}, id="metadata"),
]


@pytest.mark.parametrize(("label", "expected"), ONE_OF_EACH)
def test_objects_and_choices(label: object, expected: dict[tuple[str, str], int]) -> None:
    assert count(label) == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        pytest.param({"J": boxes(box("1", "A", children=SMALL), box("2", "A", children=SMALL))}, 2, id="two parents"),
        pytest.param({"J": boxes(box("1", "A", children=SMALL), box("1", "A", children=SMALL))}, 1, id="two parts"),
        pytest.param({"J": boxes(box(..., "A", children=SMALL), box(..., "A", children=SMALL))}, 2, id="no mids"),
        pytest.param(
            {"J": {"categories": [{"name": "A", "children": SMALL}, {"name": "B", "children": SMALL}]}}, 2, id="choices"
        ),
        pytest.param(
            {"J": {"categories": [{"name": "A", "children": SMALL}, {"name": "A", "children": SMALL}]}},
            1,
            id="a choice twice",
        ),
        pytest.param({"J": choice("A", children=SMALL)}, 1, id="beside the categories"),
        pytest.param(
            {"J": boxes({"mid": "1", "categories": [{"name": "A", "children": SMALL}]})}, 1, id="in a category"
        ),
        pytest.param(
            {"J": boxes(box("1", "A", points=[{"code": "P", "children": SMALL}, {"code": "Q", "children": SMALL}]))},
            2,
            id="in points",
        ),
        pytest.param({"SIZE": choice("SMALL"), "J": boxes(box("1", "A", children=SMALL))}, 2, id="at the root too"),
        pytest.param({"J": boxes(box("1", "A", children={"K": choice("B", children=SMALL)}))}, 1, id="two levels down"),
        pytest.param(
            {"J": boxes(box("1", "A", children={"ROTATION_JOB": choice("B", children=SMALL)}))}, 0, id="metadata"
        ),
    ],
)
def test_children_count_once_for_each_parent(label: object, expected: int) -> None:
    assert count(label).get(("SIZE", "SMALL"), 0) == expected


def test_an_annotation_and_its_category_are_two_parents() -> None:
    annotation = {"mid": "1", "categories": [{"name": "A", "children": SMALL}], "children": SMALL}
    assert count({"J": boxes(annotation, annotation)})["SIZE", "SMALL"] == 2


def nested(levels: int) -> dict[str, Any]:
    jobs: dict[str, Any] = {"DEEP": choice("YES")}
    for _ in range(levels):
        jobs = {"J": {"categories": [{"name": "A", "children": jobs}]}}
    return jobs


def test_deep_labels_are_read() -> None:
    assert count(nested(100))["DEEP", "YES"] == 1
    assert count(nested(MAX_NESTING))["J", "A"] == MAX_NESTING


@pytest.mark.parametrize("levels", [MAX_NESTING + 1, 20_000])
def test_deeper_labels_are_malformed(levels: int) -> None:
    with pytest.raises(MalformedLabelError, match="nested deeper than 200 levels"):
        count(nested(levels))


TRACK = {
    "0": {"TRACK": boxes(box("v", "CAR", isKeyFrame=True, children={"LIGHT": choice("ON", isKeyFrame=True)}))},
    "1": {"TRACK": boxes(box("v", "CAR", isKeyFrame=False, children={"LIGHT": choice("ON")})), "SKY": choice("BLUE")},
    "2": None,
    "3": {
        "TRACK": boxes(box("v", "CAR", isKeyFrame=True, children={"LIGHT": choice("ON")}), box("w", "CAR")),
        "SKY": choice("BLUE", isKeyFrame=True),
    },
    "assetLevel": {"WEATHER": choice("RAIN")},
}


@pytest.mark.parametrize(
    ("video", "car", "light", "sky"), [("objects", 2, 1, 1), ("key_frames", 2, 2, 1), ("frames", 3, 3, 2)]
)
def test_videos(video: VideoPolicy, car: int, light: int, sky: int) -> None:
    expected = {("TRACK", "CAR"): car, ("LIGHT", "ON"): light, ("SKY", "BLUE"): sky, ("WEATHER", "RAIN"): 1}
    assert count(TRACK, policy=CountPolicy(video=video)) == expected


def test_a_policy_is_one_of_three() -> None:
    with pytest.raises(ValueError, match="choose one of `objects`, `key_frames`, `frames`"):
        CountPolicy(video="frame")  # type: ignore[arg-type]


INTERFACE = {
    "jobs": {
        "J": {
            "mlTask": "OBJECT_DETECTION",
            "instruction": "",
            "isChild": False,
            "content": {"input": "radio", "categories": {"A": {"name": "A", "children": ["SIZE"]}}},
        },
        "SIZE": {
            "mlTask": "CLASSIFICATION",
            "instruction": "",
            "isChild": True,
            "content": {"input": "radio", "categories": {"SMALL": {"name": "small", "children": []}}},
        },
    }
}


def ontology(input_type: str | None) -> Ontology:
    return Ontology.from_json_interface(INTERFACE, input_type=input_type)


def test_what_is_a_video() -> None:
    framed = {"0": {"J": boxes(box("1", "A"))}, "1": {"J": boxes(box("1", "A"))}}
    as_jobs = {"0": choice("X"), "J": boxes(box("1", "A"))}
    assert count(framed) == {("J", "A"): 1}
    assert count(framed, ontology=ontology("VIDEO")) == {("J", "A"): 1}
    assert count(framed, ontology=ontology(None)) == {("J", "A"): 1}
    assert count(framed, ontology=ontology("IMAGE")) == {}
    assert count(as_jobs) == {("0", "X"): 1, ("J", "A"): 1}
    assert count({**framed, "ROTATION_JOB": {"rotation": 90}}) == {("J", "A"): 1}
    legacy = {"0": {"K": choice("X")}, "J": boxes(box("1", "A"))}
    assert count(legacy, ontology=ontology("VIDEO")) == {("J", "A"): 1, ("K", "X"): 1}


def test_a_root_job_counts_at_the_root_alone() -> None:
    label = {"J": boxes(box("1", "A", children={"J": boxes(box("2", "A", children=SMALL))})), "X": choice("Y")}
    assert count(label) == {("J", "A"): 2, ("SIZE", "SMALL"): 1, ("X", "Y"): 1}
    assert count(label, ontology=ontology("IMAGE")) == {("J", "A"): 1, ("SIZE", "SMALL"): 1, ("X", "Y"): 1}


def test_unknown_content() -> None:
    with pytest.raises(UnknownContentError):
        count(None)


@pytest.mark.parametrize(
    ("label", "path"),
    [
        ([], ""),
        ("{}", ""),
        ({"J": "text"}, "J"),
        ({"J": []}, "J"),
        ({"J": {"categories": "A"}}, "J.categories"),
        ({"J": {"categories": {}}}, "J.categories"),
        ({"J": {"annotations": ""}}, "J.annotations"),
        ({"J": {"categories": ["A"]}}, "J.categories[0]"),
        ({"J": {"categories": [{"name": "A"}, None]}}, "J.categories[1]"),
        ({"J": {"categories": [{}]}}, "J.categories[0].name"),
        ({"J": {"categories": [{"name": 5}]}}, "J.categories[0].name"),
        ({"J": boxes(box("1", "A"), {"categories": [5]})}, "J.annotations[1].categories[0]"),
        ({"J": boxes(box("1", "A"), 5)}, "J.annotations[1]"),
        ({"J": boxes(box(True, "A"))}, "J.annotations[0].mid"),
        ({"J": boxes(box(["1"], "A"))}, "J.annotations[0].mid"),
        ({"J": boxes(box("1", "A", children=[]))}, "J.annotations[0].children"),
        ({"J": boxes(box("1", "A", points=[5]))}, "J.annotations[0].points[0]"),
        ({"J": choice("A", children={"K": 5})}, "J.children.K"),
        ({"J": {"categories": [{"name": "A", "children": "K"}]}}, "J.categories[0].children"),
    ],
)
def test_malformed_labels_say_where(label: object, path: str) -> None:
    with pytest.raises(MalformedLabelError) as caught:
        count(label)
    assert caught.value.path == path


def test_a_malformed_frame() -> None:
    with pytest.raises(MalformedLabelError) as caught:
        count({"0": {}, "1": []}, ontology=ontology("VIDEO"))
    assert caught.value.path == "1"
