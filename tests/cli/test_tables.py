"""Tables fit a terminal as far as their columns can be cut, whatever characters they hold."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from kili_query.cli.output import table
from kili_query.cli.rows import field_cells, table_lines
from kili_query.diagnostics.layout import display_width, printable

TEXTS = st.text(st.sampled_from("ab 猫é\u0301\t\n\x1b\u202e\U0001f600"), max_size=30)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 10**9)), min_size=1, max_size=5)
NARROWEST = 6 + 2 + 6 + 2
"""Two columns of texts that are not cut any more, and what stands between columns."""


def assert_fits(lines: Sequence[str], width: int, number_width: int) -> None:
    for line in lines:
        assert line == printable(line)
        assert display_width(line) <= max(width, NARROWEST + number_width)


@given(ROWS, st.integers(0, 60))
def test_any_table_fits(rows: list[tuple[str, str, int]], width: int) -> None:
    number_width = max(len("labels"), *(len(str(number)) for _, _, number in rows))
    lines = table(["job", "category", "labels"], rows, width).split("\n")
    assert_fits(lines, width, number_width)
    assert len(lines) == len(rows) + 1  # numbers are never cut
    assert [line.split()[-1] for line in lines[1:]] == [str(number) for _, _, number in rows]
    assert table(["job", "category", "labels"], rows, 1000) == table(["job", "category", "labels"], rows)

    labels = [dict(zip("abc", row, strict=True)) for row in rows]
    assert_fits(list(table_lines(labels, field_cells("abc"), width)), width, 6)
