"""The API as its OpenAPI document describes it: requests made from the document, and answers held to it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from kili_query.ontology import Ontology
from kili_query.page.calls import CALLS
from kili_query.page.plain import PlainSource
from kili_query.page.server import PageServer

DOCUMENT = Path(__file__).resolve().parents[2] / "kili_query" / "page" / "openapi.json"
NOT_CHECKED = [ignored_auth, positive_data_acceptance]
"""The token is always right here, and no schema says which texts are queries."""
SCHEMA = schemathesis.openapi.from_path(DOCUMENT)
PROJECT = {"jobs": {"J": {"mlTask": "OBJECT_DETECTION", "content": {"categories": {"A": {"name": "An A"}}}}}}
SOURCE = PlainSource.of(
    [{"id": str(n), "jsonResponse": {"J": {"annotations": [{"categories": [{"name": "A"}]}] * n}}} for n in range(3)],
    ontology=Ontology.from_json_interface(PROJECT),
)


@pytest.fixture(scope="module")
def box() -> Iterator[PageServer]:
    with PageServer(SOURCE) as box:
        yield box


@SCHEMA.parametrize()
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_answers_are_as_described(case: schemathesis.Case, box: PageServer) -> None:
    token = {"Authorization": f"Bearer {box.token}"}
    case.call_and_validate(base_url=box.url, headers=token, excluded_checks=NOT_CHECKED)


def test_the_document_describes_every_call() -> None:
    assert {path.rsplit("/", 1)[1] for path in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]} == set(CALLS)
