"""What the parser knows of a text that is not a query is what reading it again finds."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from kili_query.diagnostics import Edit
from kili_query.errors import QuerySyntaxError
from kili_query.source import Source
from kili_query.syntax import Dialect
from kili_query.syntax.parse import parse_source
from kili_query.syntax.parser import ParseFailure, parse_text, read_lexemes
from tests.cases.loader import load_cases

FUZZ = Path(__file__).resolve().parents[2] / "fuzz" / "corpus" / "parse_never_crashes"


def texts() -> Iterator[str]:
    for case in load_cases():
        yield from (case.query, case.query[: len(case.query) // 2], case.query.replace(">=", "=>"), f"{case.query} AND")
    for path in sorted(FUZZ.iterdir()):
        yield path.read_bytes().decode("utf-8", "ignore")


@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_the_words_before_a_failure(dialect: Dialect) -> None:
    failures = 0
    for text in dict.fromkeys(texts()):
        try:
            parse_text(text, dialect)
        except ParseFailure as failure:
            failures += 1
            lexemes, known = failure.before.reading(failure, dialect)
            again, wanted = read_lexemes(text, dialect)
            assert wanted is not None
            assert (lexemes, known.offset, known.expected) == (again, wanted.offset, wanted.expected)
    assert failures > 300


@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_whether_an_edit_mends_a_text(dialect: Dialect) -> None:
    mended = 0
    for text in dict.fromkeys(texts()):
        for edit in edits(text, dialect):
            after = text[: edit.span.start] + edit.text + text[edit.span.end :]
            try:
                parse_text(text, dialect)
            except ParseFailure as failure:
                is_query = failure.before.is_query_with(after, edit.span.start, dialect)
                assert is_query == parses(after, dialect), (text, edit)
                mended += is_query
    assert mended > 100


def edits(text: str, dialect: Dialect) -> Iterator[Edit]:
    try:
        parse_source(Source(text), dialect)
    except QuerySyntaxError as error:
        for found in error.diagnostics:
            if found.help is not None and found.help.edit is not None:
                yield found.help.edit


def parses(text: str, dialect: Dialect) -> bool:
    try:
        parse_text(text, dialect)
    except ParseFailure:
        return False
    return True
