"""Warnings about words: reversed ranges (KQ202), KQ205, KQ206 and KQ207."""

import pytest

from kili_query.diagnostics import Severity
from kili_query.source import Source
from kili_query.syntax import Dialect, Limits, lint_text, parse_tree
from tests.syntax.texts import edited


def found(text: str, dialect: Dialect = "extended") -> list[tuple[str, str, str]]:
    """Code, text at the place and message of each warning."""
    warnings = lint_text(Source(text), dialect)
    assert all(one.severity is Severity.WARNING for one in warnings)
    return [(one.code.value, text[slice(*one.span)], one.message) for one in warnings]


NUMBERS = {
    "A.B.count > 1.5": ("1.5", "`> 1.5` is read as `>= 2`"),
    "A.B.count <= 1.5": ("1.5", "`<= 1.5` is read as `<= 1`"),
    "A.B.count == 1.5": ("1.5", "no count equals `1.5`"),
    "A.B.count != 1.5": ("1.5", "every count differs from `1.5`"),
    "A.B.count > 007": ("007", "`007` is read as `7`"),
    "A.B.count > +7": ("+7", "`+7` is read as `7`"),
    "A.B.count > 1e3": ("1e3", "`1e3` is read as `1000`"),
    "A.B.count > -1": ("-1", "`-1` is less than any count"),
    "A.B.count < 2147483648": ("2147483648", "`2147483648` is more than any count"),
    "A.B.count IN {01}": ("01", "`01` is read as `1`"),
    "A.B.count - C.D.count > 007": ("007", "`007` is read as `7`"),
    "A.B.count - C.D.count > 1 AND A.B.count > -1": ("-1", "`-1` is less than any count"),
    "A.B.count IN {0.5..3}": ("0.5", "`0.5` is not an integer"),
}


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_read_as_another(text: str) -> None:
    assert found(text) == [("KQ205", *NUMBERS[text])]


@pytest.mark.parametrize(
    "text",
    [
        "A.B.count > 0",
        "A.B.count > 2147483647",
        "A.B.count IN {0, 2..5}",
        "A.B.count - C.D.count > -1",
        "A.B.count + 0.6 > 1",
        "A.B.count + C.D.count > 3000000000",
    ],
)
def test_plain_numbers_are_fine(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("text", [text for text in NUMBERS if "read as" in NUMBERS[text][1]])
def test_the_help_says_the_same_in_plain_numbers(text: str) -> None:
    [warning] = lint_text(Source(text))
    assert warning.help is not None
    assert warning.help.edit is not None
    plain = edited(text, warning.help.edit)
    assert parse_tree(plain) == parse_tree(text)
    assert found(plain) == []


MIXED = {
    "A.B AND C.D OR E.F": ["AND"],
    "A.B or C.D and E.F": ["and"],
    "(A.B AND C.D) OR E.F": [],
    "A.B AND (C.D OR E.F)": [],
    "(A.B AND C.D OR E.F) AND (A.B OR C.D AND E.F)": ["AND", "AND"],
    "J.C[A.B AND C.D OR E.F].count > 1": ["AND"],
    "AND.OR AND OR.AND": [],
}


@pytest.mark.parametrize("text", MIXED)
def test_mixed_connectives(text: str) -> None:
    message = "`AND` and `OR` mixed without parentheses"
    assert found(text) == [("KQ206", word, message) for word in MIXED[text]]


REVERSED = {
    "A.B.count IN {1, 5..3}": ["5..3"],
    "A.B.count NOT IN {9 .. 7, 1, 5..3, 3..5, 4..4, 8..}": ["9 .. 7", "5..3"],
    "A.B.count + C.D.count IN {1, -1..-2}": ["-1..-2"],
    "A.B[C.D.count IN {4..2, 7}] AND A.B.count IN {1, 3..2}": ["4..2", "3..2"],
    "A.B.count IN {5..3}": [],
    "A.B.count IN {5..3, 9..7}": [],
}


@pytest.mark.parametrize("text", REVERSED)
def test_reversed_ranges_among_others(text: str) -> None:
    warnings = [one for one in lint_text(Source(text)) if one.code.value == "KQ202"]
    assert [text[slice(*one.span)] for one in warnings] == REVERSED[text]
    for one in warnings:
        assert one.help is not None
        assert one.help.edit is not None
        assert len(lint_text(Source(edited(text, one.help.edit)))) < len(lint_text(Source(text)))


def test_stars_are_letters_in_core() -> None:
    text = "CAT_*.B*.count > 0"
    assert [(code, place) for code, place, _ in found(text, "core")] == [("KQ207", "CAT_*"), ("KQ207", "B*")]
    assert found(text) == []


def test_lints_come_before_an_error_and_not_from_it() -> None:
    assert [code for code, _, _ in found("A.B.count > 01 AND C.D.count > 02 AND AND")] == ["KQ205", "KQ205"]
    assert found("A.B.count > 01.2.3") == []


def test_a_text_too_large_has_no_lints() -> None:
    assert lint_text(Source("A.B.count > 01"), limits=Limits(length=5, depth=1)) == []
