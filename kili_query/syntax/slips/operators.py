"""Operators in pieces, the wrong way round, in words, or missing."""

import re

from kili_query.diagnostics import Code, Diagnostic, Edit
from kili_query.source import Span
from kili_query.syntax.parser import Word
from kili_query.syntax.slips.place import FailurePlace

_RUN = re.compile(r"[=<>!:](?:[ \t]*[=<>!])*")
_MENDED = {
    "=>": ">=",
    "=<": "<=",
    "===": "==",
    "!==": "!=",
    ">==": ">=",
    "<==": "<=",
    "==>": ">=",
    "==<": "<=",
    "=!": "!=",
    "><": "!=",
    ":=": "==",
}
_OPERATORS = ("==", ">=", "<=", "!=", "<>")
_WORDS = {
    "is": "==",
    "eq": "==",
    "equals": "==",
    "equal": "==",
    "ne": "!=",
    "neq": "!=",
    "gt": ">",
    "lt": "<",
    "ge": ">=",
    "gte": ">=",
    "le": "<=",
    "lte": "<=",
}


def torn_operator(place: FailurePlace) -> Diagnostic | None:
    """``=>``, ``== =``, ``> =``: an operator in two pieces or the wrong way round."""
    found = _RUN.match(place.rest)
    if found is None:
        return None
    start = place.offset
    if place.last is not None and place.last.word is Word.OP:
        start = place.last.span.start
    elif not place.expects(Word.OP):
        return None
    span = Span(start, place.offset + len(found[0]))
    text = place.text[span.start : span.end]
    pieces = re.sub(r"\s", "", text)
    mended = _MENDED.get(pieces, pieces if pieces in _OPERATORS else None)
    message = f"unexpected operator `{text}`" if "\n" not in text else "unexpected operator"
    if mended is None and len(pieces) > 1:
        advice = "the operators are `==`, `!=`, `>=`, `<=`, `>` and `<`"
        return place.make(Code.UNEXPECTED_TOKEN, message, span, "no such operator", advice)
    if mended is None or mended == text:
        return None
    return place.replace(Code.UNEXPECTED_TOKEN, message, span, "no such operator", mended)


_BETWEEN = re.compile(r"between\s+(\d+)\s+and\s+(\d+)(?![\w.])", re.IGNORECASE)


def misplaced_not(place: FailurePlace) -> Diagnostic | None:
    """``A.B.count NOT > 3``."""
    if place.last is None or not place.follows(Word.COUNT, Word.NOT) or not place.expects(Word.IN):
        return None
    advice = "put `NOT` before the condition, as in `NOT JOB.CATEGORY.count > 3`"
    return place.make(Code.UNEXPECTED_TOKEN, "misplaced `NOT`", place.last.span, "expected `IN` after it", advice)


def worded_operator(place: FailurePlace) -> Diagnostic | None:
    """``is 3``, ``gt 3``, ``BETWEEN 1 AND 3``."""
    word = place.word.lower()
    if not place.expects(Word.OP) or place.expects_connective:
        return None
    span, message = place.span(len(place.word)), f"unexpected word `{place.word}`"
    label = "expected a comparison operator"
    if word in _WORDS:
        return place.replace(Code.UNEXPECTED_TOKEN, message, span, label, _WORDS[word])
    if word == "between":
        written = _BETWEEN.match(place.rest)
        low, high = written.groups() if written else ("1", "3")
        bounds = f"`{low} <= {place.counter_text()} <= {high}`"
        advice = f"write {bounds}" if written else f"write both bounds around it, as in {bounds}"
        return place.make(Code.UNEXPECTED_TOKEN, message, span, label, advice)
    return None


def missing_operator(place: FailurePlace) -> Diagnostic | None:
    """``A.B.count 3``."""
    found = re.match(r"\d+(?![\w.])", place.rest)
    if found is None or not place.expects(Word.OP) or place.expects_connective:
        return None
    edit = Edit(place.span(0), "== " if place.text[place.offset - 1].isspace() else " == ")
    label = "expected a comparison operator before this"
    span = place.span(len(found[0]))
    return place.make(
        Code.UNEXPECTED_TOKEN, "a number without an operator", span, label, f"write `== {found[0]}`", edit
    )


def glued_minus(place: FailurePlace) -> Diagnostic | None:
    """``A.B.count-1``: a hyphen belongs to names, so that ``count-1`` is one."""
    found = re.match(r"count-([\w*-]*)", place.rest)
    if found is None or not place.expects(Word.COUNT):
        return None
    mended = f"count - {found[1]}".rstrip()
    label, advice = "a hyphen belongs to names", f"put spaces around the minus: `{mended}`"
    message = f"unexpected name `{found[0]}`"
    return place.replace(Code.UNEXPECTED_TOKEN, message, place.span(len(found[0])), label, mended, advice)
