"""The formatter: what it writes, that it keeps meaning and comments, and that it agrees with itself."""

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.ast import Predicate
from kili_query.errors import QuerySyntaxError
from kili_query.syntax import Dialect, Limits, parse_tree, print_tree
from kili_query.syntax.formatter import format_text
from kili_query.syntax.parser import read_lexemes
from tests.strategies import trees
from tests.syntax.texts import QUERIES, random_text

_OPERATORS = "A.B.count == 1 OR 1 != A.B.count OR 1 <= A.B.count < 5"

LAID_OUT = {
    "one line": ("a.b.count>0 and( C . D or not e.f )", "a.b.count > 0 AND (C.D OR NOT e.f)"),
    "operators": (
        "A.B.count=1 or 1<>A.B.count or 1<=A.B.count<5",
        "A.B.count == 1 OR 1 != A.B.count OR 1 <= A.B.count < 5",
    ),
    "numbers stay": ("A.B.count>007 OR A.B.count> +1.50", "A.B.count > 007 OR A.B.count > +1.50"),
    "parentheses stay": ("((A.B))", "((A.B))"),
    "quoted names stay": ('"A"."b\\u0063".count>0', '"A"."b\\u0063".count > 0'),
    "sets": ("A.B.count in{0,2 , 5..9,20..}", "A.B.count IN {0, 2, 5..9, 20..}"),
    "a range between dots": ("A.B.count in {5. .. .9}", "A.B.count IN {5. .. .9}"),
    "not in": ("A.B.count Not\nIn{1}", "A.B.count NOT IN {1}"),
    "brackets": ("A.B [ C.D and TRUE ] . count>=2", "A.B[C.D AND TRUE].count >= 2"),
    "sums": ("A.B.count+C.D.count - -2>=J.count", "A.B.count + C.D.count - -2 >= J.count"),
    "names that are words": ("AND.OR.count>0 and true.false.count>1", "AND.OR.count > 0 AND true.false.count > 1"),
    "the example": (
        "(JOB_CLASSIF.CATEGORY_A.count > 0 # why\nOR JOB_NER.CATEGORY_B.count > 0) AND JOB_BBOX.CATEGORY_C.count > 10",
        "(\n"
        "    JOB_CLASSIF.CATEGORY_A.count > 0  # why\n"
        "    OR JOB_NER.CATEGORY_B.count > 0\n"
        ")\n"
        "AND JOB_BBOX.CATEGORY_C.count > 10",
    ),
    "a comment above": ("  # all\r\nA.B\n  AND C.D", "# all\nA.B AND C.D"),
    "comments above and below": ("A.B\n# two\n# three\nAND C.D\n# last", "A.B\n# two\n# three\nAND C.D\n# last"),
    "a comment on a whole line": ("A.B and C.D   # both", "A.B AND C.D  # both"),
    "a comment on the last operand": ("A.B\nand C.D   # this", "A.B\nAND C.D  # this"),
    "a comment on each chain": (
        "A.B AND C.D # one\nOR E.F AND G.H # two",
        "A.B AND C.D  # one\nOR E.F AND G.H  # two",
    ),
    "a comment after a connective": ("A.B AND # why\nC.D", "A.B  # why\nAND C.D"),
    "comments before and after a connective": ("A.B # a\nAND # b\nC.D", "A.B  # a\n# b\nAND C.D"),
    "a comment in a condition": ("A.B.count # why\n > 3 OR C.D", "# why\nA.B.count > 3 OR C.D"),
    "comments in parentheses": (
        "( # open\nA.B\n# close\n) # end",
        "(  # open\n    A.B\n    # close\n)  # end",
    ),
    "comments in brackets": (
        "J.C[ # in\nA.B # one\nand not(C.D)\n].count>=2",
        "J.C[  # in\n    A.B  # one\n    AND NOT (C.D)\n].count >= 2",
    ),
    "a hash in a name is no comment": ('A."b # c".count>0', 'A."b # c".count > 0'),
}


@pytest.mark.parametrize("title", LAID_OUT)
def test_layout(title: str) -> None:
    text, wanted = LAID_OUT[title]
    assert format_text(text) == wanted
    assert format_text(wanted) == wanted


