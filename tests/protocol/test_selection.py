"""Field names become a selection: ordered, without repeats, refused where they contradict each other."""

import pytest

from kili_query.errors import ArgumentError
from kili_query.protocol import selection_of


@pytest.mark.parametrize(
    ("fields", "selection"),
    [
        (["id"], "id"),
        (["id", "id"], "id"),
        (("b", "a"), "b a"),
        (["a.b.c", "x", "a.d", "a.b.e"], "a { b { c e } d } x"),
        (["annotations { ...Fields }", "author.id"], "annotations { ...Fields } author { id }"),
    ],
)
def test_selection(fields: list[str], selection: str) -> None:
    assert selection_of(fields) == selection


@pytest.mark.parametrize(
    ("fields", "said"),
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
    ],
)
def test_refused(fields: list[str], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        selection_of(fields)
