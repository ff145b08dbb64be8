"""A query to copy: for the command line, for Python, and as SQL. Each finds the labels that the page finds."""

import shlex
from typing import Any

from kili_query.counting import DEFAULT_POLICY
from kili_query.errors import KiliQueryError
from kili_query.page.source import Origin, PageSource
from kili_query.query import Query
from kili_query.targets.column_names import FAULT, column_name

_NO_PATH = "the labels are in memory, and not in a file that a command can read"


def snippets_of(text: str, query: Query, source: PageSource) -> list[dict[str, Any]]:
    """Return the query in each form, or why there is none.

    Args:
        text: as it was written.
        query: bound to the ontology, if there is one.
        source: the labels.
    """
    command = _command(text, source)
    sql, why_not = _sql(query, source)
    return [
        _snippet("Command line", "sh", command, _why_no_command(text, source.origin)),
        _snippet("Python", "python", _python(text, source), None),
        _snippet("SQL", "sql", sql, why_not),
    ]


def _snippet(title: str, language: str, text: str | None, why_not: str | None) -> dict[str, Any]:
    return {"title": title, "language": language, "text": text, "why_not": None if text is not None else why_not}


def _why_no_command(text: str, origin: Origin) -> str:
    return _NO_PATH if origin.path is None else "a shell cannot pass on a character of the query"


def _command(text: str, source: PageSource) -> str | None:
    """Return the command that counts the labels that match; None if no shell can run it."""
    origin = source.origin
    if origin.path is None:
        return None
    command = _of_project(text, origin) if origin.kind == "project" else _of_labels(text, source)
    return shlex.join(command) if all(map(_can_be_passed, command)) else None


def _of_project(text: str, origin: Origin) -> list[str]:
    options = [] if origin.endpoint is None else ["--endpoint", origin.endpoint]
    return ["kili-query", "labels", "--count", *options, f"--where={text}", "--", str(origin.path)]


def _of_labels(text: str, source: PageSource) -> list[str]:
    origin, options = source.origin, ["--count"]
    named = None if source.ontology is None else origin.ontology
    if origin.kind != "dataset" or named is not None:
        options += ["--ontology", named or "none"]
    if origin.format is not None:
        options += ["--from", origin.format]
    if source.policy != DEFAULT_POLICY:
        options += ["--policy", source.policy.video]
    return ["kili-query", "match", *options, "--", text, str(origin.path)]


def _can_be_passed(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _python(text: str, source: PageSource) -> str:
    """Return a program that counts the labels that match."""
    origin = source.origin
    imports, named = ["import kili_query as kq"], []
    labels, ontology = repr(origin.path), repr(None if source.ontology is None else origin.ontology)
    match origin.kind:
        case "cache":
            imports.append("from kili_query.cache import LabelCache")
            named.append(f"cache = LabelCache({labels})")
            is_own = origin.ontology == origin.path
            labels = f"cache.reading({'query' if is_own else ''}).stream()"
            ontology = "cache.ontology" if is_own else ontology
        case "dataset":
            imports.append("from kili_query.datasets import open_dataset")
            as_format = "" if origin.format is None else f", fmt={origin.format!r}"
            named.append(f"dataset = open_dataset({labels}{as_format})")
            labels = "dataset"
            ontology = "dataset.ontology" if origin.ontology is None else ontology
        case "project":
            return _python_of_project(text, origin)
        case "memory":
            labels, ontology = "labels", "None" if source.ontology is None else "ontology"
        case "file":
            pass
    options = "" if ontology == "None" else f", ontology={ontology}"
    if source.policy != DEFAULT_POLICY:
        options += f", policy=kq.CountPolicy({source.policy.video!r})"
    asked = [f"query = kq.parse({text!r})", f"found = kq.scan({labels}, query{options})"]
    return "\n".join([*imports, "", *named, *asked, "print(sum(1 for _ in found))"])


def _python_of_project(text: str, origin: Origin) -> str:
    server = "" if origin.endpoint is None else f"api_endpoint={origin.endpoint!r}"
    return "\n".join(
        [
            "from kili_query.client import KiliClient",
            "",
            f"with KiliClient({server}) as client:",
            f"    print(client.count_labels({origin.path!r}, category_search={text!r}))",
        ]
    )


def _sql(query: Query, source: PageSource) -> tuple[str | None, str | None]:
    """Return a statement over the table that `kili_query.frames.count_table` makes of the labels."""
    pairs = source.occurrences if source.ontology is None else [*source.ontology.pairs(), *source.occurrences]
    columns = [FAULT, *(column_name(*pair) for pair in pairs)]
    try:
        return query.to_sql("duckdb", columns=columns), None
    except KiliQueryError as error:
        return None, str(error)
