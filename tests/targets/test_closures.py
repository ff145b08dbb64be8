"""Closures: verdicts that need no random label, how far they read, and what a matcher is."""

import json
import pickle
from typing import Any

import pytest
from attrs import evolve

from kili_query.ast import (
    Addend,
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Filtered,
    Linear,
    NamePattern,
    Or,
    Pattern,
    Predicate,
)
from kili_query.counting import CountPolicy, VideoPolicy
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology
from kili_query.targets.closures import Matcher, compile_closure
from tests import reference
from tests.each import for_each

EQ, GE, LE, GT, LT = CompareOp.EQ, CompareOp.GE, CompareOp.LE, CompareOp.GT, CompareOp.LT

PERSON, VEHICLE = Counter("OBJECTS", "PERSON"), Counter("SCENE", "VEHICLE")
SMALL, OCCLUDED = Counter("SIZE", "SMALL"), Counter("OCCLUDED", "YES")

ONTOLOGY = Ontology.from_json_interface(
    {
        "jobs": {
            name: {
                "mlTask": task,
                "instruction": name,
                "isChild": is_child,
                "content": {"input": "checkbox", "categories": {key: {"name": key} for key in keys}},
            }
            for name, task, is_child, keys in [
                ("OBJECTS", "OBJECT_DETECTION", False, ["PERSON", "CAR"]),
                ("SCENE", "CLASSIFICATION", False, ["VEHICLE", "FOOD"]),
                ("SIZE", "CLASSIFICATION", True, ["SMALL", "BIG"]),
            ]
        }
    },
    input_type="IMAGE",
)


def people(count: int) -> list[dict[str, Any]]:
    return [{"mid": str(index), "categories": [{"name": "PERSON"}], "children": {}} for index in range(count)]


LABEL: dict[str, Any] = {
    "OBJECTS": {"annotations": [*people(3), {"mid": "c", "categories": [{"name": "CAR"}]}]},
    "SCENE": {"categories": [{"name": "FOOD", "confidence": 100}, {"name": "VEHICLE"}]},
}


@for_each(
    [
        (EQ, 3, True), (EQ, 2, False), (EQ, 4, False), (GE, 3, True), (GE, 4, False), (GT, 2, True), (GT, 3, False),
        (LE, 3, True), (LE, 2, False), (LT, 4, True), (LT, 3, False), (GE, 0, True), (LT, 0, False), (EQ, -1, False),
        (GT, 2**31, False), (LE, 2**31, True),
    ],
)  # fmt: skip
def test_comparisons(case: tuple[CompareOp, int, bool]) -> None:
    op, bound, expected = case
    for ontology in (None, ONTOLOGY):
        assert compile_closure(Comparison(PERSON, op, bound), ontology=ontology)(LABEL) is expected


@pytest.mark.parametrize("ontology", [None, ONTOLOGY])
@pytest.mark.parametrize(
    "tree", [Constant(True), Comparison(PERSON, GE, 0), Comparison(PERSON, EQ, 0), And(()), Or(())]
)
def test_no_verdict_without_content(ontology: Ontology | None, tree: Predicate) -> None:
    matcher = compile_closure(tree, ontology=ontology)
    with pytest.raises(UnknownContentError):
        matcher(None)
    with pytest.raises(UnknownContentError):
        matcher.explain(None)
    for content in ([], "", "{}", 0, False):
        with pytest.raises(MalformedLabelError):
            matcher(content)


def test_reading_stops_when_the_verdict_is_certain() -> None:
    label = {"OBJECTS": {"annotations": [*people(2), "malformed"]}, "SCENE": "malformed"}
    for ontology in (None, ONTOLOGY):
        assert compile_closure(Comparison(PERSON, GE, 2), ontology=ontology)(label) is True
        assert compile_closure(Comparison(PERSON, EQ, 1), ontology=ontology)(label) is False
        enough = Or((Comparison(PERSON, GT, 0), Comparison(VEHICLE, GT, 0)))
        assert compile_closure(enough, ontology=ontology)(label) is True
        with pytest.raises(MalformedLabelError) as caught:
            compile_closure(Comparison(PERSON, GE, 3), ontology=ontology)(label)
        assert caught.value.path == "OBJECTS.annotations[2]"


def test_sums_are_read_in_full() -> None:
    addends = (Addend(1, PERSON), Addend(-2, VEHICLE))
    assert compile_closure(Linear(addends, GE, 1))(LABEL) is True
    assert compile_closure(Linear(addends, GE, 2))(LABEL) is False


