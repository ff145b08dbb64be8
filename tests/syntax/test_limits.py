"""KQ006, and that what is within the limits never exhausts the stack."""

import pickle
from collections.abc import Callable
from typing import TypeAlias

import pytest

import kili_query as kq
from kili_query.diagnostics import Code
from kili_query.syntax import DEFAULT_LIMITS, Limits, lower, negate, parse_tree, print_tree
from kili_query.syntax.formatter import format_text
from tests.syntax.texts import error_of

Shape: TypeAlias = Callable[[int], str]
DEPTH = DEFAULT_LIMITS.depth


def parentheses(depth: int) -> str:
    return "(" * depth + "A.B" + ")" * depth


def alternation(depth: int) -> str:
    text = "A.B.count > 0"
    for level in range(depth):
        text = f"({text}) {('AND', 'OR')[level % 2]} C.D.count > {level}"
    return text


def negations(depth: int) -> str:
    return "NOT " * depth + "A.B"


def negated_groups(depth: int) -> str:
    text = "A.B"
    for _ in range(depth // 2):
        text = f"NOT ({text} AND C.D)"
    return text


def brackets(depth: int) -> str:
    text = "A.B"
    for _ in range(depth // 2):
        text = f"A.B[{text}]"
    return text


SHAPES = [parentheses, alternation, negations, negated_groups, brackets]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_limit_itself_is_within(shape: Shape) -> None:
    parse_tree(shape(DEPTH))
    found = error_of(shape(DEPTH + 2))
    assert found is not None
    assert found.code is Code.TOO_LONG_OR_DEEP
    assert found.message == f"the query is nested deeper than {DEPTH} levels"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_tree_at_the_limit_does_not_exhaust_the_stack(shape: Shape) -> None:
    def use() -> None:
        text = shape(DEPTH)
        tree = parse_tree(text)
        assert parse_tree(print_tree(tree)) == tree
        assert hash(tree) == hash(parse_tree(text))
        assert print_tree(lower(tree))
        assert lower(negate(tree)) == negate(tree)
        assert parse_tree(format_text(text)) == tree
        assert repr(tree)
        query = kq.parse(text)
        assert pickle.loads(pickle.dumps(query)) == query

    below(20, use)


def below(frames: int, call: Callable[[], None]) -> None:
    """Call from a place that many frames deep."""
    if frames:
        below(frames - 1, call)
    else:
        call()


def test_the_length_limit() -> None:
    text = "A.B".ljust(DEFAULT_LIMITS.length)
    parse_tree(text)
    found = error_of(text + " ")
    assert found is not None
    assert (found.code, found.span.start) == (Code.TOO_LONG_OR_DEEP, DEFAULT_LIMITS.length)


@pytest.mark.parametrize(
    "text", ["(" * 10**6, "NOT " * 10**5, "A.B[" * 10**5, "[" * 39_000, ")" * 39_000, "-" * 39_000]
)
def test_what_is_far_too_large_is_refused_politely(text: str) -> None:
    assert error_of(text) is not None
    assert error_of(text, "core") is not None


def test_limits_can_be_raised_and_lowered() -> None:
    assert parse_tree(parentheses(2000), limits=Limits(depth=2000)) == parse_tree("A.B")
    for limits in (Limits(depth=2), Limits(length=8)):
        with pytest.raises(ValueError, match="KQ006"):
            parse_tree("(((A.B)))", limits=limits)


@pytest.mark.parametrize(
    "text",
    [
        " AND ".join(["NOT (A.B)"] * 1000),
        " AND ".join(["(A.B)"] * 1000),
        " AND ".join(["NOT A.B"] * 1000),
        " OR ".join(["A.B.count IN {1}"] * 1000),
        f'A."{"(" * 1000}"',
        f"A.B # {'(' * 1000}",
    ],
    ids=lambda text: text[:12],
)
def test_what_stands_side_by_side_is_not_deep(text: str) -> None:
    parse_tree(text)


@pytest.mark.parametrize("dialect", ["core", "extended"])
def test_any_bytes_give_a_diagnostic(dialect: str) -> None:
    for byte in range(256):
        for data in (bytes([byte]), b"A.B.count > 0 " + bytes([byte]), b'A."' + bytes([byte, byte]) + b'".count > 0'):
            text = data.decode(errors="surrogateescape")
            found = error_of(text, "core" if dialect == "core" else "extended")
            assert found is None or str(found)


def test_sets_of_sums_are_bounded() -> None:
    """A set of one counter is merged into its ranges; one of a sum stays a comparison of the sum for each."""
    numbers = ", ".join(str(3 * number) for number in range(5_000))
    assert len(kq.parse(f"J.C.count IN {{{numbers}}}").simplify().counters) == 1
    with pytest.raises(kq.QuerySyntaxError, match=r"KQ006.*40000 comparisons, more than 5714"):
        kq.parse(f"J.C.count + J.D.count IN {{{numbers}}}")
