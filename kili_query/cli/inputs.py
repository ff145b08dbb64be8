"""What commands read: the query, the ontology, the labels."""

import sys
from collections.abc import Sequence

import typer

from kili_query.cli.output import tell_diagnostics
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.diagnostics import Diagnostic, Severity
from kili_query.errors import QueryError, QuerySyntaxError, SourceError
from kili_query.ontology import Ontology
from kili_query.query import Query, check, parse
from kili_query.syntax import Dialect

_STDIN = "-"


def read_query(argument: str) -> tuple[str, str]:
    """The text of a query and what messages call it.

    Raises:
        SourceError: standard input is not UTF-8.
    """
    if argument != _STDIN:
        return argument, "query"
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"<stdin>: not UTF-8: {error.reason} (at byte {error.start + 1})") from error
    return text.rstrip("\r\n"), "<stdin>"


def diagnose(
    text: str,
    name: str,
    ontology: Ontology | None,
    dialect: Dialect = "extended",
    policy: CountPolicy = DEFAULT_POLICY,
) -> tuple[Query | None, list[Diagnostic]]:
    """The query, unless the text is none, and all that is to say about it."""
    try:
        query = parse(text, dialect=dialect, name=name)
    except QuerySyntaxError as error:
        return None, list(error.diagnostics)
    return query, check(query, ontology, policy=policy)


def load_query(
    argument: str, ontology: Ontology | None, name: str | None = None, policy: CountPolicy = DEFAULT_POLICY
) -> Query:
    """The query, when nothing is wrong with it; warnings are told on standard error.

    Args:
        argument: the query, or ``-``.
        ontology: names are checked against it.
        name: what messages call the query, where there are several.
        policy: how objects are counted.

    Raises:
        QueryError: there is an error.
    """
    text, own_name = read_query(argument)
    query, found = judge_query(text, name or own_name, ontology, policy)
    tell_diagnostics(found)
    return query


def judge_query(
    text: str, name: str, ontology: Ontology | None, policy: CountPolicy = DEFAULT_POLICY
) -> tuple[Query, list[Diagnostic]]:
    """The query, when nothing is wrong with it, and the warnings.

    Raises:
        QueryError: there is an error.
    """
    query, found = diagnose(text, name, ontology, policy=policy)
    if query is None or any(one.severity is Severity.ERROR for one in found):
        raise QueryError(found)
    return query, found


def load_ontology(path: str | None) -> Ontology | None:
    """The ontology in a file, where one is given.

    Raises:
        OntologyError: the file cannot be read or has another shape.
    """
    return None if path is None else Ontology.load(path)


def refuse_two_readers(query: str, labels: Sequence[str]) -> None:
    """Refuse a query and labels that both would come from standard input."""
    if query == _STDIN and _STDIN in labels:
        raise typer.BadParameter("standard input cannot be the query and the labels at once", param_hint="'LABELS'")
