"""JSON text says the same, whoever writes it."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.export.formats.json_text import encode_finite, encode_sorted, number_lines, spread
from tests.each import for_each

FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
AWKWARD = [1e-5, 1e16, 1e22, 5e-324, 0.00001234, -0.0, 2**70, "\x7f", "\x1f\n", "é", "\ud800", "\U0001f600", [], {}]


def is_same(data, value):
    """Whether a text is ASCII and reads as the value, types and signs of numbers included."""
    return data.isascii() and repr(json.loads(data)) == repr(json.loads(json.dumps(value)))


@given(VALUES)
def test_any_value(value):
    assert is_same(encode_finite(value), value)
    assert is_same(spread(json.dumps(value), 4), value)


@for_each(AWKWARD)
def test_awkward_values(value):
    assert is_same(encode_finite([value]), [value])
    assert spread(json.dumps({"a": [value]}), 4) == json.dumps({"a": [value]}, indent=4)


@given(VALUES)
def test_any_value_with_its_keys_sorted(value):
    def nulls(one):
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        return (one is None) + sum(map(nulls, inner))

    data = encode_sorted(value, 4, nulls=nulls(value))
    assert data is None or is_same(data, json.loads(json.dumps(value, sort_keys=True)))


@for_each(AWKWARD)
def test_awkward_values_with_their_keys_sorted(value):
    data = encode_sorted({"b": [0.5, value], "a": None}, 4, nulls=1)
    assert data is None or is_same(data, {"a": None, "b": [0.5, value]})


def test_usual_values_with_their_keys_sorted():
    document = {"b": [0.5, 10, "x", True, {}, []], "a": None}
    assert encode_sorted(document, 4, nulls=1) == json.dumps(document, sort_keys=True, indent=4).encode()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_do_not_become_null(value):
    assert encode_sorted({"b": [0.5, value], "a": None}, 4, nulls=1) is None


@given(st.lists(st.lists(st.integers() | FINITE, min_size=1, max_size=4), max_size=4))
def test_rows_of_numbers(rows):
    lines = number_lines(rows).decode().splitlines()
    assert [[float(one) for one in line.split()] for line in lines] == [[float(one) for one in row] for row in rows]


def test_awkward_rows_of_numbers():
    rows = [[1e-5, 1e16, 1e22, 5e-324], [0.00001234, -0.0]]
    assert number_lines(rows) == b"0.00001 1e16 1e22 5e-324\n0.00001234 -0.0\n"
