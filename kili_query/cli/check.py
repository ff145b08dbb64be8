"""``kili-query check``: the diagnostics of a query."""

from typing import Annotated

import typer

from kili_query.cli import BAD, FINE
from kili_query.cli.arguments import JsonLinesOption, JsonOption, OntologyOption, PolicyOption, QueryArgument
from kili_query.cli.inputs import diagnose, find_ontology, load_ontology, read_query
from kili_query.cli.output import FormatOption, choose_format, print_diagnostics
from kili_query.counting import CountPolicy
from kili_query.diagnostics import Severity
from kili_query.syntax import Dialect


def check(
    query: QueryArgument,
    ontology: OntologyOption = None,
    policy: PolicyOption = "objects",
    dialect: Annotated[
        Dialect,
        typer.Option("--dialect", help="core is what the server's filter understands, extended is the whole language."),
    ] = "extended",
    output_format: FormatOption = "text",
    as_json: JsonOption = False,
    as_jsonl: JsonLinesOption = False,
) -> int:
    """Check a query and suggest fixes.

    With an ontology, the names of jobs and categories are checked too. Exit status: 0 when there is no error
    (a warning is not an error), 2 when there is one, for bad input or bad usage.

    \b
    kili-query check 'OBJECTS.PERSN.count > 0' --ontology project.json
    """
    wanted = choose_format(output_format, is_json=as_json, is_jsonl=as_jsonl)
    loaded = load_ontology(find_ontology(ontology))
    _, found = diagnose(*read_query(query), loaded, dialect, CountPolicy(policy))
    is_bad = any(one.severity is Severity.ERROR for one in found)
    print_diagnostics(found, wanted)
    if wanted == "text" and not is_bad:
        warned = "" if not found else ", with a warning" if len(found) == 1 else f", with {len(found)} warnings"
        print(f"ok{warned}" if loaded is not None else f"ok{warned} (names not checked: no --ontology)")
    return BAD if is_bad else FINE
