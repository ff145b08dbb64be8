"""``kili-query lint``: check the category searches in files."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from attrs import evolve, field, frozen

from kili_query.cli.arguments import JsonLinesOption, JsonOption, OntologyOption
from kili_query.cli.exit_status import BAD, FINE, NEGATIVE
from kili_query.cli.inputs import find_ontology, load_ontology
from kili_query.cli.output import FormatOption, choose_format, print_diagnostics, tell, tell_error
from kili_query.diagnostics import Diagnostic, Severity
from kili_query.lint import Search, Skipped, Unreadable, check_search, lint_paths
from kili_query.ontology import Ontology


def lint(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH", show_default=False, help="Files (.py, .ipynb, .yaml, .yml, .json) and folders."),
    ],
    ontology: OntologyOption = None,
    output_format: FormatOption = "text",
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what was skipped, and where.")] = False,
    as_json: JsonOption = False,
    as_jsonl: JsonLinesOption = False,
) -> int:
    """Check the category searches in source files.

    A search is the text of an argument, a key or a variable named category_search or label_category_search, or any
    text on a line with the comment "# kili-query", or below it. Exit status: 0 when there is no error, 1 when there is
    one (with --strict, or a warning), 2 when a file cannot be read, or for bad usage.

    \b
    kili-query lint src --ontology project.json
    """
    wanted = choose_format(output_format, is_json=as_json, is_jsonl=as_jsonl)
    loaded = load_ontology(find_ontology(ontology))
    found = _lint(paths, loaded, in_file=wanted == "sarif")
    print_diagnostics(map(_from_here, found.diagnostics) if wanted == "sarif" else found.diagnostics, wanted)
    for problem in found.unreadable:
        tell_error(str(problem))
    if verbose:
        for one in found.skipped:
            tell(str(one))
    if wanted == "text":
        is_half = loaded is None and found.searches
        print(f"{found} (names not checked: no --ontology)" if is_half else found)
    return found.exit_status(is_strict=strict)


@frozen
class _Findings:
    """What was found in all files."""

    diagnostics: list[Diagnostic] = field(factory=list)
    skipped: list[Skipped] = field(factory=list)
    unreadable: list[Unreadable] = field(factory=list)
    searches: list[str] = field(factory=list)
    """The file of each search."""

    def exit_status(self, *, is_strict: bool) -> int:
        if self.unreadable:
            return BAD
        grave = (Severity.ERROR, Severity.WARNING) if is_strict else (Severity.ERROR,)
        return NEGATIVE if any(one.severity in grave for one in self.diagnostics) else FINE

    def __str__(self) -> str:
        severities = [one.severity for one in self.diagnostics]
        parts = [_number(severities.count(one), one.value) for one in Severity if one in severities]
        if self.skipped:
            parts.append(f"{len(self.skipped)} skipped")
        if self.unreadable:
            parts.append(f"{len(self.unreadable)} unreadable")
        where = f" in {_number(len(set(self.searches)), 'file')}" if self.searches else ""
        searches = f"{len(self.searches)} category search{'' if len(self.searches) == 1 else 'es'}"
        return f"{searches}{where}: {', '.join(parts) or 'ok'}"


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _lint(paths: Iterable[str], ontology: Ontology | None, *, in_file: bool) -> _Findings:
    findings = _Findings()
    for name, all_found in lint_paths(paths):
        for found in all_found:
            match found:
                case Search():
                    findings.searches.append(name)
                    findings.diagnostics.extend(check_search(found, ontology, in_file=in_file))
                case Skipped():
                    findings.skipped.append(found)
                case Unreadable():
                    findings.unreadable.append(found)
    return findings


def _from_here(found: Diagnostic) -> Diagnostic:
    """The diagnostic with its file named from the working folder, as SARIF wants it."""
    return evolve(found, source=evolve(found.source, name=Path(os.path.relpath(found.source.name)).as_posix()))
