"""KQ201."""

import pytest

from kili_query.diagnostics import Code
from kili_query.logic.lints import check_logic
from kili_query.syntax import parse_tree
from tests.logic.lints.samples import found_in, messages


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("J.A.count >= 0", [("J.A.count >= 0", [])]),
        ("J.B AND J.A.count >= 0", [("J.A.count >= 0", [])]),
        ("J.A OR J.B OR NOT J.A", [("NOT J.A", ["J.A"])]),
        ("J.B AND (J.A.count < 5 OR J.A.count > 3)", [("J.A.count > 3", ["J.A.count < 5"])]),
        ("0 <= J.A.count < 5", []),
        ("J.A OR J.B", []),
    ],
)
def test_the_smallest_set_of_alternatives_is_named(text: str, found: list[tuple[str, list[str]]]) -> None:
    assert found_in(text, Code.ALWAYS_TRUE) == found


def test_a_bound_that_is_off_by_one_is_mended() -> None:
    (found,) = check_logic(parse_tree("J.A.count >= 0"))
    assert found.help is not None
    assert found.help.edit is not None
    assert found.help.edit.text == "J.A.count > 0"


def test_what_is_always_true_is_said_once() -> None:
    assert messages("J.A.count >= 0 OR J.B.count < 0 OR J.C AND J.C") == [
        "KQ201 the query is always true: every label meets `J.A.count >= 0`"
    ]
