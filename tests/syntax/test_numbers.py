"""Numbers of any form and any length."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.ast import MAX_COUNT, CompareOp, Comparison, Counter
from kili_query.syntax import parse_tree
from kili_query.syntax.numbers import NUMBER_LIMIT, is_plain, read_number

AB = Counter("A", "B")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("+3", 3),
        ("-0", 0),
        ("1.", 1),
        (".5", Decimal("0.5")),
        ("-1.5", Decimal("-1.5")),
        ("2.50", Decimal("2.5")),
        ("1e3", 1000),
        ("15E-1", Decimal("1.5")),
        ("1e+2", 100),
        ("٣", 3),
        ("१२.५", Decimal("12.5")),
        ("9" * 39_000, NUMBER_LIMIT),
        ("-" + "9" * 39_000, -NUMBER_LIMIT),
        ("0" * 39_000, 0),
        ("0" * 39_000 + "7", 7),
        ("1e999999999", NUMBER_LIMIT),
        ("-1e999999999999999999999", -NUMBER_LIMIT),
        ("0e999999999999", 0),
        ("1e0000000000000002", 100),
        ("3." + "0" * 39_000, 3),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_a_number_is(text: str, value: int | Decimal) -> None:
    assert read_number(text) == value
    assert isinstance(read_number(text), int) == isinstance(value, int)


@pytest.mark.parametrize("text", ["1e-999999999", "1e-99999999999999999999", "." + "0" * 39_000 + "1"], ids=len)
def test_a_tiny_number_is_more_than_nothing(text: str) -> None:
    assert 0 < read_number(text) < Fraction(1, 10**9)
    assert parse_tree(f"A.B.count > {text}") == Comparison(AB, CompareOp.GE, 1)
    assert parse_tree(f"A.B.count < -{text}") == Comparison(AB, CompareOp.LE, -1)


@pytest.mark.parametrize("dialect", ["core", "extended"])
@pytest.mark.parametrize(
    ("text", "op", "bound"),
    [
        ("> 1.5", CompareOp.GE, 2),
        (">= 1.5", CompareOp.GE, 2),
        ("< 1.5", CompareOp.LE, 1),
        ("<= -0.5", CompareOp.LE, -1),
        ("== 1.0", CompareOp.EQ, 1),
        ("== 1.5", CompareOp.LT, 0),
        ("> 10000000000000000000000000000000", CompareOp.GT, MAX_COUNT + 1),
        ("> -10000000000000000000000000000000", CompareOp.GT, -1),
        ("> 1e999999999", CompareOp.GT, MAX_COUNT + 1),
        ("> 2147483647", CompareOp.GT, MAX_COUNT),
        ("> " + "9" * 39_000, CompareOp.GT, MAX_COUNT + 1),
    ],
    ids=lambda value: str(value)[:16],
)
def test_the_integer_interval_that_a_bound_denotes(text: str, op: CompareOp, bound: int, dialect: str) -> None:
    assert parse_tree(f"A.B.count {text}", "core" if dialect == "core" else "extended") == Comparison(AB, op, bound)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3))
def test_reading_agrees_with_decimal(value: Decimal) -> None:
    for text in (str(value), f"{value:e}", f"{value:+f}"):
        assert read_number(text) == value


@given(st.integers(-(10**30), 10**30))
def test_plain_is_how_a_count_is_printed(value: int) -> None:
    assert is_plain(str(value)) == (0 <= value <= MAX_COUNT)
    assert not is_plain(f"0{value}")
    assert not is_plain(f"+{value}")


@pytest.mark.parametrize("text", ["A.B.count IN {1.5..3.5}", "A.B.count IN {1.2..1.8, 5}", "A.B.count IN {5..1}"])
def test_ranges_hold_the_integers_between_their_ends(text: str) -> None:
    wanted = {"{1.5..3.5}": [(2, 3)], "{1.2..1.8, 5}": [(2, 1), (5, 5)], "{5..1}": [(5, 1)]}[text[text.index("{") :]]
    tree = parse_tree(text)
    assert [(item.low, item.high) for item in getattr(tree, "ranges")] == wanted  # noqa: B009 - a membership
