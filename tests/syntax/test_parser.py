"""Parsing: the trees, their spans, the grammars themselves, and that nothing is shared between calls."""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import lark
import pytest
from lark import Lark

from kili_query.ast import (
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Exists,
    Filtered,
    Membership,
    NamePattern,
    Not,
    Or,
    Pattern,
    Predicate,
    Range,
    Relation,
    RelationOp,
    Sum,
    Summand,
    Term,
    subtrees,
    terms_of,
)
from kili_query.errors import QuerySyntaxError
from kili_query.resources import read_text
from kili_query.syntax import Dialect, parse_tree
from kili_query.syntax.parser import Word, match_word, read_lexemes
from tests.syntax.texts import QUERIES

AB, CD = Counter("A", "B"), Counter("C", "D")
EVERY = NamePattern(("", ""))


def at_least(counter: Term, bound: int) -> Comparison:
    return Comparison(counter, CompareOp.GE, bound)


def one(operand: Term | int) -> Sum:
    return Sum((Summand(operand),))


TREES: dict[str, Predicate] = {
    "A.B.count >= 1": at_least(AB, 1),
    " A\t.\nB . count\r\n>=1 ": at_least(AB, 1),
    "A.B.count>=1 AND C.D.count>=2 OR A.B.count>=3": Or((And((at_least(AB, 1), at_least(CD, 2))), at_least(AB, 3))),
    "A.B.count>=1 AND (C.D.count>=2 OR A.B.count>=3)": And((at_least(AB, 1), Or((at_least(CD, 2), at_least(AB, 3))))),
    "A.B.count>=1 AND (A.B.count>=2 AND A.B.count>=3)": And((at_least(AB, 1), And((at_least(AB, 2), at_least(AB, 3))))),
    "((A.B.count>=1))": at_least(AB, 1),
    "A.count.count >= 1": at_least(Counter("A", "count"), 1),
    "count.count.count >= 1": at_least(Counter("count", "count"), 1),
    "AND.OR.count >= 1 AND AND.AND.count >= 2": And(
        (at_least(Counter("AND", "OR"), 1), at_least(Counter("AND", "AND"), 2))
    ),
    "OR.count.count >= 1 OR OR.OR.count >= 2": Or(
        (at_least(Counter("OR", "count"), 1), at_least(Counter("OR", "OR"), 2))
    ),
    "A-1.B_2-.count >= 1": at_least(Counter("A-1", "B_2-"), 1),
}

EXTENDED_TREES: dict[str, Predicate] = {
    "TRUE # why\n.A.count >= 1": at_least(Counter("TRUE", "A"), 1),
    "TRUE # why .\n AND A.B.count >= 1": And((Constant(True), at_least(AB, 1))),
    "true\n# a\n  # b.c\n\t. # d\nfalse #.\n.count >= 1": at_least(Counter("true", "false"), 1),
    "A.B": Exists(AB),
    "not not A.B": Not(Not(Exists(AB))),
    "NOT A.B AND C.D": And((Not(Exists(AB)), Exists(CD))),
    "NOT (A.B AND C.D)": Not(And((Exists(AB), Exists(CD)))),
    "true OR False": Or((Constant(True), Constant(False))),
    "true.false OR TRUE": Or((Exists(Counter("true", "false")), Constant(True))),
    "A.B.count = 1": Comparison(AB, CompareOp.EQ, 1),
    "A.B.count <> 1": Relation((one(AB), one(1)), (RelationOp.NE,)),
    "1 < A.B.count": Relation((one(1), one(AB)), (RelationOp.LT,)),
    "1 < A.B.count <= 3": Relation((one(1), one(AB), one(3)), (RelationOp.LT, RelationOp.LE)),
    "A.B.count - C.D.count > -1": Relation((Sum((Summand(AB), Summand(CD, True))), one(-1)), (RelationOp.GT,)),
    "A.B.count IN {0, 5..9, 20..}": Membership(one(AB), (Range(0, 0), Range(5, 9), Range(20, None))),
    "A.B.count not in {1}": Membership(one(AB), (Range(1, 1),), negated=True),
    "A.count >= 1": at_least(Pattern(NamePattern(("A",)), EVERY), 1),
    "count.count >= 1": at_least(Pattern(NamePattern(("count",)), EVERY), 1),
    '"A"."count"': Exists(Counter("A", "count")),
    '"A b"."\\u0063*".count >= 1': at_least(Counter("A b", "c*"), 1),
    "*.B_*.count >= 1": at_least(Pattern(EVERY, NamePattern(("B_", ""))), 1),
    "A**B.C": Exists(Pattern(NamePattern(("A", "B")), NamePattern(("C",)))),
    "A.B[C.D].count >= 1": at_least(Filtered(AB, Exists(CD)), 1),
    "A.*[NOT C.D]": Exists(Filtered(Pattern(NamePattern(("A",)), EVERY), Not(Exists(CD)))),
    "A.B # why\n AND # not\n C.D #": And((Exists(AB), Exists(CD))),
}


