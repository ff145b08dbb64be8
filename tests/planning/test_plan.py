"""A plan as people read it."""

import pytest

import kili_query as kq
from kili_query.errors import NotExpressible
from kili_query.planning import STRICT_PROFILE


def plan(text: str, **options: object) -> kq.Plan:
    return kq.parse(text).plan(**options)  # type: ignore[arg-type]


def test_an_exact_plan() -> None:
    assert str(plan("NOT J.A OR J.B.count IN {1, 4..}")).splitlines() == [
        "query     NOT J.A OR J.B.count IN {1, 4..}",
        "pushed    J.A.count < 1 OR J.B.count == 1 OR J.B.count > 3",
        "residual  none: the answer is exact",
    ]


def test_a_sum_is_pushed_in_steps() -> None:
    assert str(plan("J.A.count + J.B.count > 1 AND J.C")).splitlines() == [
        "query     J.A.count + J.B.count > 1 AND J.C",
        "pushed    (J.A.count > 1 OR J.A.count > 0 AND J.B.count > 0 OR J.B.count > 1) AND J.C.count > 0",
        "residual  none: the answer is exact",
    ]


def test_one_part_stays() -> None:
    assert str(plan("J.A[K.X].count > 1 AND J.C")).splitlines() == [
        "query     J.A[K.X].count > 1 AND J.C",
        "pushed    J.A.count > 1 AND J.C.count > 0 AND K.X.count > 0",
        "residual  J.A[K.X.count > 0].count > 1",
        "          the server cannot express a condition on the children of an object: `J.A[K.X.count > 0].count`",
        "          the server is asked `J.A.count > 1 AND K.X.count > 0` instead",
    ]


def test_a_long_filter_is_shown_in_part() -> None:
    lines = str(plan("J.A.count > J.B.count")).splitlines()
    assert lines[1].startswith("pushed    J.A.count > 0 AND (")
    assert lines[2:] == [
        "residual  J.A.count - J.B.count > 0",
        "          the server cannot express a sum of counters",
        "          the server is asked `J.A.count > 0 AND (J.A.count > 135 OR J.A.count > 1 AND J.B.count < 2 OR "
        "J.A.count > 2 AND J.B.count < 3 OR J.A.count > …` instead (554 characters)",
    ]


def test_some_parts_stay() -> None:
    assert str(plan('J.A[K.X].count > 1 AND J."a b"')).splitlines() == [
        'query     J.A[K.X].count > 1 AND J."a b"',
        "pushed    J.A.count > 1 AND K.X.count > 0",
        'residual  J.A[K.X.count > 0].count > 1 AND J."a b".count > 0',
        "          `J.A[K.X.count > 0].count > 1`:",
        "            the server cannot express a condition on the children of an object: `J.A[K.X.count > 0].count`",
        "            the server is asked `J.A.count > 1 AND K.X.count > 0` instead",
        '          `J."a b".count > 0`:',
        '            the server cannot express a name that core cannot spell: `J."a b".count`',
        "            the server is asked nothing instead",
    ]


def test_what_is_not_trusted() -> None:
    assert str(plan("J.A.count > 1", profile=STRICT_PROFILE)).splitlines()[1:] == [
        "pushed    no filter: all labels",
        "residual  J.A.count > 1",
        "          the server is not trusted to count this as we do",
        "          the server is asked nothing instead",
    ]


def test_other_targets_are_named() -> None:
    assert "a table of counts cannot express" in str(plan("J.A[K.X]", target="columns"))
    assert str(plan("J.A[K.X] AND J.*.count > J.A.count", target="labels")).endswith("none: the answer is exact")
    with pytest.raises(NotExpressible):
        _ = plan("J.A.count > J.B.count", target="columns").server_filter


def test_notes_point_at_the_parts() -> None:
    [note] = plan("J.C AND J.A[K.X].count > 1").diagnostics
    assert note.code.value == "KQ301"
    assert (note.primary.span.start, note.primary.span.end) == (8, 26)
    assert note.help is not None
    assert note.help.text == "the server is asked `J.A.count > 1 AND K.X.count > 0` instead"


def test_to_server_is_the_plan_where_that_is_exact() -> None:
    query = kq.parse("NOT (J.A OR J.B.count != 2)")
    assert kq.parse(str(query.plan().server_filter)).simplify() == kq.parse(query.to_server()).simplify()
