"""Grammars for language models accept queries without errors alone, and all queries that they say they cover."""

import re
from functools import cache
from pathlib import Path
from random import Random

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.ast import Filtered, terms
from kili_query.diagnostics import Code, Severity
from kili_query.errors import ArgumentError, OntologyError
from kili_query.grammars import GrammarSyntax, grammar_text
from kili_query.syntax import Dialect
from tests import strategies
from tests.grammars import corpus
from tests.grammars.reading import Reader

STREET = kq.Ontology.load(Path(__file__).parents[2] / "docs" / "street.json")
DIALECTS: tuple[Dialect, ...] = ("core", "extended")
SYNTAXES: tuple[GrammarSyntax, ...] = ("lark", "gbnf")


def read(ontology: kq.Ontology, syntax: GrammarSyntax, dialect: Dialect, depth: int = corpus.DEPTH) -> Reader:
    return Reader(grammar_text(ontology, syntax, dialect=dialect, depth=depth), syntax)


@cache
def street_reader(syntax: GrammarSyntax) -> Reader:
    return read(STREET, syntax, "extended")


def errors_of(text: str, dialect: Dialect, ontology: kq.Ontology) -> list[str]:
    try:
        query = kq.parse(text, dialect=dialect)
    except kq.QuerySyntaxError as error:
        return [str(error)]
    return [str(one) for one in kq.check(query, ontology) if one.severity is Severity.ERROR]


@pytest.mark.parametrize("ontology", [STREET, corpus.ontology()], ids=["street", "corpus"])
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_whatever_is_accepted_has_no_error(syntax: GrammarSyntax, dialect: Dialect, ontology: kq.Ontology) -> None:
    reader, random = read(ontology, syntax, dialect), Random(15)
    for _ in range(12):
        texts = list(reader.texts(random, 150))
        for text in random.sample(texts, min(4, len(texts))):
            assert errors_of(text, dialect, ontology) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_queries_of_all_cases_are_accepted(dialect: Dialect) -> None:
    texts = list(corpus.covered(dialect))
    assert len(texts) > {"core": 20, "extended": 100}[dialect]
    for syntax in SYNTAXES:
        reader = read(corpus.ontology(), syntax, dialect)
        assert [text for text in texts if not reader.accepts(text)] == []


@pytest.mark.parametrize("name", ["cases_image.json", "cases_text.json", "cases_video.json"])
def test_the_queries_of_cases_with_an_ontology_are_accepted(name: str) -> None:
    ontology = kq.Ontology.load(corpus.DATA / name)
    texts = [text for text in corpus.bound_texts(name) if errors_of(text, "extended", ontology) == []]
    assert texts
    for syntax in SYNTAXES:
        reader = read(ontology, syntax, "extended")
        assert [text for text in texts if not reader.accepts(text)] == []


def test_no_rule_of_gbnf_starts_with_itself() -> None:
    """llama.cpp rejects such rules, names with underscores, and lines that start with a bar."""
    rules = dict(re.findall(r"^(\S+) ::= ((?:.|\n(?!\n))*)", grammar_text(STREET, "gbnf"), re.MULTILINE))
    assert len(rules) > 50
    for name, text in rules.items():
        assert re.fullmatch("[a-z0-9-]+", name)
        assert all(row.split()[0] != name for row in text.split(" |\n"))
        assert not re.search(r"^\s*\|", text, re.MULTILINE)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_lark_itself_reads_it(dialect: Dialect) -> None:
    """Slower than LLGuidance, so with few levels."""
    parser = lark.Lark(grammar_text(corpus.ontology(), dialect=dialect, depth=0), parser="earley")
    for text in ("A.B.count >= 3 AND J.A.count < 10", "A.B.count > 0"):
        parser.parse(text)
    for text in ("A.NONE.count > 0", "A.B.count > 01", "A.B.count > 0 AND", "NOTHING"):
        with pytest.raises(lark.exceptions.UnexpectedInput):
            parser.parse(text)


