"""Malformed numbers, and other words where a number should stand."""

import re

from kili_query.diagnostics import Code, Diagnostic, Edit
from kili_query.source import Span
from kili_query.syntax.parser import Word
from kili_query.syntax.slips.place import NAMES, FailurePlace, shown

_NUMBER_LIKE = re.compile(r"[+-]?(?:\d[\w.*-]*|\.\d[\w.*-]*)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_DECIMAL = "numbers are decimal, such as `10`"


def keyword_after_number(place: FailurePlace) -> Diagnostic | None:
    """``> 0AND``: a keyword needs white space before it."""
    found = re.match(r"([+-]?\d+(?:\.\d*)?)(and|or)", place.rest, re.IGNORECASE)
    if found is None or not place.expects(Word.NUMBER):
        return None
    keyword = Span(place.offset + found.start(2), place.offset + found.end(2))
    advice = f"put spaces around `{found[2]}`"
    edit = place.spaced(keyword, found[2])
    return place.make(Code.BAD_LITERAL, f"bad number `{found[0]}`", place.span(found.end()), "", advice, edit)


def bad_number(place: FailurePlace) -> Diagnostic | None:
    """``1_000``, ``0x1F``, ``3k``."""
    found = _NUMBER_LIKE.match(place.rest)
    if found is None or not place.expects(Word.NUMBER):
        return None
    span, message = place.span(len(found[0])), f"bad number {shown(found[0])}"
    mended = _mend(found[0])
    if mended is None:
        return place.make(Code.BAD_LITERAL, message, span, "", _DECIMAL)
    return place.replace(Code.BAD_LITERAL, message, span, "", mended)


def _mend(text: str) -> str | None:
    plain = text.replace("_", "")
    if _NUMBER.fullmatch(plain):
        return plain
    try:
        return str(int(text, 0))
    except ValueError:
        return None


def grouped_digits(place: FailurePlace) -> Diagnostic | None:
    """``1,000``: digits are not grouped."""
    found = re.match(r"(?:,\d{3})+(?!\w)", place.rest)
    if found is None or place.last is None or not place.follows(Word.NUMBER) or not place.touches_last():
        return None
    span = Span(place.last.span.start, place.offset + len(found[0]))
    text = place.text[span.start : span.end]
    return place.replace(Code.BAD_LITERAL, f"bad number `{text}`", span, "", text.replace(",", ""))


def range_without_set(place: FailurePlace) -> Diagnostic | None:
    """``== 3..5``: a range stands in a set."""
    found = re.match(r"\s*\.{2,}\s*(\d*)", place.rest)
    if found is None or place.last is None or not place.follows(Word.OP, Word.NUMBER):
        return None
    op = place.lexemes[-2]
    low = place.last.text
    span = Span(place.last.span.start, place.offset + len(found[0]))
    text = f"IN {{{low}..{found[1]}}}"
    edit = Edit(op.span.cover(span), text) if op.text in ("=", "==") and place.expects_connective else None
    message = "a range outside of a set"
    return place.make(Code.UNEXPECTED_TOKEN, message, span, "", f"a range stands in a set: `{text}`", edit)


def run_on_number(place: FailurePlace) -> Diagnostic | None:
    """``1.5.2``: the number goes on where it should have ended."""
    found = re.match(r"[\w.]+", place.rest)
    if found is None or place.last is None or not place.follows(Word.NUMBER) or not place.touches_last():
        return None
    span = Span(place.last.span.start, place.offset + len(found[0]))
    message = f"bad number {shown(place.text[span.start : span.end])}"
    return place.make(Code.BAD_LITERAL, message, span, "", _DECIMAL)


def spaced_sign(place: FailurePlace) -> Diagnostic | None:
    """``> - 1``: the sign of a number sticks to it."""
    found = re.match(r"([+-])[ \t\r\n]+(?=[\d.])", place.rest)
    if found is None or not place.expects(Word.NUMBER):
        return None
    message = "white space between a sign and its number"
    return place.replace(Code.BAD_LITERAL, message, place.span(len(found[0])), "", found[1], "remove the white space")


def text_for_number(place: FailurePlace) -> Diagnostic | None:
    """``> "3"``, ``> three``: a name where a number should stand, read as the start of a counter."""
    if place.rest.startswith("."):
        return None
    if place.last is not None and place.follows(Word.OP, Word.NAME):
        return _text_for_number(place, place.last.text, place.last.span)
    found = re.match(r"[A-Za-z]\w*|\"[^\"\n]*\"", place.rest)
    if found is not None and place.expected == {Word.NUMBER}:
        return _text_for_number(place, found[0], place.span(len(found[0])))
    return None


def _text_for_number(place: FailurePlace, text: str, span: Span) -> Diagnostic:
    plain = text.strip('" ').lower()
    if plain in _NUMBER_WORDS:
        plain = str(_NUMBER_WORDS.index(plain))
    message = f"{shown(text)} is not a number"
    label = f"expected {'a number' if NAMES[0] not in place.expected else 'a number or a counter'}"
    if _NUMBER.fullmatch(plain):
        return place.replace(Code.UNEXPECTED_TOKEN, message, span, label, plain)
    advice = "compare with a number, as in `JOB.CATEGORY.count > 3`"
    return place.make(Code.UNEXPECTED_TOKEN, message, span, "expected a number", advice)