@pytest.mark.parametrize("text", TREES)
@pytest.mark.parametrize("dialect", ["core", "extended"])
def test_core_trees(text: str, dialect: Dialect) -> None:
    assert parse_tree(text, dialect) == TREES[text]


@pytest.mark.parametrize("text", EXTENDED_TREES)
def test_extended_trees(text: str) -> None:
    assert parse_tree(text) == EXTENDED_TREES[text]
    with pytest.raises(QuerySyntaxError):
        parse_tree(text, "core")


def test_a_star_is_a_letter_in_core() -> None:
    assert parse_tree("A*.B.count >= 1", "core") == at_least(Counter("A*", "B"), 1)


@pytest.mark.parametrize("word", ["NOT", "IN", "TRUE", "FALSE", "not", "and", "or"])
def test_words_of_extended_are_names_in_core(word: str) -> None:
    assert parse_tree(f"{word}.{word}.count >= 1", "core") == at_least(Counter(word, word), 1)


@pytest.mark.parametrize("dialect", ["core", "extended"])
@pytest.mark.parametrize("text", ["A.B.count >= 1AND C.D.count >= 1", "A.B.count >= 1 ANDC.D.count >= 1"])
def test_keywords_need_a_boundary(text: str, dialect: Dialect) -> None:
    with pytest.raises(QuerySyntaxError):
        parse_tree(text, dialect)


SPANS = {
    "(A.B) AND C.D.count > 1": ["(A.B) AND C.D.count > 1", "(A.B)", "C.D.count > 1"],
    "NOT (A.B OR C.D) OR E . F . count>2 ": [
        "NOT (A.B OR C.D) OR E . F . count>2",
        "NOT (A.B OR C.D)",
        "(A.B OR C.D)",
        "A.B",
        "C.D",
        "E . F . count>2",
    ],
    "1 < A.B.count - 2 AND A.count NOT IN {1} AND TRUE": [
        "1 < A.B.count - 2 AND A.count NOT IN {1} AND TRUE",
        "1 < A.B.count - 2",
        "A.count NOT IN {1}",
        "TRUE",
    ],
    "A.B[C.D] AND A.B[C.D].count = 1": ["A.B[C.D] AND A.B[C.D].count = 1", "A.B[C.D]", "A.B[C.D].count = 1"],
}


@pytest.mark.parametrize("text", SPANS)
def test_spans_of_predicates(text: str) -> None:
    assert [text[slice(*node.span)] for node in subtrees(parse_tree(text))] == SPANS[text]


def names(tree: Predicate) -> Iterator[tuple[int, int]]:
    for term in chain.from_iterable(map(terms_of, subtrees(tree))):
        inner = term.counter if isinstance(term, Filtered) else term
        yield inner.job_span
        yield inner.category_span
        if isinstance(term, Filtered):
            yield from names(term.condition)


