"""Diagnostics as JSON, for other programs. Keys are stable: new ones may be added, none is removed."""

import json
from collections.abc import Iterable
from typing import TypedDict

from kili_query.diagnostics.model import Diagnostic, Help
from kili_query.source import Source, Span


class JsonSpan(TypedDict):
    """A half-open range: offsets in code points from 0, lines and columns from 1."""

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


class JsonLabel(TypedDict):
    """A place with a short explanation; ``span`` is null if the tree was built in code."""

    text: str
    span: JsonSpan | None


class JsonEdit(TypedDict):
    """A replacement that fixes the text."""

    text: str
    span: JsonSpan | None


class JsonHelp(TypedDict):
    """The suggested fix in words, and as an edit if one is known."""

    text: str
    edit: JsonEdit | None


class JsonDiagnostic(TypedDict):
    """One finding; ``label`` explains its own span, ``labels`` are the other places."""

    code: str
    severity: str
    message: str
    source: str
    span: JsonSpan | None
    label: str
    labels: list[JsonLabel]
    help: JsonHelp | None


def as_json(found: Diagnostic) -> JsonDiagnostic:
    """Convert one diagnostic to a JSON object."""
    source = found.source
    return {
        "code": found.code.value,
        "severity": found.severity.value,
        "message": found.message,
        "source": source.name,
        "span": _span(found.span, source),
        "label": found.primary.text,
        "labels": [{"text": label.text, "span": _span(label.span, source)} for label in found.labels],
        "help": None if found.help is None else _help(found.help, source),
    }


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Render diagnostics as one JSON array, in ASCII."""
    return json.dumps([as_json(found) for found in diagnostics], indent=2)


def _help(help: Help, source: Source) -> JsonHelp:  # noqa: A002 - the field's own word
    edit = help.edit
    return {
        "text": help.text,
        "edit": None if edit is None else {"text": edit.text, "span": _span(edit.span, source)},
    }


def _span(span: Span, source: Source) -> JsonSpan | None:
    if span.start < 0:
        return None
    start, end = source.position(span.start), source.position(span.end)
    return {
        "start": span.start,
        "end": span.end,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    }
