"""What is pushed is as strong as it can be, never too strong, and the work for it is bounded."""

import pytest

import kili_query as kq
from kili_query.ast import Addend, And, CompareOp, Comparison, Counter, Linear, Not, Or, Predicate
from kili_query.counting import CountPolicy
from kili_query.logic import implies
from kili_query.planning import STRICT_PROFILE, ServerProfile
from kili_query.planning.split import split
from kili_query.planning.weaken import Target
from kili_query.targets.base import COLUMNS, CORE
from tests.work import lines_run

STREET = kq.Ontology.from_json_interface(
    {
        "jobs": {
            "BOX": {
                "mlTask": "OBJECT_DETECTION",
                "tools": ["rectangle"],
                "content": {
                    "categories": {
                        "CAR": {"name": "Car", "children": ["SIZE", "SEEN"]},
                        "CAT": {"name": "Cat"},
                        "A DOG": {"name": "Dog"},
                    }
                },
            },
            "SIZE": {
                "mlTask": "CLASSIFICATION",
                "isChild": True,
                "content": {"input": "radio", "categories": {"BIG": {"name": "Big"}, "SMALL": {"name": "Small"}}},
            },
            "SEEN": {
                "mlTask": "CLASSIFICATION",
                "isChild": True,
                "content": {"input": "checkbox", "categories": {"WELL": {"name": "Well"}, "PART": {"name": "In part"}}},
            },
        }
    },
    input_type="IMAGE",
)


def plan(text: str, ontology: kq.Ontology | None = None, profile: ServerProfile | None = None) -> kq.Plan:
    query = kq.parse(text)
    return query.plan(ontology) if profile is None else query.plan(ontology, profile=profile)


@pytest.mark.parametrize(
    ("text", "pushed"),
    [
        ("A.B.count + A.C.count > 4", "A.B.count >= 3 OR A.C.count >= 3"),
        ("A.B.count + A.C.count >= 6", "(A.B.count >= 4 OR A.C.count >= 3)"),
        ("A.B.count + A.C.count + A.D.count >= 5", "A.B.count >= 3 OR A.C.count >= 2 OR A.D.count >= 2"),
        ("A.B.count <= 1 AND A.B.count + A.C.count >= 5", "A.B.count <= 1 AND A.C.count >= 4"),
        ("A.B.count IN {0, 2} AND A.B.count + A.C.count >= 5", "A.B.count IN {0, 2} AND A.C.count >= 3"),
        (
            "A.B.count + A.C.count <= 5 AND A.C.count + A.D.count >= 9",
            "A.B.count <= 5 AND A.C.count <= 5 AND A.D.count >= 4",
        ),
        ("A.B.count + A.C.count <= 5", "A.B.count <= 5 AND A.C.count <= 5"),
        ("A.B.count + A.C.count == 5", "A.B.count <= 5 AND A.C.count <= 5 AND (A.B.count >= 3 OR A.C.count >= 3)"),
        ("A.B.count > A.C.count", "A.B.count > 0"),
        ("A.C.count >= 2 AND A.B.count > A.C.count", "A.B.count >= 3 AND A.C.count >= 2"),
        ("A.B.count + A.B.count - A.C.count >= 5", "A.B.count >= 3"),
        ("NOT (A.B AND A.C.count != 2)", "A.B.count == 0 OR A.C.count == 2"),
        ("A.B.count NOT IN {1, 3..5}", "A.B.count == 0 OR A.B.count == 2 OR A.B.count > 5"),
        ("2 <= A.B.count < 5", "A.B.count >= 2 AND A.B.count < 5"),
        ("A.B OR A.C.count + A.D.count > 0", "A.B.count > 0 OR A.C.count > 0 OR A.D.count > 0"),
        ('A.B AND "a b".C', "A.B.count > 0"),
        ("X.Y[S.Z].count >= 2", "X.Y.count >= 2 AND S.Z.count >= 1"),
        ("X.Y[S.Z[T.U.count > 1].count > 2]", "X.Y.count >= 1 AND S.Z.count >= 3 AND T.U.count >= 2"),
        (
            "X.Y[S.Z].count + X.W[S.Z].count >= 3 AND X.W.count == 0",
            "X.Y.count >= 3 AND S.Z.count > 0 AND X.W.count == 0",
        ),
    ],
)
def test_at_least_as_strong(text: str, pushed: str) -> None:
    planned = plan(text)
    assert implies(planned.pushed.tree, kq.parse(pushed).tree)
    assert implies(planned.query.tree, planned.pushed.tree).value is not False


@pytest.mark.parametrize(
    ("text", "pushed", "is_exact"),
    [
        ("BOX.C*", "BOX.CAR.count > 0 OR BOX.CAT.count > 0", True),
        ("BOX.C*.count == 0", "BOX.CAR.count == 0 AND BOX.CAT.count == 0", True),
        ("NOT SIZE.*", "SIZE.BIG.count == 0 AND SIZE.SMALL.count == 0", True),
        ("SIZE.count >= 3", "SIZE.BIG.count >= 2 OR SIZE.SMALL.count >= 2", True),
        ("BOX.Car.count > 2", "BOX.CAR.count > 2", True),
        ("BOX.CAR[SIZE.BIG].count >= 2", "BOX.CAR.count >= 2 AND SIZE.BIG.count >= 2", False),
        (
            "BOX.CAR[SIZE.BIG AND SEEN.WELL].count >= 2",
            "BOX.CAR.count >= 2 AND SIZE.BIG.count >= 2 AND SEEN.WELL.count >= 2",
            False,
        ),
        (
            "BOX.CAR[SEEN.WELL OR SEEN.PART].count >= 3",
            "BOX.CAR.count >= 3 AND (SEEN.WELL.count >= 2 OR SEEN.PART.count >= 2)",
            False,
        ),
        (
            "BOX.CAR[SEEN.* AND NOT SIZE.BIG]",
            "BOX.CAR.count > 0 AND (SEEN.WELL.count > 0 OR SEEN.PART.count > 0)",
            False,
        ),
    ],
)
def test_with_an_ontology(text: str, pushed: str, is_exact: bool) -> None:
    planned = plan(text, STREET)
    assert implies(planned.pushed.tree, kq.parse(pushed).tree)
    assert planned.is_exact is is_exact


def test_a_name_that_core_cannot_spell_is_left_out() -> None:
    assert plan('BOX.CAR AND BOX."A DOG"', STREET).server_filter == "BOX.CAR.count > 0"
    assert plan('BOX.CAR OR BOX."A DOG"', STREET).server_filter is None
    assert plan('BOX.CAR.count + BOX."A DOG".count > 4 AND BOX."A DOG".count < 2', STREET).server_filter == (
        "BOX.CAR.count > 3"
    )


@pytest.mark.parametrize(
    "text",
    [
        "A.B.count > 2 AND NOT A.B",
        "A.B.count > 10000000000",
        "ROTATION_JOB.A",
        "A.B[C.D].count >= 3 AND A.B.count < 3",
        "A.B.count + A.C.count > 4 AND A.B.count < 2 AND A.C.count < 2",
        "A.B.count + A.C.count <= 5 AND A.C.count + A.D.count >= 9 AND A.D.count < 4",
    ],
)
def test_never_true_is_no_request(text: str) -> None:
    planned = plan(text)
    assert planned.never
    assert planned.server_filter is None
    assert planned.residual is None
    assert str(planned).endswith("no request is made")


def test_a_job_of_the_root_is_never_below() -> None:
    cut = split(kq.parse("BOX.CAR[BOX.CAT]").tree, Target(CORE, ontology=STREET))
    assert cut.pushed == kq.parse("FALSE").tree


@pytest.mark.parametrize("text", ["TRUE", "A.B.count >= 0", "A.B OR NOT A.B", "A.B.count < 10000000000"])
def test_always_true_is_no_filter(text: str) -> None:
    planned = plan(text)
    assert (planned.server_filter, planned.residual, planned.never) == (None, None, False)


def test_a_strict_profile() -> None:
    planned = plan("BOX.CAR.count >= 3 AND BOX.CAT AND SIZE.BIG AND NOT SEEN.WELL", STREET, STRICT_PROFILE)
    assert planned.server_filter == "BOX.CAR.count > 0 AND BOX.CAT.count > 0"
    assert planned.residual is not None
    assert str(planned.residual) == "BOX.CAR.count > 2 AND SEEN.WELL.count < 1 AND SIZE.BIG.count > 0"
    assert plan("BOX.CAR", STREET, STRICT_PROFILE).is_exact
    assert plan("OLD.JOB", None, STRICT_PROFILE).server_filter is None