def test_spans_of_names() -> None:
    text = 'A . B[X.Y].count > 1 AND "j k".C_* OR J.count = 2'
    assert [text[slice(*span)] for span in names(parse_tree(text))] == [
        "A",
        "B",
        "X",
        "Y",
        '"j k"',
        "C_*",
        "J",
        "count",
    ]


@pytest.mark.parametrize("dialect", ["core", "extended"])
def test_words_are_those_of_the_text(dialect: Dialect) -> None:
    text = "A . B.count\n>= 10 AND (C.D.count<2)"
    lexemes, failure = read_lexemes(text, dialect)
    assert failure is None
    assert " ".join(lexeme.text for lexeme in lexemes) == "A . B . count >= 10 AND ( C . D . count < 2 )"
    assert all(text[slice(*lexeme.span)] == lexeme.text for lexeme in lexemes)


def test_words_end_where_the_text_stops_being_a_query() -> None:
    lexemes, failure = read_lexemes("A.B.count > 3 AND AND A.C", "extended")
    assert failure is not None
    assert failure.offset == 22
    assert failure.expected == {Word.DOT}
    assert [lexeme.word for lexeme in lexemes[-2:]] == [Word.AND, Word.NAME]


def test_words_grow_with_the_text() -> None:
    counts = [len(read_lexemes(" OR ".join(["A.B.count > 0"] * size), "extended")[0]) for size in (1, 10, 100, 1000)]
    assert counts == [8 * size - 1 for size in (1, 10, 100, 1000)]


def test_a_wide_query_is_one_level_deep() -> None:
    tree = parse_tree(" AND ".join(["A.B.count >= 1"] * 2000))
    assert tree == And((at_least(AB, 1),) * 2000)


@pytest.mark.parametrize("dialect", ["core", "extended"])
def test_the_grammar_has_no_conflict(dialect: Dialect, caplog: pytest.LogCaptureFixture) -> None:
    def import_core(base_path: str | None, name: str) -> tuple[str, str]:
        return f"grammar/{name}", read_text("grammar", name)

    level = lark.logger.level
    lark.logger.addHandler(caplog.handler)
    lark.logger.setLevel(logging.DEBUG)
    try:
        Lark(
            read_text("grammar", f"{dialect}.lark"),
            source_path=f"grammar/{dialect}.lark",
            import_paths=[import_core],
            parser="lalr",
            lexer="contextual",
            debug=True,
        )
    finally:
        lark.logger.setLevel(level)
        lark.logger.removeHandler(caplog.handler)
    assert [record.getMessage() for record in caplog.records if "onflict" in record.getMessage()] == []


def test_a_conflict_would_be_told(caplog: pytest.LogCaptureFixture) -> None:
    lark.logger.addHandler(caplog.handler)
    level = lark.logger.level
    lark.logger.setLevel(logging.DEBUG)
    try:
        Lark('start: "a" start?\n | "a" start "b"?', parser="lalr", debug=True)
    finally:
        lark.logger.setLevel(level)
        lark.logger.removeHandler(caplog.handler)
    assert any("onflict" in record.getMessage() for record in caplog.records)


def test_eight_threads_parse_at_once() -> None:
    texts = [*QUERIES, *(f"A.B.count > {number} AND C.D.count < {number}" for number in range(40))] * 5
    wanted = [parse_tree(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(parse_tree, texts)) == wanted


ESCAPES = ["n", "u0041", "uD83D", "/", '"', "x", "u12", "U00000041", "'", "0", "\\", "é", "\n", "u004G", ""]


@pytest.mark.parametrize("escape", ESCAPES)
def test_quoted_names_have_the_escapes_of_json(escape: str) -> None:
    """What the grammar takes for a name is what a JSON reader reads."""
    literal = f'"a\\{escape}b"'
    try:
        name = json.loads(literal)
    except ValueError:
        assert match_word(literal, 0, Word.STRING) != len(literal)
    else:
        assert match_word(literal, 0, Word.STRING) == len(literal)
        assert parse_tree(f"J.{literal}.count >= 1") == at_least(Counter("J", name), 1)
