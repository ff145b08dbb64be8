"""A query to copy: for the command line, for Python, and as SQL. Each finds the labels that the page finds."""

import shlex
from typing import Any

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
    command = _command(text, source.origin)
    sql, why_not = _sql(query, source)
    return [
        _snippet("Command line", "sh", command, _why_no_command(text, source.origin)),
        _snippet("Python", "python", _python(text, query, source), None),
        _snippet("SQL", "sql", sql, why_not),
    ]


def _snippet(title: str, language: str, text: str | None, why_not: str | None) -> dict[str, Any]:
    return {"title": title, "language": language, "text": text, "why_not": None if text is not None else why_not}


def _why_no_command(text: str, origin: Origin) -> str:
    return _NO_PATH if origin.path is None else "a shell cannot pass on a character of the query"


def _command(text: str, origin: Origin) -> str | None:
    """Return the command that counts the labels that match; None if no shell can run it."""
    if origin.path is None:
        return None
    options = ["--count"]
    if origin.kind != "dataset":
        options += ["--ontology", origin.ontology or "none"]
    arguments = ["kili-query", "match", *options, "--", text, origin.path]
    if any(not _can_be_passed(one) for one in arguments):
        return None
    return shlex.join(arguments)


def _can_be_passed(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _python(text: str, query: Query, source: PageSource) -> str:
    origin = source.origin
    asked = f"query = kq.parse({text!r})"
    ontology = "" if origin.ontology is None else f", ontology={origin.ontology!r}"
    count = "print(sum(1 for _ in found))"
    match origin.kind:
        case "cache":
            bound = f"category_search={text!r}"
            lines = ["from kili_query.cache import LabelCache", "", f"cache = LabelCache({origin.path!r})"]
            return "\n".join([*lines, f"print(cache.count_labels({bound}))"])
        case "dataset":
            lines = ["import kili_query as kq", "from kili_query.datasets import open_dataset", "", asked]
            lines += [f"dataset = open_dataset({origin.path!r})"]
            return "\n".join([*lines, "found = kq.scan(dataset, query, ontology=dataset.ontology)", count])
        case "file":
            lines = ["import kili_query as kq", "", asked, f"found = kq.scan({origin.path!r}, query{ontology})"]
            return "\n".join([*lines, count])
        case _:
            named = "" if source.ontology is None else ", ontology=ontology"
            lines = ["import kili_query as kq", "", asked, f"found = kq.scan(labels, query{named})", count]
            return "\n".join(lines)


def _sql(query: Query, source: PageSource) -> tuple[str | None, str | None]:
    """Return a statement over the table that `kili_query.frames.count_table` makes of the labels."""
    pairs = source.occurrences if source.ontology is None else [*source.ontology.pairs(), *source.occurrences]
    columns = [FAULT, *(column_name(*pair) for pair in pairs)]
    try:
        return query.to_sql("duckdb", columns=columns), None
    except KiliQueryError as error:
        return None, str(error)
