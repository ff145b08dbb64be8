"""Times compare as instants, however they are written."""

import pytest
from hypothesis import given

from kili_query.protocol import read_instant
from tests.each import for_each
from tests.strategies import written_times


@given(one=written_times(), two=written_times())
def test_times_compare_as_instants(one, two):
    assert read_instant(one[1]) == one[0]
    assert (read_instant(one[1]) < read_instant(two[1])) is (one[0] < two[0])


@for_each(
    [
        ("2024-02-01T09:30:00Z", "2024-02-01T09:30:00.500Z"),
        ("2024-02-01T10:30:00+02:00", "2024-02-01T09:30:00.500Z"),
        ("2024", "2024-01-01T00:00:00.001Z"),
        ("2024-02", "20240202"),
        (1706779800, 1706779800500),
        ("1706779800000", "2024-02-01T09:30:00.001Z"),
    ]
)
def test_order(row):
    earlier, later = row
    assert read_instant(earlier) < read_instant(later)


@for_each(
    [
        *("yesterday", "", "2024-02-30", "12345678", "\ud800", None, True, [], float("nan"), 1e300, 10**400, "9" * 400),
        *("0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"),
    ]
)
def test_what_is_not_a_time(value):
    with pytest.raises(ValueError, match=r"."):
        read_instant(value)
