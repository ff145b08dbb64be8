"""Completion in a shell: formats, codes, jobs, categories, and the words of a query.

The names are those of the project that the command would use: of ``--ontology`` where it stands before the cursor,
else of ``KILI_ONTOLOGY`` or of the ``project.json`` beside the labels.
"""

import os
from collections.abc import Iterable

import typer

from kili_query.cli.inputs import load_ontology, named_ontology
from kili_query.errors import KiliQueryError
from kili_query.ontology import Ontology
from kili_query.ontology.complete import complete


def complete_format(incomplete: str) -> list[str]:
    """Complete the name of an export format."""
    from kili_query.export import FORMATS  # here, because most commands need none

    return _beginning(FORMATS, incomplete)


def complete_subject(context: typer.Context, incomplete: str) -> list[str]:
    """Complete a code, or else a query."""
    from kili_query.diagnostics import Code

    return _beginning(Code, incomplete) or complete_query(context, incomplete)


def complete_query(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the last word of a query."""
    ontology = _ontology(context)
    found = [] if ontology is None else complete(incomplete, len(incomplete), ontology)
    return [incomplete[: one.span.start] + one.text for one in found]


def complete_job(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a job."""
    ontology = _ontology(context)
    return [] if ontology is None else _beginning(ontology.jobs, incomplete)


def complete_category(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a category, of the job that ``--job`` names if it does."""
    ontology, job = _ontology(context), context.params.get("job")
    pairs = [] if ontology is None else ontology.pairs()
    return _beginning(dict.fromkeys(category for name, category in pairs if job in (None, name)), incomplete)


def _beginning(names: Iterable[str], start: str) -> list[str]:
    return [str(name) for name in names if name.startswith(start)]


def _ontology(context: typer.Context) -> Ontology | None:
    files = [one for one in context.args if os.path.exists(one)]  # while a shell completes, no argument has its place
    try:
        return load_ontology(named_ontology(context.params.get("ontology"), files)[0])
    except KiliQueryError:
        return None  # a message would stand in the middle of what is typed; the command itself reports it
