"""What the parser knows of a text that is not a query is what reading it again finds."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Token
from lark.exceptions import UnexpectedInput

from kili_query.ast import Predicate
from kili_query.diagnostics import Edit
from kili_query.errors import QuerySyntaxError
from kili_query.source import Source
from kili_query.syntax import Dialect, parser, print_tree
from kili_query.syntax.parse import parse_source
from kili_query.syntax.parser import ParseFailure, parse_text, read_lexemes
from tests.cases.loader import load_cases
from tests.strategies import trees

FUZZ = Path(__file__).resolve().parents[2] / "fuzz" / "corpus" / "parse_never_crashes"


def texts() -> Iterator[str]:
    for case in load_cases():
        yield from (case.query, case.query[: len(case.query) // 2], case.query.replace(">=", "=>"), f"{case.query} AND")
    for path in sorted(FUZZ.iterdir()):
        yield path.read_bytes().decode("utf-8", "ignore")


@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_what_is_known_of_a_failure(dialect: Dialect) -> None:
    """The words before it, what could stand there, and whether an edit mends the text."""
    failures, mended = 0, 0
    for text in dict.fromkeys(texts()):
        try:
            parse_text(text, dialect)
        except ParseFailure as failure:
            failures += 1
            lexemes, known = failure.before.reading(failure, dialect)
            again, wanted = read_lexemes(text, dialect)
            assert wanted is not None
            assert (lexemes, known.offset, known.expected) == (again, wanted.offset, wanted.expected)
            for edit in edits(text, dialect):
                after = text[: edit.span.start] + edit.text + text[edit.span.end :]
                is_query = failure.before.is_query_with(after, edit.span.start, dialect)
                assert is_query == parses(after, dialect), (text, edit)
                mended += is_query
    assert failures > 300
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


@given(trees(depth=2), st.integers(0, 400))
def test_what_can_follow_many_conditions(tree: Predicate, length: int) -> None:
    """The parser leaves out conditions that do not matter to what follows; the tables of Lark know all of them."""
    tokens = tokens_of(print_tree(tree)[:length])
    assert accepted(parser._condensed(tokens)) == accepted(tokens)


def test_what_can_follow_a_long_query() -> None:
    condition = "NOT (A.B AND A.C[D.E OR D.F AND D.*[G.H OR G.I AND G.J]].count > 0 OR A.B.count NOT IN {1, 2})"
    tokens = tokens_of(" OR ".join([condition] * 50) + " AND NOT (A.B OR A.D AND A.C[X.Y OR X.Z AND")
    condensed = parser._condensed(tokens)
    assert len(condensed) < 100
    assert len(tokens) > 2000
    assert accepted(condensed) == accepted(tokens)


def tokens_of(text: str) -> list[Token]:
    """The tokens that Lark accepts, up to the first error."""
    tokens: list[Token] = []
    try:
        tokens.extend(parser._parser("extended").lark.parse_interactive(text).iter_parse())
    except UnexpectedInput:
        return tokens[:-1]  # the last one may be what was not accepted
    return tokens


def accepted(tokens: list[Token]) -> set[str]:
    parsing = parser._parser("extended").lark.parse_interactive("")
    for token in tokens:
        parsing.feed_token(token)
    return set(parsing.accepts())  # type: ignore[no-untyped-call]
