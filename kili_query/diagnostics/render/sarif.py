"""Diagnostics in the Static Analysis Results Interchange Format, SARIF 2.1.0 (an OASIS standard)."""

import json
from collections.abc import Iterable
from urllib.parse import quote

from kili_query.diagnostics.codes import Code
from kili_query.diagnostics.model import Diagnostic, Edit, Label
from kili_query.source import Source, Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_Object = dict[str, object]


def render_sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """Render diagnostics as one SARIF log with one run, in ASCII; each code that occurs is a rule."""
    findings = list(diagnostics)
    codes = sorted({found.code for found in findings})
    run = {
        "tool": {"driver": {"name": "kili-query", "rules": [_rule(code) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found, codes.index(found.code)) for found in findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: Code) -> _Object:
    return {
        "id": code.value,
        "name": code.name,
        "shortDescription": {"text": code.summary},
        "defaultConfiguration": {"level": code.severity.value},
    }


def _result(found: Diagnostic, rule_index: int) -> _Object:
    result: _Object = {
        "ruleId": found.code.value,
        "ruleIndex": rule_index,
        "level": found.severity.value,  # the same three words in SARIF
        "message": {"text": found.message if found.help is None else f"{found.message}\n{found.help.text}"},
        "locations": [_location(found.primary, found.source)],
    }
    if found.labels:
        result["relatedLocations"] = [_location(label, found.source) for label in found.labels]
    if found.help is not None and found.help.edit is not None and found.help.edit.span.start >= 0:
        result["fixes"] = [_fix(found.help.text, found.help.edit, found.source)]
    return result


def _location(label: Label, source: Source) -> _Object:
    place: _Object = {"artifactLocation": _artifact(source)}
    if label.span.start >= 0:
        place["region"] = _region(label.span, source)
    location: _Object = {"physicalLocation": place}
    if label.text:
        location["message"] = {"text": label.text}
    return location


def _fix(description: str, edit: Edit, source: Source) -> _Object:
    replacement = {"deletedRegion": _region(edit.span, source), "insertedContent": {"text": edit.text}}
    change = {"artifactLocation": _artifact(source), "replacements": [replacement]}
    return {"description": {"text": description}, "artifactChanges": [change]}


def _artifact(source: Source) -> _Object:
    return {"uri": quote(source.name, errors="replace")}


def _region(span: Span, source: Source) -> _Object:
    """Return lines and columns only: an offset would count from the start of the query, which may be inside a file."""
    start, end = source.position(span.start), source.position(span.end)
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }
