"""How an answer is read; what its faults lead to is tried in `test_transport_faults`."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.client.answers import Reply, is_graphql, read_answer, read_payload
from kili_query.client.retries import Failure, Success
from kili_query.protocol import decode_body
from tests.client.fake_clock import NOW

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

TEXTS = [
    b'{"a": "\\ud800"}',
    b'{"a": 1, "a": 2}',
    b"[123456789012345678901234567890]",
    b"\xef\xbb\xbf[1]",
    b"[1.0, 1E5, -0]",
    b"[NaN]",
    b"[Infinity]",
    b"[1,]",
    b"\xff",
    b"",
    b"[" * 100_000,
    '"é"'.encode("utf-16"),
]


def outcome(body: bytes) -> str:
    try:
        return repr(decode_body(body))
    except ValueError:
        return "refused"


@given(JSON)
def test_the_value_of_an_answer_is_what_was_sent(value: object) -> None:
    body = json.dumps({"data": {"data": value}}).encode()
    answer = read_answer(Reply(200, {}, body), NOW)
    if value is None:
        assert isinstance(answer, Failure)
    else:
        assert answer == Success(value)
    assert read_payload(Reply(200, {}, json.dumps(value).encode()), NOW) == Success(value)


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()), st.integers(200, 599))
def test_no_answer_is_too_strange_to_be_told(body: bytes, status: int) -> None:
    reply = Reply(status, {}, body)
    for answer in (read_answer(reply, NOW), read_payload(reply, NOW)):
        assert isinstance(answer, Success) or answer.message
    assert is_graphql(body) in (True, False)


def test_with_and_without_msgspec_the_same_is_read() -> None:
    script = f"""
import sys
sys.modules["msgspec"] = None
import kili_query.extras as extras
extras.has_extra = lambda extra: False
from kili_query.protocol import decode_body
for body in {TEXTS!r}:
    try:
        print(repr(decode_body(body)))
    except ValueError:
        print("refused")
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [outcome(body) for body in TEXTS]
    assert outcome(TEXTS[0]) == repr({"a": "\ud800"})
    assert [outcome(body) for body in TEXTS[5:11]] == ["refused"] * 6


def test_a_long_page_is_told_in_short() -> None:
    page = b"<html><script>" + b"x" * 50 + b"</script><h1>Down</h1>\n" + b"word " * 10_000
    answer = read_answer(Reply(502, {}, page), NOW)
    assert isinstance(answer, Failure)
    assert answer.message.startswith("the service answered HTTP 502: Down word word")
    assert len(answer.message) < 400
    assert "\n" not in answer.message


@pytest.mark.parametrize(("body", "is_one"), [(b'{"data": null}', True), (b'{"errors": 1}', True), (b"[]", False)])
def test_what_a_graphql_server_would_say(body: bytes, is_one: bool) -> None:
    assert is_graphql(body) is is_one
