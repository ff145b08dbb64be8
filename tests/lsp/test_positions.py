"""Places, as editors count them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from kili_query.lint.derived import plain_line_ends
from kili_query.lsp.positions import Positions
from kili_query.source import Source

UNITS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


@given(st.text("a🚗é\n\r\x0c\u2028\ud800", max_size=12), st.sampled_from(sorted(UNITS)))
def test_there_and_back(text: str, encoding: str) -> None:
    places = Positions(Source(plain_line_ends(text)), encoding)
    for offset in range(len(text) + 1):
        place = places.position(offset)
        before = text[:offset]
        if text[offset - 1 : offset + 1] == "\r\n":
            continue  # within a line end, there is no place
        line = before.replace("\r\n", "\n").replace("\r", "\n").rpartition("\n")[2]
        codec = encoding if encoding == "utf-8" else f"{encoding}-le"
        assert place.character == len(line.encode(codec, "surrogatepass")) // UNITS[encoding]
        assert places.offset(place) == offset


@pytest.mark.parametrize(
    ("line", "character", "offset"), [(0, 1, 0), (0, 2, 1), (0, 9, 2), (1, 0, 4), (1, 7, 5), (2, 0, 5), (9, 9, 5)]
)
def test_places_that_no_text_has(line: int, character: int, offset: int) -> None:
    """In the middle of a character is before it; behind a line is its end."""
    assert Positions(Source("🚗b\r\nc")).offset(types.Position(line, character)) == offset
