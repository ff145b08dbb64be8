"""KQ204."""

import pytest

from kili_query.diagnostics import Code
from tests.logic.lints.samples import STREET, found_in, messages


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("WEATHER.RAIN.count > 1", [("WEATHER.RAIN.count > 1", [])]),
        ("BOXES.CAR OR WEATHER.count > 2", [("WEATHER.count > 2", [])]),
        ('BOXES.CAR AND "not"."in" AND "not"."count"', [('"not"."count"', ['"not"."in"'])]),
        ("SIZE.SMALL.count > 2 AND BOXES.PERSON.count == 1", [("BOXES.PERSON.count == 1", ["SIZE.SMALL.count > 2"])]),
        ("LOST.YES", [("LOST.YES", [])]),
        ("WEATHER.RAIN AND BOXES.PERSON.count > 100", []),
        ("WEATHER.RAIN AND NOT WEATHER.RAIN", []),
    ],
)
def test_clauses_out_of_reach_are_named(text: str, found: list[tuple[str, list[str]]]) -> None:
    assert found_in(text, Code.UNREACHABLE_BOUND, STREET) == found
    assert found_in(text, Code.UNREACHABLE_BOUND) == []


def test_the_fact_behind_it_is_said() -> None:
    assert messages('"not"."in" AND "not"."count"', STREET) == [
        'KQ204 `"not"."in"` and `"not"."count"` cannot be reached together: `not` holds one category at most'
    ]
