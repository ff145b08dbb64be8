"""Values are found wherever the pieces of a text happen to end."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.places import Problem
from kili_query.scanning.byte_reader import ByteReader
from kili_query.scanning.split import json_texts

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(alphabet='ab"\\{}[],: \n\u00e9'),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='a"\\]}', max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from(["a", "jsonResponse", "]"]), JSON, max_size=3), max_size=5)


def values(text: bytes, piece_bytes: int) -> list[object]:
    pieces = (text[start : start + piece_bytes] for start in range(0, len(text), piece_bytes))
    found = list(json_texts(ByteReader("file", pieces)))
    assert not any(isinstance(one, Problem) for one in found)
    return [json.loads(one.data) for one in found]


@settings(max_examples=120)
@given(st.lists(JSON, max_size=5), st.integers(1, 9), st.sampled_from([None, 0, 3]), st.booleans())
def test_arrays(expected, piece_bytes, indent, ensure_ascii):
    text = json.dumps(expected, indent=indent, ensure_ascii=ensure_ascii).encode()
    assert values(text, piece_bytes) == expected


@settings(max_examples=80)
@given(OBJECTS, st.integers(1, 9), st.sampled_from([b"\n", b"\r\n", b"\n\n"]))
def test_lines(expected, piece_bytes, line_end):
    text = line_end.join(json.dumps(one).encode() for one in expected)
    assert values(text, piece_bytes) == expected


@settings(max_examples=80)
@given(OBJECTS, st.integers(1, 9))
def test_objects_over_lines(rest, piece_bytes):
    expected = [{"a": 1}, *rest]
    text = b"\n".join(json.dumps(one, indent=1).encode() for one in expected)
    assert values(text, piece_bytes) == expected


@settings(max_examples=300)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",\\ \na1', max_size=60).map(str.encode), st.integers(1, 9))
def test_any_bytes_give_the_same_in_any_pieces(text, piece_bytes):
    whole = list(json_texts(ByteReader("file", iter([text]))))
    pieces = (text[start : start + piece_bytes] for start in range(0, len(text), piece_bytes))
    assert list(json_texts(ByteReader("file", pieces))) == whole


@pytest.mark.parametrize("text", [b'{"a": 1}\n{"b": 2}', b'[{"a": 1},\n\n {"b": 2}]', b'{\n"a": 1}\n{"b": 2}'])
def test_places(text):
    first, second = json_texts(ByteReader("file", iter([text])))
    lines = [first.place.line, second.place.line]
    assert lines == [1, 1 + text[: text.index(b'{"b"')].count(b"\n")]