def test_a_sum_of_one_counter_twice_and_of_shared_ids() -> None:
    car = Counter("OBJECTS", "CAR")
    objects = [
        *people(2),
        {"mid": "0", "categories": [{"name": "PERSON"}]},
        {"mid": "0", "categories": [{"name": "CAR"}]},
    ]
    label = {"OBJECTS": {"annotations": objects}, "SCENE": {"categories": [{"name": "VEHICLE"}, {"name": "VEHICLE"}]}}
    misplaced = {"NOTE": {"children": {"SCENE": label["SCENE"]}}}
    for ontology in (None, ONTOLOGY, evolve(ONTOLOGY, input_type=None)):
        for addends, total in [
            ((Addend(1, PERSON), Addend(3, PERSON)), 8),
            ((Addend(1, PERSON), Addend(10, car)), 12),
            ((Addend(5, PERSON), Addend(-1, VEHICLE), Addend(7, SMALL)), 9),
        ]:
            assert compile_closure(Linear(addends, EQ, total), ontology=ontology)(label)
            for other in ({"0": label, "1": label}, label | misplaced):
                agreed = reference.matches(Linear(addends, EQ, total), other, ontology=ontology)
                assert compile_closure(Linear(addends, EQ, total), ontology=ontology)(other) is agreed


def test_children_choose_objects() -> None:
    def person(mid: str, **children: str) -> dict[str, Any]:
        jobs = {job: {"categories": [{"name": name}]} for job, name in children.items()}
        return {"mid": mid, "categories": [{"name": "PERSON"}], "children": jobs}

    label = {
        "OBJECTS": {
            "annotations": [
                person("a", SIZE="SMALL"),
                person("b", SIZE="SMALL", OCCLUDED="YES"),
                person("c", SIZE="BIG"),
                person("d", SIZE="SMALL"),
                person("d", OCCLUDED="YES"),
            ]
        }
    }
    condition = And((Comparison(SMALL, GT, 0), Comparison(OCCLUDED, EQ, 0)))
    for ontology in (None, ONTOLOGY):
        for bound in range(3):
            matcher = compile_closure(Comparison(Filtered(PERSON, condition), EQ, bound), ontology=ontology)
            assert matcher(label) is (bound == 1)


def test_children_of_one_frame_are_judged_together() -> None:
    def frame(mid: str, name: str, *, is_key: bool) -> dict[str, Any]:
        light = {"SIZE": {"categories": [{"name": name}]}}
        person = {"mid": mid, "isKeyFrame": is_key, "categories": [{"name": "PERSON"}], "children": light}
        return {"OBJECTS": {"annotations": [person]}}

    label = {
        "0": frame("a", "SMALL", is_key=True),
        "1": frame("a", "BIG", is_key=False),
        "2": frame("a", "SMALL", is_key=False),
    }
    filtered = Filtered(PERSON, Comparison(SMALL, GT, 0))
    both = Filtered(PERSON, And((Comparison(SMALL, GT, 0), Comparison(Counter("SIZE", "BIG"), GT, 0))))
    for policy, found, found_both in (("objects", 1, 1), ("key_frames", 1, 0), ("frames", 2, 0)):
        video = CountPolicy(video=policy)  # type: ignore[arg-type]
        assert compile_closure(Comparison(filtered, EQ, found), policy=video)(label)
        assert compile_closure(Comparison(both, EQ, found_both), policy=video)(label)


def test_frames_are_counted_for_each_pair_of_a_pattern() -> None:
    pattern = Pattern(NamePattern(("OBJECTS",)), NamePattern(("", "")))
    label = {"0": LABEL, "1": {"OBJECTS": {"annotations": people(1)}}}
    frames = CountPolicy(video="frames")
    assert compile_closure(Comparison(pattern, EQ, 3), policy=frames)(label)
    assert compile_closure(Comparison(pattern, EQ, 4))(label)


@pytest.mark.parametrize("video", ["key_frames", "frames"])
def test_inside_brackets_a_frame_is_an_image(video: VideoPolicy) -> None:
    sizes = {"SIZE": {"categories": [{"name": "SMALL"}, {"name": "BIG"}], "isKeyFrame": False}}
    person = {"mid": "a", "isKeyFrame": True, "categories": [{"name": "PERSON"}], "children": sizes}
    both = Pattern(NamePattern(("SIZE",)), NamePattern(("", "")))
    tree = Comparison(Filtered(PERSON, Comparison(both, EQ, 2)), EQ, 1)
    assert compile_closure(tree, policy=CountPolicy(video=video))({"0": {"OBJECTS": {"annotations": [person]}}})


