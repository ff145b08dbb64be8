"""``kili-query check``: what is wrong with a query."""

import sys
from typing import Annotated, Literal, TypeAlias

import typer

from kili_query.cli.arguments import JsonOption, OntologyOption, PolicyOption, QueryArgument
from kili_query.cli.exit_status import BAD, FINE
from kili_query.cli.inputs import diagnose, find_ontology, load_ontology, read_query
from kili_query.cli.output import tell_diagnostics
from kili_query.counting import CountPolicy
from kili_query.diagnostics import Diagnostic, Severity
from kili_query.diagnostics.render import render_json, render_line, render_sarif
from kili_query.syntax import Dialect

Format: TypeAlias = Literal["text", "line", "json", "sarif"]


def check(
    query: QueryArgument,
    ontology: OntologyOption = None,
    policy: PolicyOption = "objects",
    dialect: Annotated[
        Dialect, typer.Option("--dialect", help="core is what the server's filter understands, extended all there is.")
    ] = "extended",
    output_format: Annotated[
        Format, typer.Option("--format", help="Text with carets goes to standard error, the others to standard output.")
    ] = "text",
    as_json: JsonOption = False,
) -> int:
    """Check a query and suggest fixes.

    With an ontology, the names of jobs and categories are checked too. Exit status: 0 when there is no error
    (warnings are none), 2 when there is one, for bad input or bad usage.

    \b
    kili-query check 'OBJECTS.PERSN.count > 0' --ontology project.json
    """
    if as_json and output_format not in ("text", "json"):
        raise typer.BadParameter(f"not with --format {output_format}", param_hint="'--json'")
    loaded = load_ontology(find_ontology(ontology))
    _, found = diagnose(*read_query(query), loaded, dialect, CountPolicy(policy))
    is_bad = any(one.severity is Severity.ERROR for one in found)
    match "json" if as_json else output_format:
        case "text":
            _print_text(found, is_bad, has_ontology=loaded is not None)
        case "line":
            sys.stdout.writelines(f"{render_line(one)}\n" for one in found)
        case "json":
            print(render_json(found))
        case "sarif":
            print(render_sarif(found))
    return BAD if is_bad else FINE


def _print_text(found: list[Diagnostic], is_bad: bool, *, has_ontology: bool) -> None:
    if found:
        tell_diagnostics(found)
    if not is_bad:
        warned = "" if not found else ", with a warning" if len(found) == 1 else f", with {len(found)} warnings"
        print(f"ok{warned}" if has_ontology else f"ok{warned} (names not checked: no --ontology)")
