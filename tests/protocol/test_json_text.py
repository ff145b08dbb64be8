"""JSON texts of the protocol: what JSON cannot say is refused in both directions."""

import pytest

from kili_query.errors import ArgumentError, MalformedLabelError
from kili_query.protocol import decode_json, encode_json
from tests.each import for_each


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


@for_each([float("nan"), {"a": float("inf")}, {1, 2}, object(), nested(100_000)])
def test_not_encoded(value: object) -> None:
    with pytest.raises(ArgumentError, match="`json_response` is not JSON: "):
        encode_json(value)


@for_each(["", "{", "NaN", '{"a": -Infinity}', "[" * 100_000])
def test_not_decoded(text: str) -> None:
    with pytest.raises(MalformedLabelError, match="`jsonResponse` is not JSON: "):
        decode_json(text)


@for_each([{}, None, [1, 2.5], {"JOB": {"text": "é\u0000"}}])
def test_comes_back(value: object) -> None:
    assert decode_json(encode_json(value)) == value
