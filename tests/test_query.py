"""What the functions over queries take, and what they refuse."""

import copy
import pickle
from collections.abc import Callable
from functools import reduce
from operator import or_

import pytest

import kili_query as kq
from kili_query.counting import VideoPolicy
from kili_query.diagnostics import Severity
from kili_query.query import find_errors
from kili_query.syntax import DEFAULT_LIMITS
from tests.cases.loader import DATA, load_cases
from tests.work import lines_run


@pytest.mark.parametrize("function", [kq.parse, kq.check, kq.validate, kq.satisfiable])
@pytest.mark.parametrize("given", [5, None, b"J.A"])
def test_a_query_is_a_text(function: Callable[[object], object], given: object) -> None:
    with pytest.raises(TypeError, match=f"a query is a str, not {type(given).__name__}"):
        function(given)


def test_a_dialect_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="choose 'core' or 'extended'"):
        kq.parse("J.A", dialect="sql")  # type: ignore[arg-type]


# Queries bound to an ontology

BOXES = {
    "BOXES": {"mlTask": "OBJECT_DETECTION", "content": {"categories": {"CAR": {"children": ["COLOR"]}, "BUS": {}}}},
    "COLOR": {"mlTask": "CLASSIFICATION", "isChild": True, "content": {"categories": {"RED": {}}}},
    "OLD": {"mlTask": "CLASSIFICATION", "isChild": True, "content": {"categories": {"CAR": {}}}},
}
ORPHANED = kq.Ontology.from_json_interface({"jobs": BOXES})


@pytest.mark.parametrize("text", ["*.CAR.count >= 3", "BOXES.*[COLOR.RED].count >= 2", "*.CAR.count > BOXES.BUS.count"])
def test_a_bound_query_is_not_checked_again(text: str) -> None:
    """The pattern may bring a child job where it cannot stand: the label may, so the query asks for it."""
    query = kq.parse(text)
    assert kq.check(query, ORPHANED) == []
    bound = query.bind(ORPHANED)
    same = kq.Ontology.from_json_interface({"jobs": BOXES})
    for one in (bound, bound & bound, bound | bound, ~bound, bound.simplify(), pickle.loads(pickle.dumps(bound))):
        assert one.bind(ORPHANED) is one
        assert kq.validate(one, same) is one
        assert not [found for found in kq.check(one, ORPHANED) if found.severity is Severity.ERROR]
    plan = query.plan(ORPHANED)
    for part in (plan.pushed, plan.residual):
        assert part is None or part.compile(ontology=ORPHANED)({}) in (True, False)
    assert kq.satisfiable(bound, ORPHANED).value is not False


def test_a_query_bound_to_another_ontology_is_checked() -> None:
    bound = kq.parse("*.CAR.count >= 3").bind(ORPHANED)
    other = kq.Ontology.from_json_interface({"jobs": {"BOXES": BOXES["BOXES"]}})
    with pytest.raises(kq.QueryError, match="KQ101"):
        bound.bind(other)
    with pytest.raises(kq.QueryError, match="KQ106"):
        (bound & kq.parse("OLD.CAR")).bind(ORPHANED)


def test_pickling_a_query_keeps_its_tree() -> None:
    for query in (kq.parse("*.CAR.count >= 3").bind(ORPHANED), ~kq.parse("NOT (J.A OR J.B)"), kq.parse("J.A # why")):
        assert pickle.loads(pickle.dumps(query)) == copy.deepcopy(query) == query


# How objects are counted decides what labels can reach