def test_a_root_job_is_nowhere_inside_brackets() -> None:
    person = {
        "mid": "a",
        "categories": [{"name": "PERSON"}],
        "children": {"SCENE": {"categories": [{"name": "VEHICLE"}]}},
    }
    label = {"OBJECTS": {"annotations": [person]}}
    tree = Comparison(Filtered(PERSON, Comparison(VEHICLE, GT, 0)), GT, 0)
    assert compile_closure(tree)(label)
    assert not compile_closure(tree, ontology=ONTOLOGY)(label)


def test_categories_beside_annotations_count_too() -> None:
    both = {"annotations": people(1), "categories": [{"name": "PERSON"}, {"name": "VEHICLE"}]}
    for job in ("OBJECTS", "SCENE"):
        for ontology in (None, ONTOLOGY):
            matcher = compile_closure(Comparison(Counter(job, "PERSON"), EQ, 2), ontology=ontology)
            assert matcher({job: both})


def test_without_an_input_type_the_label_tells_whether_it_is_a_video() -> None:
    unsaid = evolve(ONTOLOGY, input_type=None)
    for tree in (Comparison(PERSON, EQ, 3), Comparison(VEHICLE, EQ, 1)):
        assert compile_closure(tree, ontology=unsaid)(LABEL)
        assert compile_closure(tree, ontology=unsaid)({"0": LABEL, "7": LABEL})
        assert not compile_closure(tree, ontology=ONTOLOGY)({"0": LABEL, "7": LABEL})


JUNK: list[object] = [None, True, 0, 1.5, "", "PERSON", [], ["PERSON"], [[]], {}, {"PERSON": 1}, [{}], [None], [{}, {}]]

TREES = [
    *(Comparison(counter, op, bound) for counter in (PERSON, VEHICLE) for op in CompareOp for bound in (0, 1, 2, 3)),
    And((Comparison(PERSON, GE, 3), Comparison(VEHICLE, GT, 0))),
    Or((Comparison(PERSON, LT, 3), Comparison(VEHICLE, EQ, 0))),
    Linear((Addend(1, PERSON), Addend(1, Counter("OBJECTS", "CAR")), Addend(-2, VEHICLE)), EQ, 2),
]


def spots(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(spot for key, below in inner for spot in spots(below, (*path, key)))]


def replaced(path: tuple[Any, ...], by: object) -> object:
    label = json.loads(json.dumps({"": LABEL}))
    holder: Any = label
    for step in ("", *path)[:-1]:
        holder = holder[step]
    if by is ...:
        del holder[("", *path)[-1]]
    else:
        holder[("", *path)[-1]] = by
    return label.get("")


def told(answer: Any) -> object:
    try:
        return answer()
    except (UnknownContentError, MalformedLabelError) as error:
        return type(error), error.path


@for_each(spots(LABEL))
def test_lookups_accept_nothing_that_is_malformed(path: tuple[object, ...]) -> None:
    labels = [replaced(path, junk) for junk in (*JUNK, ...)]
    for tree in TREES:
        matcher = compile_closure(tree, ontology=ONTOLOGY)
        for label in labels:
            expected = told(lambda: reference.matches(tree, label, ontology=ONTOLOGY))  # noqa: B023
            assert told(lambda: matcher(label)) == expected, (tree, label)  # noqa: B023


def test_wide_predicates() -> None:
    for width in (1, 2, 1000):
        parts = tuple(Comparison(Counter("OBJECTS", f"C{index}"), EQ, 0) for index in range(width))
        assert compile_closure(And(parts), ontology=ONTOLOGY)(LABEL)
        assert not compile_closure(And((*parts, Comparison(PERSON, EQ, 0))), ontology=ONTOLOGY)(LABEL)
        assert compile_closure(Or((Constant(False), *parts)), ontology=ONTOLOGY)(LABEL)


def test_names_are_data() -> None:
    name = 'x"]; raise SystemExit #'
    tree = Comparison(Counter(name, name), GT, 0)
    interface = {
        "jobs": {
            name: {
                "mlTask": "CLASSIFICATION",
                "instruction": "",
                "content": {"input": "radio", "categories": {name: {"name": name}}},
            }
        }
    }
    matcher = compile_closure(tree, ontology=Ontology.from_json_interface(interface, input_type="IMAGE"))
    assert matcher({name: {"categories": [{"name": name}]}})


def test_a_matcher_can_be_pickled() -> None:
    matcher = compile_closure(Comparison(PERSON, EQ, 3), ontology=ONTOLOGY, policy=CountPolicy(video="frames"))
    copied = pickle.loads(pickle.dumps(matcher))
    assert isinstance(copied, Matcher)
    assert (copied.tree, copied.ontology, copied.policy) == (matcher.tree, matcher.ontology, matcher.policy)
    assert copied(LABEL)
    assert repr(copied) == "<Matcher OBJECTS.PERSON.count == 3>"
