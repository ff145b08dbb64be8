"""Plain fields are answered as the library's own executor answers them, right or wrong."""

from typing import Any

import pytest
from graphql import Executor, build_schema, execute_sync, parse

from kili_query.sandbox.plain_fields import PlainFieldsExecutor

SCHEMA = build_schema("""
    enum Kind { DEFAULT REVIEW }
    type Author { email: String!, labels(first: Int = 1): [Label!] }
    type Label { id: ID!, kind: Kind, seconds: Int, mark: Float, isLatest: Boolean!, tags: [String!], author: Author }
    type Query { label: Label, labels: [Label!]!, some: [Label] }
""")
SCHEMA.query_type.fields["label"].resolve = lambda root, info: root[0]  # type: ignore[union-attr]
SCHEMA.query_type.fields["labels"].resolve = lambda root, info: root  # type: ignore[union-attr]
SCHEMA.query_type.fields["some"].resolve = lambda root, info: root  # type: ignore[union-attr]
SCHEMA.type_map["Author"].fields["labels"].resolve = lambda author, info, first: [author["of"]] * first  # type: ignore[attr-defined]

LABEL = {"id": "a", "kind": "REVIEW", "seconds": 3, "mark": 0.5, "isLatest": 1, "tags": ["x", "y"]}
ALL = "{ id kind seconds mark isLatest tags author { email } }"
DOCUMENTS = [
    f"{{ labels {ALL} }}",
    f"{{ some {ALL} }}",
    f"{{ label {ALL} }}",
    "{ labels { number: id id seconds again: seconds __typename } }",
    "{ labels { ...Few author { ...Who } } } fragment Few on Label { id mark } fragment Who on Author { email }",
    "{ labels { author { labels(first: 2) { id kind } email } } }",
    "query ($with: Boolean!) { labels { id @include(if: $with) seconds @skip(if: $with) } }",
]


def with_author(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"author": {"email": "someone@example.com", "of": row}}


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize(
    "row",
    [
        LABEL,
        {"id": "b", "isLatest": False},
        LABEL | {"kind": "NONE_SUCH"},
        LABEL | {"seconds": 1 << 40},
        LABEL | {"seconds": "many", "mark": "half"},
        LABEL | {"id": None},
        LABEL | {"isLatest": None, "tags": [None]},
        LABEL | {"id": 7, "mark": 3, "tags": "xy"},
    ],
)
def test_answers_are_those_of_the_library(document: str, row: dict[str, Any]) -> None:
    def answered(executor: type[Executor[Any]]) -> dict[str, Any]:
        rows = [with_author(LABEL), with_author(row), LABEL]
        return dict(
            execute_sync(
                SCHEMA, parse(document), rows, variable_values={"with": True}, executor_class=executor
            ).formatted
        )

    assert answered(PlainFieldsExecutor) == answered(Executor)


def test_errors_are_those_of_the_field() -> None:
    result = execute_sync(
        SCHEMA, parse("{ some { id seconds } }"), [{"id": None}, LABEL | {"seconds": "x"}],
        executor_class=PlainFieldsExecutor,
    )  # fmt: skip
    assert result.data == {"some": [None, {"id": "a", "seconds": None}]}
    assert [error.path for error in result.errors or []] == [["some", 0, "id"], ["some", 1, "seconds"]]
