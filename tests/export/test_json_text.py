"""JSON text is the same, byte for byte, whoever writes it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.export.formats import json_text
from kili_query.export.formats.json_text import encode_finite, spread

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


@given(st.lists(FINITE, min_size=1))
def test_numbers(numbers):
    assert encode_finite(numbers) == json.dumps(numbers)


def test_without_msgspec(monkeypatch):
    json_text._writers.cache_clear()
    monkeypatch.setattr(json_text, "has_extra", lambda extra: extra != "fast")
    try:
        assert encode_finite(AWKWARD) == json.dumps(AWKWARD)
        assert spread(json.dumps(AWKWARD), 2) == json.dumps(AWKWARD, indent=2)
    finally:
        json_text._writers.cache_clear()