VIDEO = kq.Ontology.from_json_interface(
    {"jobs": {"SCENE": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": {"DAY": {}}}}}},
    input_type="VIDEO",
)


@pytest.mark.parametrize(("video", "is_reached"), [("objects", False), ("key_frames", True), ("frames", True)])
def test_frames_reach_bounds_that_objects_do_not(video: VideoPolicy, is_reached: bool) -> None:
    policy = kq.CountPolicy(video=video)
    text = "SCENE.DAY.count >= 5"
    assert ("KQ204" not in {str(one.code.value) for one in kq.check(text, VIDEO, policy=policy)}) is is_reached
    assert kq.satisfiable(text, VIDEO, policy=policy).value is is_reached
    assert kq.implies("SCENE.DAY", text, VIDEO, policy=policy).value is False
    assert kq.always_true(f"NOT {text}", VIDEO, policy=policy).value is not is_reached
    assert kq.disjoint("SCENE.DAY", text, VIDEO, policy=policy).value is not is_reached
    assert kq.equivalent("FALSE", text, VIDEO, policy=policy).value is not is_reached
    assert (str(kq.parse(text).simplify(VIDEO, policy=policy)) == "FALSE") is not is_reached


# Deep queries


def nested(levels: int, how: str) -> kq.Query:
    query, other = kq.parse("J.A"), kq.parse("J.B")
    for level in range(levels):
        match how:
            case "operators":
                query = (query & other) if level % 2 else (query | other)
            case "negations" if level % 2:
                query = ~(query & other)
            case "brackets" if level % 2:
                query = kq.job("J")["A"][query].exists
            case _:
                pass
    return query


@pytest.mark.parametrize("how", ["operators", "negations", "brackets"])
def test_a_query_that_is_built_is_as_deep_as_one_that_is_read(how: str) -> None:
    depth = DEFAULT_LIMITS.depth
    query = nested(depth, how)
    assert kq.parse(str(query)) == query
    assert pickle.loads(pickle.dumps(query)) == copy.deepcopy(query) == query
    assert hash(query) == hash(nested(depth, how))
    for matcher in (query.compile(), query.compile_bytes(at="")):
        assert pickle.loads(pickle.dumps(matcher)).tree == query.tree
    for work in (query.simplify, query.plan, query.format, lambda: kq.check(query), lambda: kq.satisfiable(query)):
        work()
    with pytest.raises(kq.QueryError, match=f"KQ006.*nested deeper than {depth} levels"):
        nested(depth + 4, how)


def test_precedence_nests_as_parentheses_do() -> None:
    depth = DEFAULT_LIMITS.depth
    text = "J.A OR J.B AND (" * (depth // 2 + 1) + "J.C" + ")" * (depth // 2 + 1)
    with pytest.raises(kq.QuerySyntaxError, match="KQ006"):
        kq.parse(text)


def doubled(how: str) -> kq.Query:
    query, other = kq.parse("J.A"), kq.parse("J.B.count > 2")
    for _ in range(5_000):
        match how:
            case "q & q | ~q":
                query = query & query | ~query
            case "brackets":
                one = kq.job("J")["A"][query].count
                query = one + one > 3
            case _:
                query = ~(query & other) | query
    return query


@pytest.mark.parametrize("how", ["q & q | ~q", "~(q & r) | q", "brackets"])
def test_a_query_joined_with_itself_stops_politely(how: str) -> None:
    """It doubles in each step while its tree shares all parts: what walks it would never end."""
    with pytest.raises(kq.QueryError, match=r"KQ006.* more than 40000 conditions, counters and ranges"):
        doubled(how)


def test_joining_many_queries_does_not_walk_what_is_joined() -> None:
    def joined(count: int) -> kq.Query:
        parts = [kq.job("J")[f"C{number}"].exists for number in range(count)]
        return reduce(or_, parts)

    assert lines_run(lambda: joined(400)) < 2.1 * lines_run(lambda: joined(200))
    query = joined(2_000)
    assert pickle.loads(pickle.dumps(query)) == copy.deepcopy(query) == query
    assert hash(query) == hash(joined(2_000))
    assert query.matches({"J": {"annotations": [{"categories": [{"name": "C1999"}]}]}})


@pytest.mark.parametrize(
    "slip",
    [
        lambda category: category > 3,
        lambda category: category == 3,
        lambda category: category >= 3,
        lambda category: category + category >= 3,
        lambda category: category & category,
        lambda category: ~category,
        bool,
        lambda category: kq.job("A") != 3,
    ],
)
def test_a_category_is_not_its_count(slip: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match=r"compare its `\.count`"):
        slip(kq.job("A")["B"])


def test_a_label_is_not_its_content() -> None:
    label = {"id": "a", "jsonResponse": {"A": {"categories": [{"name": "B"}]}}}
    with pytest.raises(kq.MalformedLabelError, match="give its `jsonResponse`"):
        kq.parse("A.B").matches(label)
    assert kq.parse("A.B").matches(label["jsonResponse"])


def test_errors_alone_are_those_of_a_check() -> None:
    ontology = kq.Ontology.load(DATA / "cases_image.json")
    for case in load_cases()[::3]:
        for text in (case.query, case.query.replace("count", "cuont", 1)):
            errors = [found for found in kq.check(text, ontology) if found.severity is Severity.ERROR]
            assert find_errors(text, ontology) == errors
