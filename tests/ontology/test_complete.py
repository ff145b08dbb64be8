"""Completion: what is offered where, and that nothing makes it fail."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.ast import Predicate
from kili_query.errors import QuerySyntaxError
from kili_query.ontology import Ontology
from kili_query.ontology.check import check_names
from kili_query.ontology.complete import Completion, complete
from kili_query.source import Span
from kili_query.syntax import parse_tree, print_tree
from kili_query.syntax.parser import Word, read_lexemes
from tests.each import for_each
from tests.strategies import trees

DATA = Path(__file__).parent.parent / "data"
STREET = Ontology.load(DATA / "ontology_street.json")
TEXT = Ontology.load(DATA / "ontology_text.json")
JOBS = ["BOXES", "SIZE", "OCCLUDED", "WHY", "WEATHER", "BODY", "BENT", '"not"']
CATEGORIES = ["PERSON", "CAR", "CAR_2", "TRAFFIC_LIGHT", '"IS_THE OBJECT OCCLUDED?"']
OPERATORS = ["==", "!=", ">=", "<=", ">", "<"]


def offered(text: str, ontology: Ontology = STREET) -> list[str]:
    """What is offered where the text has a ``|``, or at its end."""
    return [found.text for found in at_mark(text, ontology)]


def at_mark(text: str, ontology: Ontology = STREET) -> list[Completion]:
    before, _, after = text.partition("|")
    return complete(before + after, len(before), ontology)


@for_each(
    [
        ("", [*JOBS, "NOT"]),
        ("BOXES.CAR AND ", [*JOBS, "NOT"]),
        ("(", [*JOBS, "NOT"]),
        ("NOT ", [*JOBS, "NOT"]),
        ("b", ["BOXES", "BODY", "BENT"]),
        ('"Box', ["BOXES"]),
        ("no", ['"not"', "NOT"]),
        ("sent", ['"not"']),
        ("BOXES.", [*CATEGORIES, "count"]),
        ("BOXES . ", [*CATEGORIES, "count"]),
        ('"Box them".', [*CATEGORIES, "count"]),
        ("BOXES.c", ["CAR", "CAR_2", "count"]),
        ("BOXES.some", ["PERSON"]),
        ('BOXES."Traffic l', ["TRAFFIC_LIGHT"]),
        ("BOXES.is_", ['"IS_THE OBJECT OCCLUDED?"']),
        ('"not".', ['"in"', '"count"', "count"]),
        ("NOPE.", ["count"]),
        ("BOXES.CAR.", ["count"]),
        ("BOXES.CAR.co", ["count"]),
        ("BOXES.CAR.count ", [*OPERATORS, "IN", "NOT IN"]),
        ("BOXES.CAR.count", ["count", *OPERATORS]),
        ("BOXES.count ", [*OPERATORS, "IN", "NOT IN"]),
        ("BOXES.CAR.count >", [">=", ">"]),
        ("BOXES.CAR.count NOT ", ["IN"]),
        ("BOXES.CAR.count n", ["NOT IN"]),
        ("BOXES.CAR.count > ", JOBS),
        ("BOXES.CAR.count > 0 ", ["AND", "OR"]),
        ("BOXES.CAR.count > 0 a", ["AND"]),
        ("(BOXES.CAR.count > 0) ", ["AND", "OR"]),
        ("BOXES.CAR ", ["AND", "OR"]),
        ("BOXES.CAR.count IN {0, ", []),
        ("BOXES.CAR.count IN {0, 2} ", ["AND", "OR"]),
        ("3 ", OPERATORS),
        ("3 < BOXES.CAR.count ", ["AND", "OR", *OPERATORS]),
        ("BOXES.CAR[", ["OCCLUDED", "NOT"]),
        ("BOXES.PERSON[", ["SIZE", "OCCLUDED", "WHY", "NOT"]),
        ("BOXES.PERSON[SIZE.SMALL AND (", ["SIZE", "OCCLUDED", "WHY", "NOT"]),
        ("BOXES.PERSON[SIZE.SMALL[", ["WHY", "NOT"]),
        ("BOXES.CAR[OCCLUDED.", ["YES", "NO", "count"]),
        ("BOXES.CAR[OCCLUDED.YES ", ["AND", "OR"]),
        ("BOXES.CAR[OCCLUDED.YES].", ["count"]),
        ("BOXES.CAR[OCCLUDED.YES] AND bo", ["BOXES", "BODY"]),
        ("BOXES.CAR.count > 1", []),
        ("BOXES.CAR.count + ", JOBS),
        ("BOXES.CAR.count - ", JOBS),
        ("BOXES.CAR.count + 2 ", [*OPERATORS, "IN", "NOT IN"]),
        ("BOXES.CAR.count + 2 > BODY.count - 1 ", ["AND", "OR"]),
        ("BOXES.CAR.count + BODY.count ", [*OPERATORS, "IN", "NOT IN"]),
        ("TRUE ", ["AND", "OR"]),
        ("NOT false ", ["AND", "OR"]),
        ("TRUE # why\n.", ["count"]),
        ("(BOXES.CAR.count > 1 ", ["AND", "OR"]),
        ("BOXES.CAR.count IN ", []),
        ("BOXES.CAR.count !", ["!="]),
        ("BOXES.CAR.count > 1e", []),
        ("BOXES.CAR # and", []),
        ('BOXES."CAR # and', []),
        ('BOXES."CAR" ', ["AND", "OR"]),
        ("BOXES.CAR => 3 AND bo", ["BOXES", "BODY"]),
        ("BOXES.CAR => 3 AND ", [*JOBS, "NOT"]),
        ("BOXES.CAR.count => ", [*JOBS, "NOT"]),
        ("BOXES.CAR.count > 1 BOXES.", [*CATEGORIES, "count"]),
        ("(BOXES.CAR => 3) ", ["AND", "OR"]),
        ("BOXES.PERSON[SIZE.SMALL ; OCCLUDED.YES AND ", ["SIZE", "OCCLUDED", "WHY", "NOT"]),
        ("é; $ BOXES.CAR AND ", [*JOBS, "NOT"]),
        ("; " * 1000, []),
        (" " * 70_000, []),
        ("# BOXES.", []),
        ("# a comment\nBOD", ["BODY"]),
        ('BOXES."count"', []),  # a quoted name is no keyword
        ('BOXES."CAR" AND "NO', ['"not"']),
        ('BOXES."CAR" "AN', []),
    ],
)
def test_what_is_offered(case: tuple[str, list[str]]) -> None:
    text, expected = case
    assert offered(text) == expected


def test_jobs_without_categories_are_not_offered() -> None:
    assert offered("", TEXT) == ["NAMES", "LINKS", "REASON", "PAGES", "NOT"]


def test_details_and_kinds() -> None:
    (found,) = at_mark("BOXES.CAR.count > 1 AND BOXES.TR")
    assert found == Completion("TRAFFIC_LIGHT", "category", Span(30, 32), "Traffic light")
    assert [found.kind for found in at_mark("BOXES.CAR.count ")] == ["operator"] * 6 + ["keyword"] * 2
    assert [found.kind for found in at_mark("WEA")] == ["job"]
    assert [found.kind for found in at_mark("BOXES.CAR.")] == ["count"]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("BOXES.PER|SON.count > 0", "BOXES.PERSON.count > 0"),
        ("BOXES.PER|.count > 0", "BOXES.PERSON.count > 0"),
        ('BOXES."Traffic| light" AND BOXES."Car"', 'BOXES.TRAFFIC_LIGHT AND BOXES."Car"'),
        ('BOXES."Traffic| AND BOXES."CAR"', 'BOXES.TRAFFIC_LIGHT AND BOXES."CAR"'),
        ('BOXES."Tra|', "BOXES.TRAFFIC_LIGHT"),
        ("BOXES.is|", 'BOXES."IS_THE OBJECT OCCLUDED?"'),
        ("WEATH|.RAIN", "WEATHER.RAIN"),
    ],
)
def test_the_word_at_the_cursor_is_replaced(text: str, result: str) -> None:
    (found,) = at_mark(text)
    whole = text.replace("|", "")
    assert whole[: found.span.start] + found.text + whole[found.span.end :] == result


QUERY_PIECES = ["BOXES", ".", "CAR", "count", ">", "0", "AND", "OR", "NOT", "IN", '"Box them"', '"Tra ', "1e3", ".."]
MARKS = ["{", "}", "[", "]", "(", ")", ",", "+", "-", "*", '"', "\\", "#", "=", "<", "!", "é", "\n", "\ud800"]
PIECES = st.sampled_from([*QUERY_PIECES, *MARKS])


@settings(max_examples=80)
@given(st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=12).map(" ".join)), st.integers(-3, 40))
def test_it_never_fails(text: str, cursor: int) -> None:
    for found in complete(text, cursor, STREET):
        assert 0 <= found.span.start <= found.span.end <= len(text)
        assert found.text


@given(trees(), st.data())
def test_what_a_query_goes_on_with_is_offered(tree: Predicate, data: st.DataObject) -> None:
    """At any word of any query: that word, if it is one that completion offers, and nothing that is refused."""
    text = print_tree(tree)
    words, _ = read_lexemes(text, "extended")
    index = data.draw(st.integers(0, len(words) - 1))
    word = words[index]
    before = text[: word.span.start]
    offered = complete(before, len(before), STREET)
    found = [one.text for one in offered]
    is_chain = word.word is Word.OP and words[index - 1].word is Word.NUMBER and "AND" in found
    if word.word in (Word.AND, Word.OR, Word.NOT, Word.OP, Word.COUNT) and not is_chain:
        assert word.text in [*found, *(["NOT"] if "NOT IN" in found else [])]
    for one in offered:
        completed = before[: one.span.start] + one.text  # a quoted name before the cursor may still be another one
        _, failure = read_lexemes(completed, "extended")
        assert failure is None or failure.offset == len(completed), completed


@settings(max_examples=40)
@given(st.data())
def test_following_what_is_offered_gives_sound_queries(data: st.DataObject) -> None:
    """Completions alone, with a number where one is due, lead to a query that parses and has no wrong names."""
    text = ""
    for _ in range(data.draw(st.integers(1, 3))):
        job = data.draw(st.sampled_from([found for found in complete(text, len(text), STREET) if found.kind == "job"]))
        text += job.text + "."
        categories = [found for found in complete(text, len(text), STREET) if found.kind == "category"]
        text += data.draw(st.sampled_from(categories)).text + "."
        (count,) = complete(text, len(text), STREET)
        text += count.text + " "
        operators = [found for found in complete(text, len(text), STREET) if found.kind == "operator"]
        text += data.draw(st.sampled_from(operators)).text + " 3 "
        text += data.draw(st.sampled_from(complete(text, len(text), STREET))).text + " "
    text = text.rstrip().removesuffix("AND").removesuffix("OR")
    try:
        tree = parse_tree(text)
    except QuerySyntaxError as error:
        pytest.fail(f"{text}: {error}")
    assert list(check_names(tree, STREET)) == []
