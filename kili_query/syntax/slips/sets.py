"""Slips in ``IN {…}``."""

import re

from kili_query.diagnostics import Code, Diagnostic, Edit
from kili_query.source import Span
from kili_query.syntax.parser import Word
from kili_query.syntax.slips.place import FailurePlace

_ADVICE = "a set stands in braces: `{0, 2, 5..9}`"


def set_without_braces(place: FailurePlace) -> Diagnostic | None:
    """``IN (1, 2)``, ``IN [1, 2]``, ``IN 1, 2``."""
    if not place.follows(Word.IN):
        return None
    found = re.match(r"\(([^()]*)\)|\[([^][]*)\]|(\d+(?:\s*,\s*\d+)*)(?![\w.])", place.rest)
    label = "expected `{`"
    if found is None:
        return place.make(Code.UNEXPECTED_TOKEN, f"unexpected `{place.word}`", place.span(1), label, _ADVICE)
    mended = f"{{{found[1] or found[2] or found[3] or ''}}}"
    span = place.span(len(found[0]))
    return place.replace(Code.UNEXPECTED_TOKEN, "a set without braces", span, label, mended, _ADVICE)


def range_with_hyphen(place: FailurePlace) -> Diagnostic | None:
    """``{1-5}``, ``{1 to 5}``, ``{1:5}``: the ends of a range are joined by two dots."""
    if not place.is_in_set():
        return None
    start = place.offset
    if place.last is not None and place.follows(Word.NUMBER):
        start = place.last.span.start
    found = re.compile(r"(\d+)\s*(?:[-–—:…~]|to)\s*(\d+)(?![\w.])").match(place.text, start)
    if found is None:
        return None
    span = Span(*found.span())
    mended = f"{found[1]}..{found[2]}"
    return place.replace(Code.UNEXPECTED_TOKEN, f"unexpected `{found[0]}` in a set", span, "", mended)


def set_separator(place: FailurePlace) -> Diagnostic | None:
    """``{1 2}``, ``{1; 2}``, ``{1, 2,}``."""
    if not place.is_in_set() or place.last is None:
        return None
    if place.last.word is Word.COMMA and place.rest.startswith("}"):
        message, advice = "nothing between `,` and `}`", "remove the `,`"
        return place.make(
            Code.UNEXPECTED_TOKEN, message, place.last.span, "expected a number", advice, Edit(place.last.span, "")
        )
    label, advice = "expected `,` or `}`", "put `,` between the numbers"
    if place.expects(Word.COMMA) and re.match(r"(?:;|\||or\b|and\b)", place.rest, re.IGNORECASE):
        span = place.span(len(place.word))
        return place.replace(Code.UNEXPECTED_TOKEN, f"unexpected `{place.word}` in a set", span, label, ",", advice)
    if place.expects(Word.COMMA) and place.rest[0].isdecimal():
        edit = Edit(Span(place.last.span.end, place.offset), ", ")
        return place.make(
            Code.UNEXPECTED_TOKEN, "two numbers without a comma", place.span(len(place.word)), label, advice, edit
        )
    return None


def empty_set(place: FailurePlace) -> Diagnostic | None:
    """``IN {}``."""
    if not place.follows(Word.LBRACE) or place.last is None or not place.rest.startswith("}"):
        return None
    span = Span(place.last.span.start, place.offset + 1)
    return place.make(Code.UNEXPECTED_TOKEN, "an empty set", span, "expected a number", _ADVICE)
