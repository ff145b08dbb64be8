"""The JSON renderer: a stable shape, exact offsets, any text."""

import json
from collections.abc import Callable

import pytest

from kili_query.diagnostics.render import as_json, render_json
from kili_query.source import Source
from tests.diagnostics.samples import SAMPLES


def test_json(golden: Callable[[str, str], None]) -> None:
    names = ["plain", "two_places_far_lines", "crlf", "wide_fault", "unwritten", "inside_a_file"]
    golden("diagnostics/diagnostics.json", render_json(SAMPLES[name] for name in names))


def test_none_is_an_empty_list() -> None:
    assert json.loads(render_json([])) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_survives_the_round_trip(name: str) -> None:
    found = SAMPLES[name]
    [read] = json.loads(render_json([found]))
    assert read == as_json(found)
    assert read["message"] == found.message


def test_lines_and_columns_agree_with_the_offsets() -> None:
    found = SAMPLES["crlf"]
    span = as_json(found)["span"]
    assert span is not None
    assert found.source.text[span["start"] : span["end"]] == "&"
    assert found.source.line(span["line"])[span["column"] - 1 : span["end_column"] - 1] == "&"


def test_the_edit_mends_the_text() -> None:
    found = SAMPLES["plain"]
    help_ = as_json(found)["help"]
    assert help_ is not None
    assert help_["edit"] is not None
    assert help_["edit"]["span"] is not None
    start, end = help_["edit"]["span"]["start"], help_["edit"]["span"]["end"]
    source: Source = found.source
    assert source.text[:start] + help_["edit"]["text"] + source.text[end:] == "OBJECTS.PERSON.count > 0"
