"""Field names become a selection: ordered, without repeats, refused where they contradict each other."""

import pytest

from kili_query.errors import ArgumentError
from kili_query.protocol import selection_of
from tests.each import for_each


@for_each(
    [
        (["id"], "id"),
        (["id", "id"], "id"),
        (("b", "a"), "b a"),
        (["a.b.c", "x", "a.d", "a.b.e"], "a { b { c e } d } x"),
        (["annotations { ...Fields }", "author.id"], "annotations { ...Fields } author { id }"),
    ]
)
def test_selection(row: tuple[list[str], str]) -> None:
    fields, selection = row
    assert selection_of(fields) == selection


@for_each(
    [
        ([], "`fields` is empty"),
        ("id", r"write \['id'\]"),
        ([3], "not by 3"),
        (["id }"], "`id }` is not the name of a field"),
        (["a..b"], "is not the name"),
        (["author", "author.email"], "`author` and for `author.email`"),
        (["author.email", "author"], "`author` and for `author.email`"),
        (["a.b", "a.b.c"], "`a.b` and for `a.b.c`"),
        (["a.b.c", "a.b"], "`a.b` and for `a.b.c`"),
    ]
)
def test_refused(row: tuple[list[str], str]) -> None:
    fields, said = row
    with pytest.raises(ArgumentError, match=said):
        selection_of(fields)
