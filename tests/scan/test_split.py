"""Values are found wherever the pieces of a text happen to end."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.places import Problem
from kili_query.scanning.byte_reader import ByteReader
from kili_query.scanning.split import json_texts
from tests.tape import TAPES, Tape

CHARACTERS = 'ab"\\{}[],: \n\u00e9'
SCALARS = [None, True, False, 0, -1, 10**20, 0.5, -1e300]


def text_of(tape: Tape, characters: str = CHARACTERS) -> str:
    return "".join(tape.pick(characters) for _ in range(tape.number(0, 4)))


def json_of(tape: Tape, depth: int = 3) -> object:
    match tape.number(0, 3 if depth else 1):
        case 0:
            return tape.pick(SCALARS)
        case 1:
            return text_of(tape)
        case 2:
            return [json_of(tape, depth - 1) for _ in range(tape.number(0, 3))]
        case _:
            return {text_of(tape, 'a"\\]}'): json_of(tape, depth - 1) for _ in range(tape.number(0, 3))}


def array_of(tape: Tape) -> list[object]:
    return [json_of(tape) for _ in range(tape.number(0, 5))]


def objects_of(tape: Tape) -> list[dict[str, object]]:
    keys = ["a", "jsonResponse", "]"]
    return [{tape.pick(keys): json_of(tape) for _ in range(tape.number(0, 3))} for _ in range(tape.number(0, 5))]


def values(text: bytes, piece_bytes: int) -> list[object]:
    pieces = (text[start : start + piece_bytes] for start in range(0, len(text), piece_bytes))
    found = list(json_texts(ByteReader("file", pieces)))
    assert not any(isinstance(one, Problem) for one in found)
    return [json.loads(one.data) for one in found]


@settings(max_examples=120)
@given(TAPES.map(array_of), st.integers(1, 9), st.sampled_from([None, 0, 3]), st.booleans())
def test_arrays(expected, piece_bytes, indent, ensure_ascii):
    text = json.dumps(expected, indent=indent, ensure_ascii=ensure_ascii).encode()
    assert values(text, piece_bytes) == expected


@settings(max_examples=80)
@given(TAPES.map(objects_of), st.integers(1, 9), st.sampled_from([b"\n", b"\r\n", b"\n\n"]))
def test_lines(expected, piece_bytes, line_end):
    text = line_end.join(json.dumps(one).encode() for one in expected)
    assert values(text, piece_bytes) == expected


@settings(max_examples=80)
@given(TAPES.map(objects_of), st.integers(1, 9))
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