@given(st.data())
@settings(max_examples=15)
def test_any_ontology(data: st.DataObject) -> None:
    """Hostile names, children of children, orphans: what is accepted has no error, and queries by keys are accepted."""
    ontology = data.draw(strategies.ontologies())
    try:
        reader = read(ontology, data.draw(st.sampled_from(SYNTAXES)), "extended")
    except OntologyError:
        return
    tree = data.draw(strategies.bracket_trees(ontology))
    text = corpus.escaped(tree)
    names_children = all(list(terms(one.condition)) for one in terms(tree) if isinstance(one, Filtered))
    if names_children and errors_of(text, "extended", ontology) == [] and corpus.is_covered(text, "extended"):
        assert reader.accepts(text)
    for accepted in list(reader.texts(Random(data.draw(st.integers(0, 99))), 80))[-2:]:
        assert errors_of(accepted, "extended", ontology) == []


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(
    ("text", "is_accepted"),
    [
        ("OBJECTS.CAR[OCCLUDED.YES].count >= 2", True),
        ("OBJECTS.CAR[OCCLUDED.count > 0]", True),
        ("OBJECTS.CAR[NOT OCCLUDED.YES]", True),
        ("OBJECTS.CAR[LIT.RED]", False),  # a child of the traffic light
        ("OBJECTS.PERSON[OCCLUDED.YES]", False),  # which has no children
        ("OBJECTS.PERSN", False),
        ("WEATHER.CAR", False),
        ("NOTES.count > 0", False),  # a transcription counts nothing
        ('OBJECTS."Traffic light"', False),  # a display name
        ("OBJECTS.*", False),
        ("2 <= OBJECTS.CAR.count < 5 OR NOT OBJECTS.count IN {0, 2, 5..9, 20..}", True),
        ("\n(\n    WEATHER.SUNNY\n)\n", True),
        ("((((WEATHER.SUNNY))))", True),
        ("(((((WEATHER.SUNNY)))))", False),  # five levels
        ("OBJECTS.CAR.count > 1.5", False),
        ("OBJECTS.CAR.count > -1", False),
        ("OBJECTS.CAR.count > 10000000000", False),
        ("WEATHER.SUNNY and WEATHER.RAINY", False),
        ("WEATHER.SUNNY  # why", False),
        ("", False),
    ],
)
def test_what_is_covered(syntax: GrammarSyntax, text: str, is_accepted: bool) -> None:
    assert street_reader(syntax).accepts(text) is is_accepted


def test_names_that_the_core_cannot_spell_are_left_out() -> None:
    interface = {
        "jobs": {"J": {"mlTask": "CLASSIFICATION", "content": {"categories": {"A": {}, "a b": {}, "not": {}}}}}
    }
    ontology = kq.Ontology.from_json_interface(interface)
    core, extended = (read(ontology, "lark", dialect) for dialect in DIALECTS)
    assert core.accepts("J.not.count > 0")
    assert not core.accepts('J."a b".count > 0')
    assert extended.accepts('J."a b".count > 0 AND J."not"')
    only = kq.Ontology.from_json_interface({"jobs": {"a b": interface["jobs"]["J"]}})
    with pytest.raises(OntologyError, match=r"no category that a query of the core dialect can name"):
        grammar_text(only, dialect="core")


@pytest.mark.parametrize("syntax", ["lark", "gbnf", "json-schema"])
def test_an_ontology_without_categories(syntax: GrammarSyntax) -> None:
    interface = {"jobs": {"TEXT": {"mlTask": "TRANSCRIPTION"}, "ORPHAN": {"isChild": True, "mlTask": "CLASSIFICATION"}}}
    with pytest.raises(OntologyError, match=r"no category"):
        grammar_text(kq.Ontology.from_json_interface(interface), syntax)


@pytest.mark.parametrize("depth", [-1, 33])
def test_depth(depth: int) -> None:
    with pytest.raises(ArgumentError, match=r"`depth` must be a whole number from 0 to 32"):
        grammar_text(STREET, depth=depth)


def test_the_deepest_grammar_stays_within_the_limits_of_a_query() -> None:
    """Every level as deep as it can be: an OR in an AND in parentheses, and brackets in brackets."""
    reader = read(STREET, "lark", "extended", depth=32)
    text = "WEATHER.SUNNY"
    for _ in range(32):
        text = f"(WEATHER.SUNNY OR WEATHER.RAINY AND {text})"
    assert reader.accepts(text)
    assert errors_of(text, "extended", STREET) == []


def test_a_large_ontology() -> None:
    categories = {f"CATEGORY_{number}": {} for number in range(5_000)}
    jobs = {"J": {"mlTask": "OBJECT_DETECTION", "content": {"categories": categories}}}
    ontology = kq.Ontology.from_json_interface({"jobs": jobs})
    text = grammar_text(ontology, dialect="core")
    assert len(re.findall("CATEGORY_", text)) < 5_020  # each is written once
    assert Reader(text, "lark").accepts("J.CATEGORY_4999.count > 0 AND (J.CATEGORY_0.count > 1)")


def test_the_only_error_left_is_length() -> None:
    text = " OR ".join(["OBJECTS.CAR.count > 0"] * 2000)
    assert street_reader("lark").accepts(text)
    with pytest.raises(kq.QuerySyntaxError) as raised:
        kq.parse(text)
    assert [one.code for one in raised.value.diagnostics] == [Code.TOO_LONG_OR_DEEP]