def test_columns_know_sums() -> None:
    text = "A.B.count + A.C[K.X].count - A.D.count >= 2"
    planned = kq.parse(text).plan(target="columns")
    assert implies(planned.pushed.tree, kq.parse("A.B.count + A.C.count - A.D.count >= 2").tree)
    assert planned.residual is not None
    assert kq.parse("A.B.count - A.C.count == 2").plan(target="columns").is_exact


# What would lose labels


def test_objects_below_objects_share_children() -> None:
    """Without an ontology one object may stand below another; the child counts for both in brackets, once at all."""
    inner = {"mid": "b", "categories": [{"name": "Y"}], "children": {"S": {"categories": [{"name": "Z"}]}}}
    outer = {"mid": "a", "categories": [{"name": "Y"}], "children": {"X": {"annotations": [inner]}}}
    label = {"X": {"annotations": [outer]}}
    query = kq.parse("X.Y[S.Z].count >= 2")
    assert query.matches(label)
    assert query.plan().pushed.matches(label)


def test_one_object_with_two_categories() -> None:
    both = {
        "mid": "a",
        "categories": [{"name": "P"}, {"name": "Q"}],
        "children": {"S": {"categories": [{"name": "Z"}]}},
    }
    label = {"X": {"annotations": [both]}}
    query = kq.parse("X.*[S.Z].count >= 2")
    assert query.matches(label)
    assert query.plan().pushed.matches(label)


def test_a_server_knows_no_policy() -> None:
    """One object in five frames is five by the policy, and one for the server."""
    frame = {"X": {"annotations": [{"mid": "a", "categories": [{"name": "Y"}], "isKeyFrame": True}]}}
    label = {str(number): frame for number in range(5)}
    policy = CountPolicy(video="frames")
    query = kq.parse("X.Y.count >= 5")
    assert query.compile(policy=policy)(label)
    planned = query.plan(policy=policy)
    assert planned.server_filter == "X.Y.count > 0"
    assert planned.residual == query.simplify()
    assert query.plan(STREET_LIKE, policy=policy).is_exact


STREET_LIKE = kq.Ontology.from_json_interface(
    {"jobs": {"X": {"mlTask": "OBJECT_DETECTION", "content": {"categories": {"Y": {"name": "Y"}}}}}}, input_type="IMAGE"
)


# Sizes


_MANY = 1_000
_MOST_LINES = 5_000 * _MANY
"""Lines that a plan of so many counters may run: linear ones take less than half, quadratic ones many times as much."""


def _leaves(op: CompareOp, bound: int, number: int = _MANY) -> tuple[Predicate, ...]:
    return tuple(Comparison(Counter("J", f"C{index}"), op, bound) for index in range(number))


def _sum(number: int) -> Linear:
    return Linear(tuple(Addend(1, Counter("J", f"C{index}")) for index in range(number)), CompareOp.GE, 5 * _MANY)


def _nested(levels: int) -> Predicate:
    tree: Predicate = _sum(3)
    for level in range(levels):
        leaf = Comparison(Counter("J", f"C{level}"), CompareOp.GT, level)
        tree = (And if level % 2 else Or)((leaf, Not(tree)))
    return tree


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(And(_leaves(CompareOp.GE, 2)), id="wide and"),
        pytest.param(Or(_leaves(CompareOp.GE, 2)), id="wide or"),
        pytest.param(_sum(_MANY), id="long sum"),
        pytest.param(And((*_leaves(CompareOp.LE, 4), _sum(_MANY))), id="long sum that can't be"),
        pytest.param(And((*_leaves(CompareOp.LE, 9, _MANY // 2), _sum(_MANY))), id="long sum with bounds"),
        pytest.param(_nested(250), id="deep"),
    ],
)
@pytest.mark.parametrize("target", [Target(CORE), Target(COLUMNS)], ids=["server", "columns"])
def test_work_is_bounded(tree: Predicate, target: Target) -> None:
    assert lines_run(lambda: split(tree, target)) < _MOST_LINES
