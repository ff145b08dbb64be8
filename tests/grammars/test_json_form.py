"""Queries as JSON: the schema of an ontology, and the queries that its documents mean."""

import json
from pathlib import Path
from random import Random

import jsonschema
import pytest

import kili_query as kq
from kili_query.errors import ArgumentError
from kili_query.grammars import grammar_text, query_text
from kili_query.syntax import Dialect
from tests.grammars import corpus
from tests.grammars.reading import Reader

STREET = kq.Ontology.load(Path(__file__).parents[2] / "docs" / "street.json")
SCHEMA = json.loads(grammar_text(STREET, "json-schema"))
CAR = {"job": "OBJECTS", "category": "CAR", "op": ">=", "count": 3}
SUNNY = {"job": "WEATHER", "category": "SUNNY", "op": "==", "count": 1}


def is_valid(document: object) -> bool:
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


@pytest.mark.parametrize("ontology", [STREET, corpus.ontology()], ids=["street", "corpus"])
@pytest.mark.parametrize("dialect", ["core", "extended"])
def test_whatever_is_accepted_is_a_query_without_errors(dialect: Dialect, ontology: kq.Ontology) -> None:
    """Documents that LLGuidance allows are valid, and can be read."""
    text = grammar_text(ontology, "json-schema", dialect=dialect, depth=3)
    schema = json.loads(text)
    if ontology is STREET:  # the other has the same forms, and the schema of schemas reads each name of its many
        jsonschema.Draft202012Validator.check_schema(schema)
    reader, random = Reader(text, "json-schema"), Random(15)
    found = [document for _ in range(15) for document in reader.texts(random, 2000)]
    assert len(found) > 5
    validator = jsonschema.Draft202012Validator(schema)
    for document in map(json.loads, found):
        validator.validate(document)
        kq.parse(query_text(document), dialect=dialect).bind(ontology)


def test_every_object_lists_all_its_keys() -> None:
    """As the strict mode of structured outputs demands."""
    objects = [SCHEMA, *(one for each in SCHEMA["$defs"].values() for one in each.get("anyOf", []))]
    assert len(objects) > 20
    assert all(one["required"] == list(one["properties"]) and one["additionalProperties"] is False for one in objects)


@pytest.mark.parametrize(
    ("condition", "query"),
    [
        (CAR, "OBJECTS.CAR.count >= 3"),
        ({**CAR, "count": 3.0}, "OBJECTS.CAR.count >= 3"),  # the same number in JSON
        ({"and": [CAR]}, "OBJECTS.CAR.count >= 3"),
        (
            {"or": [{"and": [CAR, SUNNY]}, SUNNY]},
            "(OBJECTS.CAR.count >= 3 AND WEATHER.SUNNY.count == 1) OR WEATHER.SUNNY.count == 1",
        ),
        ({"not": {"or": [CAR, SUNNY]}}, "NOT (OBJECTS.CAR.count >= 3 OR WEATHER.SUNNY.count == 1)"),
        ({"job": "OBJECTS", "op": "!=", "count": 0}, "OBJECTS.count != 0"),
        (
            {**CAR, "where": {"not": {"job": "OCCLUDED", "category": "YES", "op": ">", "count": 0}}},
            "OBJECTS.CAR[NOT OCCLUDED.YES.count > 0].count >= 3",
        ),
    ],
)
def test_what_a_document_means(condition: object, query: str) -> None:
    assert is_valid({"query": condition})
    assert query_text({"query": condition}) == query
    kq.parse(query).bind(STREET)


def test_names_are_quoted() -> None:
    text = query_text({"query": {"job": "a b", "category": "count", "op": "=", "count": 0}})
    assert text == '"a b".count.count = 0'
    assert str(kq.parse(text)) == '"a b".count.count == 0'


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (CAR, "the document must be an object with the key `query` alone"),
        ({"query": CAR, "why": ""}, "the document must be"),
        ([], "the document must be"),
        ({"query": {"and": []}}, "`query` must be `and`, `or` or `not`, or a comparison"),
        ({"query": {"and": [CAR], "or": [CAR]}}, "`query` must be `and`, `or` or `not`"),
        ({"query": {"and": [CAR, {"not": 3}]}}, "`query.and.1.not` must be"),
        ({"query": {**CAR, "op": "=>"}}, "`query.op` must be one of `==`"),
        ({"query": {**CAR, "count": -1}}, "`query.count` must be a whole number from 0 to"),
        ({"query": {**CAR, "count": 1.5}}, "`query.count` must be a whole number"),
        ({"query": {**CAR, "count": True}}, "`query.count` must be a whole number"),
        ({"query": {**CAR, "count": float("nan")}}, "`query.count` must be a whole number"),
        ({"query": {**CAR, "count": "3"}}, "`query` must be"),
        ({"query": {**CAR, "where": None}}, "`query.where` must be"),
        ({"query": {**CAR, "size": 1}}, "`query` must be a comparison with"),
        ({"query": {"job": "OBJECTS", "where": CAR, "op": ">", "count": 0}}, "`query` must be a comparison with"),
    ],
)
def test_a_wrong_document(document: object, message: str) -> None:
    assert not is_valid(document)
    with pytest.raises(ArgumentError) as raised:
        query_text(document)
    assert str(raised.value).startswith(message)


def test_a_document_that_never_ends() -> None:
    document: object = CAR
    for _ in range(100_000):
        document = {"not": document}
    with pytest.raises(ArgumentError, match=r"`query.not.not…` is nested deeper than 256 levels"):
        query_text({"query": document})


@pytest.mark.parametrize(
    "condition",
    [
        {**CAR, "category": "CARS"},
        {**CAR, "job": "WEATHER"},
        {**CAR, "where": {"job": "LIT", "category": "RED", "op": ">", "count": 0}},
        {"job": "NOTES", "op": ">", "count": 0},
        {"not": {"not": {"not": {"not": {"not": CAR}}}}},  # five levels
    ],
)
def test_names_and_places_that_do_not_exist_are_invalid(condition: object) -> None:
    assert not is_valid({"query": condition})