def test_a_long_query_is_broken_at_the_loosest_connective() -> None:
    text = "SOME_JOB.CATEGORY_A.count > 0 AND SOME_JOB.CATEGORY_B.count > 0 OR NOT (OTHER.A AND (OTHER.B OR OTHER.C))"
    assert format_text(text, width=60) == (
        "SOME_JOB.CATEGORY_A.count > 0\n"
        "    AND SOME_JOB.CATEGORY_B.count > 0\n"
        "OR NOT (OTHER.A AND (OTHER.B OR OTHER.C))"
    )
    assert format_text(text, width=40).endswith("OR NOT (\n    OTHER.A\n    AND (OTHER.B OR OTHER.C)\n)")


def test_a_long_set_wraps() -> None:
    text = f"JOB.CATEGORY.count IN {{{', '.join(map(str, range(100, 140)))}}} AND A.B"
    lines = format_text(text, width=50).split("\n")
    assert lines[0] == "JOB.CATEGORY.count IN {"
    assert lines[1].startswith("    100, 101, ")
    assert lines[-2:] == ["}", "AND A.B"]
    assert all(len(line) <= 50 for line in lines)


def test_a_long_sum_wraps() -> None:
    text = " + ".join(f"JOB.CATEGORY_{number}.count" for number in range(6)) + " >= 5"
    lines = format_text(text, width=60).split("\n")
    assert all(line.startswith("    + ") for line in lines[1:])
    assert all(len(line) <= 60 for line in lines)


def test_the_width_is_used_to_its_last_column() -> None:
    text = "A.B.count > 0 AND C.D.count > 0"
    assert format_text(text, width=len(text)) == text
    assert format_text(text, width=len(text) - 1) == "A.B.count > 0\nAND C.D.count > 0"


def test_the_core_stays_core() -> None:
    assert format_text("A*.B.count>0  AND C.D . count==1", "core") == "A*.B.count > 0 AND C.D.count == 1"


@pytest.mark.parametrize("text", ["", "# only", "A.B AND", "A.B && C.D"])
def test_a_bad_text_is_refused(text: str) -> None:
    with pytest.raises(QuerySyntaxError):
        format_text(text)


def test_limits_are_those_of_parsing() -> None:
    text = "(" * 300 + "A.B" + ")" * 300
    with pytest.raises(QuerySyntaxError):
        format_text(text)
    assert format_text(text, limits=Limits(depth=300), width=1000) == text


def check(text: str, dialect: Dialect = "extended", width: int = 88) -> None:
    """What holds for every query."""
    formatted = format_text(text, dialect, width)
    assert parse_tree(formatted, dialect) == parse_tree(text, dialect)
    assert format_text(formatted, dialect, width) == formatted
    assert comments(formatted, dialect) == comments(text, dialect)
    assert not any(line.endswith(" ") for line in formatted.split("\n"))


def comments(text: str, dialect: Dialect) -> list[str]:
    """All comments, sorted: one in the midst of a condition moves above it."""
    lexemes, _ = read_lexemes(text, dialect)
    starts = [0, *(lexeme.span.end for lexeme in lexemes)]
    ends = [*(lexeme.span.start for lexeme in lexemes), len(text)]
    gaps = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    return sorted(found.rstrip(" \t\r") for gap in gaps for found in re.findall(r"#[^\n]*", gap))


@given(tree=trees(), width=st.integers(1, 100), seed=st.integers(0, 2**32))
@settings(max_examples=50)
def test_any_tree_with_comments_anywhere(tree: Predicate, width: int, seed: int) -> None:
    check(with_comments(print_tree(tree), Random(seed)), width=width)


@given(tree=trees(), width=st.integers(1, 100))
@settings(max_examples=40)
def test_any_tree_without_comments_fits_or_is_broken(tree: Predicate, width: int) -> None:
    text = print_tree(tree)
    check(text, width=width)
    assert format_text(text, width=len(text)) == text


def with_comments(text: str, random: Random) -> str:
    """White space and comments between the words of a text."""
    lexemes, _ = read_lexemes(text, "extended")
    gaps = ["", " ", "\n", " # c\n", "# one\n\t# two \r\n", "\n# own\n"]
    words = [text[lexeme.span.start : lexeme.span.end] for lexeme in lexemes]
    pieces = [piece for word in words for piece in (random.choice(gaps) or " ", word)]
    return "".join(pieces) + random.choice(["", "  ", " # end", "\n# end"])


@pytest.mark.parametrize("seed", range(4))
def test_any_text_that_is_a_query(seed: int) -> None:
    random = Random(seed)
    formatted = 0
    while formatted < 40:
        text = random.choice((with_comments(random.choice(QUERIES), random), random_text(random)))
        try:
            parse_tree(text)
        except QuerySyntaxError:
            continue
        check(text, width=random.randint(1, 100))
        formatted += 1
