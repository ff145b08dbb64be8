"""Printing inverts parsing."""

from random import Random

import pytest
from hypothesis import given, settings

from kili_query.ast import (
    And,
    CompareOp,
    Comparison,
    Counter,
    Exists,
    Or,
    Pattern,
    Predicate,
    Relation,
    RelationOp,
    Sum,
    Summand,
)
from kili_query.ast.nodes import Addend, Linear, NamePattern
from kili_query.errors import QuerySyntaxError
from kili_query.syntax import parse_tree, print_counter, print_name, print_tree
from tests.strategies import core_trees, trees
from tests.syntax.texts import QUERIES, random_text

PRINTED = {
    "( A.B.count>0 )or((C . D.count=1))": "A.B.count > 0 OR C.D.count == 1",
    "A.B AND (C.D AND E.F)": "A.B AND (C.D AND E.F)",
    "(A.B OR C.D) OR E.F": "(A.B OR C.D) OR E.F",
    "not (not A.B)": "NOT NOT A.B",
    "not (A.B and true)": "NOT (A.B AND TRUE)",
    '"A"."b c".count<>2': 'A."b c".count != 2',
    '"not".count>1 OR "IN".B': '"not".count > 1 OR "IN".B',
    "A.B.count>1.5": "A.B.count >= 2",
    "A.B.count in{9..9,3..}": "A.B.count IN {9, 3..}",
    "1.50<A.B.count -2": "1.50 < A.B.count - 2",
    "J.*.count>1 OR *.*.count>1": "J.count > 1 OR *.*.count > 1",
    "J.**A": "J.*A",
    "J.C[K.D or K.E].count>1": "J.C[K.D OR K.E].count > 1",
}


@pytest.mark.parametrize("text", PRINTED)
def test_canonical_text(text: str) -> None:
    assert print_tree(parse_tree(text)) == PRINTED[text]
    assert parse_tree(PRINTED[text]) == parse_tree(text)


@given(trees())
@settings(max_examples=50)  # `fuzz/print_inverts_parse.py` tries other texts
def test_print_inverts_parse_for_all_that_can_be_written(tree: Predicate) -> None:
    written = parse_tree(print_tree(tree))
    assert parse_tree(print_tree(written)) == written
    assert print_tree(parse_tree(print_tree(written))) == print_tree(written)


@given(core_trees())
@settings(max_examples=50)
def test_lowered_trees_print_as_queries(tree: Predicate) -> None:
    written = parse_tree(print_tree(tree))
    assert parse_tree(print_tree(written)) == written


@pytest.mark.parametrize("seed", range(4))
def test_print_inverts_parse_for_any_text(seed: int) -> None:
    random = Random(seed)
    parsed = 0
    while parsed < 50:
        text = random.choice((random.choice(QUERIES), random_text(random)))
        try:
            tree = parse_tree(text)
        except QuerySyntaxError:
            continue
        assert parse_tree(print_tree(tree)) == tree
        parsed += 1


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "Not",
        "in",
        "é",
        "1a",
        "_a",
        "a*",
        "*",
        'a"b',
        "a\\b",
        "a\nb",
        "\0",
        "\ud800",
        "\u2028",
        "🚗",
        "#",
        "a.b",
    ],
)
def test_any_name_is_quoted_so_that_it_can_be_read(name: str) -> None:
    counter = Counter(name, name)
    assert parse_tree(print_tree(Exists(counter))) == Exists(counter)
    assert "\n" not in print_name(name)
    print_name(name).encode()


@pytest.mark.parametrize("name", ["a", "A-b_3", "and", "OR", "count", "true"])
def test_a_plain_name_is_bare(name: str) -> None:
    assert print_name(name) == name
    assert print_counter(Counter(name, name)) == f"{name}.{name}.count"
    assert parse_tree(print_tree(Exists(Counter("J", name)))) == (
        Exists(Counter("J", name)) if name != "count" else parse_tree('J."count"')
    )


def test_a_sum_never_starts_with_a_minus() -> None:
    a, b = Counter("A", "A"), Counter("A", "B")
    relation = Relation((Sum((Summand(a, True), Summand(b))), Sum((Summand(1),))), (RelationOp.GT,))
    assert print_tree(relation) == "0 - A.A.count + A.B.count > 1"
    linear = Linear((Addend(-1, a), Addend(2, b)), CompareOp.GT, 1)
    assert print_tree(linear) == "0 - A.A.count + A.B.count + A.B.count > 1"


def test_connectives_of_less_than_two_operands() -> None:
    one = Comparison(Counter("A", "B"), CompareOp.GT, 0)
    assert [print_tree(tree) for tree in (And(()), Or(()), And((one,)), Or((And((one,)),)))] == [
        "TRUE",
        "FALSE",
        "A.B.count > 0",
        "A.B.count > 0",
    ]


def test_the_total_of_a_pattern_of_jobs() -> None:
    every = NamePattern(("", ""))
    tree = Comparison(Pattern(NamePattern(("A", "")), every), CompareOp.GT, 0)
    assert parse_tree(print_tree(tree)) == tree
