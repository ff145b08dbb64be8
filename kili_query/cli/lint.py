"""``kili-query lint``: check the category searches in files."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from attrs import evolve, field, frozen

from kili_query.cli import BAD, FINE, NEGATIVE
from kili_query.cli.arguments import JsonLinesOption, JsonOption, OntologyOption
from kili_query.cli.inputs import find_ontology, load_ontology
from kili_query.cli.output import FormatOption, choose_format, print_diagnostics, tell, tell_error
from kili_query.diagnostics import Diagnostic, Severity
from kili_query.diagnostics.layout import counted
from kili_query.errors import KiliQueryError
from kili_query.lint import (
    FixError,
    FoundSearch,
    LintItem,
    SkippedPlace,
    Unreadable,
    check_search,
    fix_file,
    lint_paths,
)
from kili_query.ontology import Ontology
from kili_query.output_files import WriteError


def lint(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", show_default=False, help="Files (.py, .ipynb, .yaml, .yml, .json, .kq) and folders."
        ),
    ],
    ontology: OntologyOption = None,
    output_format: FormatOption = "text",
    fix: Annotated[
        bool, typer.Option("--fix", help="Make the fixes that diagnostics suggest in the files, and report the rest.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what was skipped, and where.")] = False,
    as_json: JsonOption = False,
    as_jsonl: JsonLinesOption = False,
) -> int:
    """Check the category searches in source files.

    A search is the text of an argument, a key or a variable named category_search or label_category_search, any text
    on a line with the comment "# kili-query", or below it, or a whole .kq file. --fix keeps everything else in a file
    byte for byte; review its changes, because some fixes are guesses. Exit status: 0 when no error is left, 1 when
    there are errors (with --strict, or warnings), 2 when a file cannot be read or written, or for bad usage.

    \b
    kili-query lint src --ontology project.json
    kili-query lint src --ontology project.json --fix
    """
    wanted = choose_format(output_format, is_json=as_json, is_jsonl=as_jsonl)
    loaded = load_ontology(find_ontology(ontology))
    found = _lint(paths, loaded, in_file=wanted == "sarif", is_fixed=fix)
    for change in found.changes:
        tell(change)
    print_diagnostics(map(_from_here, found.diagnostics) if wanted == "sarif" else found.diagnostics, wanted)
    for note in (*found.left, *(found.skipped if verbose else ())):
        tell(str(note))
    for problem in found.unreadable:
        tell_error(str(problem))
    if wanted == "text":
        is_half = loaded is None and found.searches
        print(f"{found} (names not checked: no --ontology)" if is_half else found)
    return found.exit_status(is_strict=strict)


@frozen
class _Findings:
    """The findings in all files."""

    diagnostics: list[Diagnostic] = field(factory=list)
    skipped: list[SkippedPlace] = field(factory=list)
    unreadable: list[Unreadable | KiliQueryError] = field(factory=list)
    changes: list[str] = field(factory=list)
    left: list[str] = field(factory=list)
    searches: list[str] = field(factory=list)
    """The file of each search."""

    def exit_status(self, *, is_strict: bool) -> int:
        if self.unreadable:
            return BAD
        grave = (Severity.ERROR, Severity.WARNING) if is_strict else (Severity.ERROR,)
        return NEGATIVE if any(one.severity in grave for one in self.diagnostics) else FINE

    def __str__(self) -> str:
        severities = [one.severity for one in self.diagnostics]
        parts = [counted(severities.count(one), one.value) for one in Severity if one in severities]
        if self.changes:
            parts.insert(0, f"{len(self.changes)} fixed")
        if self.skipped:
            parts.append(f"{len(self.skipped)} skipped")
        if self.unreadable:
            parts.append(f"{len(self.unreadable)} unreadable")
        where = f" in {counted(len(set(self.searches)), 'file')}" if self.searches else ""
        searches = counted(len(self.searches), "category search", "category searches")
        return f"{searches}{where}: {', '.join(parts) or 'ok'}"


def _lint(paths: Iterable[str], ontology: Ontology | None, *, in_file: bool, is_fixed: bool) -> _Findings:
    findings = _Findings()
    for name, read in lint_paths(paths):
        all_found: Iterable[LintItem] = read
        if is_fixed:
            try:
                fixed = fix_file(name, read, ontology)
            except (FixError, WriteError) as error:
                findings.unreadable.append(error)
            else:
                all_found = fixed.found
                findings.changes.extend(fixed.changes)
                findings.left.extend(fixed.left)
        for found in all_found:
            match found:
                case FoundSearch():
                    findings.searches.append(name)
                    findings.diagnostics.extend(check_search(found, ontology, in_file=in_file))
                case SkippedPlace():
                    findings.skipped.append(found)
                case Unreadable():
                    findings.unreadable.append(found)
    return findings


def _from_here(found: Diagnostic) -> Diagnostic:
    """The diagnostic with its file named from the working folder, as SARIF wants it."""
    return evolve(found, source=evolve(found.source, name=Path(os.path.relpath(found.source.name)).as_posix()))
