"""Diagnostics and their fixes, as the protocol has them."""

from collections.abc import Iterator, Sequence

from lsprotocol import types

from kili_query.diagnostics import Diagnostic, Severity
from kili_query.lint import Unreadable
from kili_query.lsp.documents import Document
from kili_query.source import NOWHERE, Position, Span

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}
SOURCE = "kili-query"


def shown(found: Diagnostic, document: Document) -> types.Diagnostic:
    """A diagnostic whose places are those in the text of a document."""
    places = document.positions
    related = [
        types.DiagnosticRelatedInformation(types.Location(document.uri, places.range(label.span)), label.text)
        for label in found.labels
        if label.span != NOWHERE and label.text
    ]
    help_text = "" if found.help is None else f"\n{found.help.text}"
    return types.Diagnostic(
        range=places.range(Span(0, 0) if found.span == NOWHERE else found.span),
        message=f"{found.message}{help_text}",
        severity=_SEVERITIES[found.severity],
        code=found.code.value,
        source=SOURCE,
        related_information=related or None,
    )


def unread(item: Unreadable, document: Document) -> types.Diagnostic:
    """A diagnostic that says why searches in a document are not found, such as a syntax error of Python."""
    places = document.positions
    line, column = item.position or Position(1, 1)
    starts = places.source.line_starts
    start = starts[min(line, len(starts)) - 1] + column - 1
    return types.Diagnostic(
        range=places.range(Span(start, start)),
        message=f"category searches in this file are not checked: {item.reason}",
        severity=types.DiagnosticSeverity.Warning,
        source=SOURCE,
    )


def quick_fixes(
    found: Sequence[Diagnostic], document: Document, at: types.Range, context: types.CodeActionContext
) -> Iterator[types.CodeAction]:
    """The fixes of diagnostics that touch a range, each as one action."""
    wanted = document.positions.span(at)
    for one in found:
        edit = None if one.help is None else one.help.edit
        if one.help is None or edit is None or edit.span == NOWHERE or not _touch(one.span, wanted):
            continue
        own = shown(one, document)
        yield types.CodeAction(
            title=one.help.text,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[given for given in context.diagnostics if _is_same(given, own)] or [own],
            is_preferred=True,
            edit=edit_of(document, [types.TextEdit(document.positions.range(edit.span), edit.text)]),
        )


def edit_of(document: Document, edits: Sequence[types.TextEdit]) -> types.WorkspaceEdit:
    """Edits of one document."""
    return types.WorkspaceEdit(changes={document.uri: list(edits)})


def _touch(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end


def _is_same(one: types.Diagnostic, other: types.Diagnostic) -> bool:
    return (one.code, one.range, one.source) == (other.code, other.range, other.source)
