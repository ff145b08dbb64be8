"""Names that need quotes, and names joined by something else than a dot."""

import json
import re

from kili_query.diagnostics import Code, Diagnostic, Edit
from kili_query.source import Span
from kili_query.syntax.parser import Word
from kili_query.syntax.slips.place import FailurePlace, shown

_KEYWORDS = {word.name: word for word in (Word.AND, Word.OR, Word.NOT, Word.IN, Word.TRUE, Word.FALSE)}
_RUN = r"[^\s.,;:(){}\[\]\"#<>=!+&|]+"
_PHRASE = re.compile(rf"{_RUN}(?:[ \t]+{_RUN})*")
_SURROGATE = re.compile("[\ud800-\udfff]")


def quote(name: str) -> str:
    """A name between quotes, with JSON's escapes."""
    text = json.dumps(name, ensure_ascii=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def reserved_word(place: FailurePlace) -> Diagnostic | None:
    """NOT and IN where a name should stand."""
    span, word = place.span(len(place.word)), place.word
    is_job = place.last is not None and place.last.word in (Word.NOT, Word.IN) and re.match(r"\s*\.", place.rest)
    if is_job and place.last is not None:
        span, word = place.last.span, place.last.text
    elif not place.expects(Word.NAME) or word.upper() not in ("NOT", "IN") or place.expects(_KEYWORDS[word.upper()]):
        return None
    advice = f"as a name it needs quotes: {quote(word)}"
    return place.replace(Code.UNEXPECTED_TOKEN, f"`{word}` is a keyword", span, "expected a name", quote(word), advice)


def name_needs_quotes(place: FailurePlace) -> Diagnostic | None:
    """``OBJECTS.2wheels.count``, ``_J.A.count``, ``OBJECTS.🚗.count``: no bare name starts like that."""
    if not place.expects(Word.NAME) or (place.expects(Word.COUNT) and not place.follows(Word.DOT)):
        return None
    found = _PHRASE.match(place.rest)
    if found is None or re.match(r"[A-Za-z*]|[+-]|\d+[\s)]", found[0]):
        return None
    name, after = found[0], place.rest[found.end() :].lstrip()
    if place.expects(Word.NUMBER) and (re.fullmatch(r"[\d_]+", name) or not re.match(r"\.\s*[A-Za-z\"*]", after)):
        return None  # a bad number
    return _quoting(place, Span(place.offset, place.offset + len(name)), "a bare name starts with an ASCII letter")


def spaced_name(place: FailurePlace) -> Diagnostic | None:
    """``OBJECTS.Traffic light.count``: a name of several words."""
    if place.last is None or place.last.word is not Word.NAME or not place.expects(Word.DOT):
        return None
    found = _PHRASE.match(place.rest)
    if found is None or {word.upper() for word in found[0].split()} & _KEYWORDS.keys():
        return None
    after = place.rest[found.end() :].lstrip()
    is_category = place.follows(Word.NAME, Word.DOT, Word.NAME)
    if is_category and re.match(r"\.(?!\s*count\b)", after):
        return None  # two conditions
    if not is_category and not after.startswith("."):
        return None
    gap = place.text[place.last.span.end : place.offset]
    if "\n" in gap or "#" in gap:
        return None
    label = "a name of several words needs quotes" if gap else "a bare name holds ASCII letters, digits, `_` and `-`"
    return _quoting(place, Span(place.last.span.start, place.offset + len(found[0])), label)


def _quoting(place: FailurePlace, span: Span, label: str) -> Diagnostic:
    name = place.text[span.start : span.end]
    message = f"{shown(name)} is not a bare name"
    advice = f"quote the name: {shown(quote(name))}"
    return place.replace(Code.UNEXPECTED_TOKEN, message, span, label, quote(name), advice)


def misplaced_separator(place: FailurePlace) -> Diagnostic | None:
    r"""``J:C.count``, ``J/C.count``, ``Car/Truck``."""
    found = re.match(r"\s*(?:::|[:/\\→@%$?'^])", place.rest)
    if found is None or place.last is None or place.last.word is not Word.NAME or not place.expects(Word.DOT):
        return None
    symbol = found[0].strip()
    message = f"unexpected character `{symbol}`"
    if not place.follows(Word.NAME, Word.DOT, Word.NAME) and symbol in (":", "::", "/", "\\", "→"):
        label, advice = "expected `.`", "job, category and `count` are joined by dots"
        return place.replace(Code.UNEXPECTED_CHARACTER, message, place.span(len(found[0])), label, ".", advice)
    name = re.compile(r"[^\s.,;(){}\[\]\"#<>=!+&|]+").match(place.text, place.last.span.start)
    if name is None or name.end() <= place.offset:
        return None
    edit = Edit(Span(*name.span()), quote(name[0]))
    advice = f"quote the name: {shown(quote(name[0]))}"
    label = "not allowed in a bare name"
    return place.make(Code.UNEXPECTED_CHARACTER, message, place.span(len(symbol)), label, advice, edit)
