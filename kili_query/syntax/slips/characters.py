"""Characters from other languages, word processors and keyboards."""

import re
import unicodedata

from kili_query.diagnostics import Code, Diagnostic, Edit
from kili_query.source import Span
from kili_query.syntax.parser import Word
from kili_query.syntax.slips.names import quote
from kili_query.syntax.slips.place import WORD, FailurePlace, shown

_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "＝": "==", "−": "-", "–": "-", "—": "-"}
_WORD_OF = dict.fromkeys((">=", "<=", "!=", "==", ">", "<"), Word.OP) | {
    "(": Word.LPAR,
    ")": Word.RPAR,
    "[": Word.LBRACKET,
    "]": Word.RBRACKET,
    "{": Word.LBRACE,
    "}": Word.RBRACE,
    "+": Word.SIGN,
    "-": Word.SIGN,
    ".": Word.DOT,
    ",": Word.COMMA,
}
_QUOTED = re.compile("[“”„‟«″＂]([^“”„‟«»″＂\n]*)[“”‟»″＂\"]|['‘’`´‚]([^'‘’`´\n]*)['‘’`´]")
_QUOTES = "“”„‟«»″＂'‘’`´‚"
_LOOK_ALIKES = dict(
    zip("АВЕКМНОРСТУХЅІЈаеорсухіјѕԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXSIJaeopcyxijsdqwABEZHIKMNOPTYXo", strict=True)
)


def invisible(place: FailurePlace) -> Diagnostic | None:
    """White space that is none of the language's, byte order marks, control characters, halves of surrogates."""
    char = place.rest[:1]
    kind = unicodedata.category(char) if char else ""
    name = f"U+{ord(char):04X} ({unicodedata.name(char, 'control character').lower()})" if char else ""
    if char and char.isspace() and char not in " \t\r\n":
        message = f"unexpected white space {name}"
        return place.replace(Code.UNEXPECTED_CHARACTER, message, place.span(1), "", " ", "write a space")
    if kind in ("Cc", "Cf"):
        message = f"unexpected invisible character {name}"
        return place.replace(Code.UNEXPECTED_CHARACTER, message, place.span(1), "", "", "remove it")
    if kind == "Cs":
        message = f"unexpected character U+{ord(char):04X}"
        advice = "the text was not decoded as what it is: read it as UTF-8"
        return place.make(Code.UNEXPECTED_CHARACTER, message, place.span(1), "half of a character", advice)
    return None


def foreign_quotes(place: FailurePlace) -> Diagnostic | None:
    """``“Traffic light”``, ``'Traffic light'``: names are quoted with straight double quotes."""
    if place.is_at_end or place.rest[0] not in _QUOTES:
        return None
    message, label = f"unexpected quote `{place.rest[0]}`", "no quotation mark of this language"
    found = _QUOTED.match(place.rest)
    if found is None or not (place.expects(Word.STRING) or place.expects(Word.NUMBER)):
        return place.make(Code.UNEXPECTED_CHARACTER, message, place.span(1), label, 'names are quoted with `"`')
    inner = found[1] if found[1] is not None else found[2]
    is_number = place.expects(Word.NUMBER) and inner.isdecimal()
    mended = inner if is_number else quote(inner)
    span = place.span(len(found[0]))
    return place.make(
        Code.UNEXPECTED_CHARACTER, message, place.span(1), label, f"write {shown(mended)}", Edit(span, mended)
    )


def foreign_symbol(place: FailurePlace) -> Diagnostic | None:
    """``≥``, ``；``, ``（``."""
    char = place.rest[:1]
    if char == ";":
        return _semicolon(place)
    plain = _SIGNS.get(char) or unicodedata.normalize("NFKC", char)
    if plain != char and plain in _WORD_OF and place.expects(_WORD_OF[plain]):
        message, label = f"unexpected character `{char}`", "looks like another"
        return place.replace(Code.UNEXPECTED_CHARACTER, message, place.span(1), label, plain)
    return None


def _semicolon(place: FailurePlace) -> Diagnostic:
    message, span = "unexpected character `;`", place.span(1)
    if place.rest.strip("; \t\r\n"):
        edit = place.spaced(span, "AND") if place.expects_connective else None
        advice = "join conditions with `AND` or `OR`"
        return place.make(Code.UNEXPECTED_CHARACTER, message, span, "", advice, edit)
    advice = "a query has no end mark: remove it"
    return place.make(Code.UNEXPECTED_CHARACTER, message, span, "", advice, Edit(place.span(len(place.rest)), ""))


def look_alike(place: FailurePlace) -> Diagnostic | None:
    """A Cyrillic or full-width letter in a word; any other letter that no bare name may hold."""
    char = place.rest[:1]
    if not char.isalpha() or char.isascii():
        return None
    start = place.offset
    if place.touches_last() and place.last is not None and place.last.word in (Word.NAME, Word.COUNT):
        start = place.last.span.start
    word = WORD.match(place.text, start)
    assert word is not None  # it holds the letter at least
    mended = "".join(_LOOK_ALIKES.get(letter, unicodedata.normalize("NFKC", letter)) for letter in word[0])
    span = Span(*word.span())
    message = f"unexpected letter `{char}` ({unicodedata.name(char, 'no name').lower()})"
    if mended.isascii():
        label, advice, text = "looks like an ASCII letter", f"write `{mended}`", mended
    elif place.expects(Word.NAME) or place.expects(Word.DOT):
        return None  # a name that needs quotes
    else:
        return place.make(Code.UNEXPECTED_CHARACTER, message, place.span(1), f"expected {place.expectation()}")
    return place.make(Code.UNEXPECTED_CHARACTER, message, place.span(1), label, advice, Edit(span, text))
