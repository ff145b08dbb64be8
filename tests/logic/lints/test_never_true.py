"""KQ202."""

import pytest

from kili_query.diagnostics import Code
from kili_query.logic.lints import check_logic
from kili_query.syntax import parse_tree
from tests.logic.lints.samples import found_in, messages

HUGE = "1" + "0" * 30


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("J.A.count >= 2 AND J.B AND J.A.count < 2", [("J.A.count < 2", ["J.A.count >= 2"])]),
        (f"J.B OR J.A.count > {HUGE}", [(f"J.A.count > {HUGE}", [])]),
        ("J.B AND (J.C OR J.A AND NOT J.A)", [("NOT J.A", ["J.A"])]),
        ("NOT (J.A OR J.B) AND J.C AND J.A", [("J.A", ["J.A"])]),
        ("J.A.count IN {2, 3} AND J.A.count > 5", [("J.A.count > 5", ["J.A.count IN {2, 3}"])]),
        (
            "J.A.count + J.B.count > 5 AND J.C AND J.A.count < 2 AND J.B.count < 3",
            [("J.B.count < 3", ["J.A.count + J.B.count > 5", "J.A.count < 2"])],
        ),
        ("J.A[K.B.count < 0 OR K.C].count > 2", [("K.B.count < 0", [])]),
        ("J.A.count > 5 AND J.B", []),
        ("J.A.count == 5 OR J.B", []),
    ],
)
def test_the_smallest_set_of_clauses_is_named(text: str, found: list[tuple[str, list[str]]]) -> None:
    assert found_in(text, Code.NEVER_TRUE) == found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("J.A.count > 1e400", "J.A.count > 1e400"),
        ("J.B OR not (J.A.count>=0)", "not (J.A.count>=0)"),
        ("J.C[J.A.count > 1e40]", "J.A.count > 1e40"),
        ("J.A.count <\n0", "J.A.count < 0"),
    ],
)
def test_a_clause_is_shown_as_it_is_written_on_its_line(text: str, shown: str) -> None:
    (found,) = (one for one in check_logic(parse_tree(text), text=text) if one.code is Code.NEVER_TRUE)
    assert f" meets `{shown}`" in found.message


def test_alternatives_that_all_fail_are_named_together() -> None:
    text = "(J.A AND NOT J.A) OR (J.B AND J.B.count < 1 AND J.C)"
    assert found_in(text, Code.NEVER_TRUE) == [("J.B.count < 1", ["J.A", "NOT J.A", "J.B"])]


def test_what_is_never_true_is_said_once() -> None:
    assert messages("J.A.count < 0 AND (J.B.count < 0 OR J.C.count >= 0) AND J.D AND J.D") == [
        "KQ202 the query is never true: no label meets `J.A.count < 0`"
    ]


def test_each_impossible_alternative_is_reported() -> None:
    assert messages("J.A.count < 0 OR J.B OR J.C.count > 3 AND J.C.count < 2") == [
        "KQ202 never true: no label meets `J.A.count < 0`",
        "KQ202 never true: `J.C.count > 3` and `J.C.count < 2` cannot both hold",
    ]


def test_in_brackets_it_is_the_condition_that_is_never_true() -> None:
    assert messages("J.A[K.B.count < 0].count > 2 OR J.C") == [
        "KQ202 the condition in brackets is never true: no object meets `K.B.count < 0`"
    ]
    assert messages("J.A[K.B AND NOT K.B].count < 2") == [
        "KQ202 the condition in brackets is never true: `K.B` and `NOT K.B` cannot both hold",
    ]
    assert messages("J.A[K.B.count >= 0].count > 2") == [
        "KQ201 the condition in brackets is always true: every object meets `K.B.count >= 0`"
    ]
