"""The documents of the protocol are valid GraphQL texts that name what the service expects."""

import pytest

import kili_query.protocol as protocol
from kili_query.protocol import LABELS, ME, Operation
from tests.each import for_each

OPERATIONS = [value for value in vars(protocol).values() if isinstance(value, Operation)]


def test_document_of_a_list() -> None:
    assert LABELS.document("id author { email }") == (
        "query labels($where: LabelWhere!, $first: PageSize!, $skip: Int!) "
        "{ data: labels(where: $where, first: $first, skip: $skip) { id author { email } } }"
    )


def test_document_without_variables() -> None:
    assert ME.document() == "query me { data: me { id email } }"


@for_each(OPERATIONS, lambda operation: operation.name)
def test_document_is_graphql(operation: Operation) -> None:
    graphql = pytest.importorskip("graphql")
    (definition,) = graphql.parse(operation.document()).definitions
    assert definition.name.value == operation.name
    assert [one.variable.name.value for one in definition.variable_definitions or ()] == list(operation.variables)
