"""JSON text is the same, byte for byte, whoever writes it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.export.formats import json_text
from kili_query.export.formats.json_text import encode_finite, encode_sorted, number_lines, spread

FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
AWKWARD = [1e-5, 1e16, 1e22, 5e-324, 0.00001234, -0.0, 2**70, "\x7f", "\x1f\n", "é", "\ud800", "\U0001f600", [], {}]


@given(VALUES)
def test_any_value(value):
    assert encode_finite(value) == json.dumps(value)
    assert spread(json.dumps(value), 4) == json.dumps(value, indent=4)


@pytest.mark.parametrize("value", AWKWARD, ids=repr)
def test_awkward_values(value):
    assert encode_finite([value]) == json.dumps([value])
    assert spread(json.dumps({"a": [value]}), 4) == json.dumps({"a": [value]}, indent=4)


@given(VALUES)
def test_any_value_with_its_keys_sorted(value):
    def nulls(one):
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        return (one is None) + sum(map(nulls, inner))

    text = encode_sorted(value, 4, nulls=nulls(value))
    assert text in (None, json.dumps(value, sort_keys=True, indent=4))


@pytest.mark.parametrize("value", AWKWARD, ids=repr)
def test_awkward_values_with_their_keys_sorted(value):
    document = {"b": [0.5, value], "a": None}
    assert encode_sorted(document, 4, nulls=1) in (None, json.dumps(document, sort_keys=True, indent=4))


def test_usual_values_are_told_fast():
    document = {"b": [0.5, 10, "x", True, {}, []], "a": None}
    assert encode_sorted(document, 4, nulls=1) == json.dumps(document, sort_keys=True, indent=4)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_no_null(value):
    assert encode_sorted({"b": [0.5, value], "a": None}, 4, nulls=1) is None


@given(st.lists(FINITE, min_size=1))
def test_numbers(numbers):
    assert encode_finite(numbers) == json.dumps(numbers)


def test_without_msgspec(monkeypatch):
    json_text._writers.cache_clear()
    monkeypatch.setattr(json_text, "has_extra", lambda extra: extra != "fast")
    try:
        assert encode_finite(AWKWARD) == json.dumps(AWKWARD)
        assert spread(json.dumps(AWKWARD), 2) == json.dumps(AWKWARD, indent=2)
        assert encode_sorted([], 4, nulls=0) is None
    finally:
        json_text._writers.cache_clear()


@given(st.lists(st.lists(st.integers() | FINITE, min_size=1, max_size=4), max_size=4))
def test_rows_of_numbers(rows):
    assert number_lines(rows) == "".join(" ".join(map(str, row)) + "\n" for row in rows)


def test_awkward_rows_of_numbers():
    rows = [[1e-5, 1e16, 1e22, 5e-324], [0.00001234, -0.0], [2**70]]
    assert number_lines(rows) == "1e-05 1e+16 1e+22 5e-324\n1.234e-05 -0.0\n1180591620717411303424\n"
