"""AND, OR and NOT: missing, misspelt, doubled, written as `&&`, `||` or `!`, or with nothing beside them."""

import re
from itertools import takewhile

from kili_query.diagnostics import Code, Diagnostic, Edit
from kili_query.source import Span
from kili_query.syntax.parser import Lexeme, Word
from kili_query.syntax.slips.place import NAMES, FailurePlace, is_word_start, shown

_CONNECTIVES = (Word.AND, Word.OR)
_SYMBOLS = {"&": "AND", "＆": "AND", "∧": "AND", "|": "OR", "｜": "OR", "∨": "OR"}
_OF_SUMS = (*NAMES, Word.DOT, Word.COUNT, Word.SIGN, Word.NUMBER)
_NEGATIONS = "!¬~！"
_OTHER_WORDS = {
    "AND": ("UND", "ET", "Y", "PLUS", "ADN", "NAD", "ANDS", "AN", "ND", "ALSO", "WITH"),
    "OR": ("ODER", "OU", "XOR", "RO", "ORR", "ELSE"),
}


def doubled_connective(place: FailurePlace) -> Diagnostic | None:
    """``AND A.B``, ``A AND OR B``: the second word is read as the name of a job, so that what follows is unexpected."""
    last = place.last
    if last is None or last.word is not Word.NAME or last.text.upper() not in ("AND", "OR"):
        return None
    before = place.lexemes[-2] if len(place.lexemes) > 1 else None
    starts = before is None or before.word in (*_CONNECTIVES, Word.NOT, Word.LPAR, Word.LBRACKET)
    if not starts or place.rest.startswith(".") or not place.expects(Word.DOT):
        return None
    if before is not None and before.word not in (Word.LPAR, Word.LBRACKET):
        message = f"`{last.text}` follows `{before.text}`"
    else:
        message = f"`{last.text}` has no condition before it"
    advice = f"remove `{last.text}`, or write a condition before it"
    is_alone = place.is_at_end or place.rest[0] in ")]"
    edit = None if is_alone else Edit(Span(last.span.start, place.offset), "")
    return place.make(Code.UNEXPECTED_TOKEN, message, last.span, "expected a condition", advice, edit)


def dangling_connective(place: FailurePlace) -> Diagnostic | None:
    """``A AND``, ``(A OR)``: nothing follows."""
    last = place.last
    if last is None or last.word not in (*_CONNECTIVES, Word.NOT) or not (place.is_at_end or place.rest[0] in ")]"):
        return None
    code = Code.UNEXPECTED_END if place.is_at_end else Code.UNEXPECTED_TOKEN
    advice = f"remove `{last.text}`, or write a condition after it"
    label = "a condition is missing after this"
    return place.make(code, f"nothing follows `{last.text}`", last.span, label, advice, _without_the_dangling(place))


def _without_the_dangling(place: FailurePlace) -> Edit | None:
    """Remove all connectives right before the place, if something is left before them."""
    kept: list[Lexeme] = list(place.lexemes)
    while kept and kept[-1].word in (*_CONNECTIVES, Word.NOT):
        first = kept.pop()
    if not kept or kept[-1].word in (Word.LPAR, Word.LBRACKET):
        return None
    return Edit(Span(first.span.start, place.lexemes[-1].span.end), "")


def number_alone(place: FailurePlace) -> Diagnostic | None:
    """``A.B.count == 1 OR 2``: the counter is written once for both numbers."""
    found = place.lexemes[-4:]
    kinds = [one.word for one in found]
    if kinds[:2] != [Word.OP, Word.NUMBER] or kinds[2:] not in ([Word.AND, Word.NUMBER], [Word.OR, Word.NUMBER]):
        return None
    compared = list(takewhile(lambda one: one.word in _OF_SUMS, reversed(place.lexemes[:-4])))
    before = place.lexemes[: -4 - len(compared)]
    is_whole = not before or before[-1].word in (
        *_CONNECTIVES,
        Word.NOT,
        Word.LPAR,
    )  # no chain, and nothing in brackets
    if not place.ends_condition or not compared or compared[0].word is not Word.COUNT or not is_whole:
        return None
    again = place.text[compared[-1].span.start : found[0].span.end]
    number, start = found[3], found[3].span.start
    message, advice = f"{shown(number.text)} alone is not a condition", f"write {shown(f'{again} {number.text}')}"
    label = "nothing to compare it with"
    return place.make(Code.UNEXPECTED_TOKEN, message, number.span, label, advice, Edit(Span(start, start), f"{again} "))


def misspelt_connective(place: FailurePlace) -> Diagnostic | None:
    """``ADN``, ``und``, ``ANDC.D.count``."""
    if not place.expects_connective or not is_word_start(place.word) or not place.word[0].isalpha():
        return None
    span, label = place.span(len(place.word)), "expected `AND` or `OR`"
    message = f"unexpected word {shown(place.word)}"
    if re.match(r"AND[A-Z]\w*\s*\.", place.rest):
        advice = "put a space after `AND`"
        return place.make(Code.UNEXPECTED_TOKEN, message, span, label, advice, Edit(place.span(3), "AND "))
    if re.match(r"\s*\.", place.rest[len(place.word) :]):
        return None  # a condition
    for word, others in _OTHER_WORDS.items():
        if place.word.upper() in others:
            return place.replace(Code.UNEXPECTED_TOKEN, message, span, label, word, f"did you mean `{word}`?")
    if place.word.upper() in ("NOT", "TRUE", "FALSE"):
        return None
    return place.make(Code.UNEXPECTED_TOKEN, message, span, label)


def symbolic_connective(place: FailurePlace) -> Diagnostic | None:
    """``&&``, ``||``, ``!``."""
    char = place.rest[:1]
    if char in _SYMBOLS:
        return _connective(place, _SYMBOLS[char])
    if char and char in _NEGATIONS and place.expects_condition:
        return _word_for_symbol(place, char, "NOT")
    return None


def _connective(place: FailurePlace, word: str) -> Diagnostic:
    found = re.match(r"[&＆]+|[|｜]+|.", place.rest)
    assert found is not None  # there is a character
    if place.expects_connective:
        return _word_for_symbol(place, found[0], word)
    message, label = f"unexpected character `{found[0]}`", f"expected {place.expectation()}"
    return place.make(Code.UNEXPECTED_CHARACTER, message, place.span(len(found[0])), label, f"`{word}` is a word here")


def _word_for_symbol(place: FailurePlace, symbol: str, word: str) -> Diagnostic:
    message, label = f"unexpected character `{symbol}`", "not an operator of this language"
    span = place.span(len(symbol))
    return place.make(Code.UNEXPECTED_CHARACTER, message, span, label, f"write `{word}`", place.spaced(span, word))


def missing_connective(place: FailurePlace) -> Diagnostic | None:
    """Two conditions side by side, or with a comma between them."""
    if not place.expects_connective or not (is_word_start(place.word) or place.rest[0] in '(",'):
        return None
    advice = "put `AND` or `OR` between the two conditions"
    if place.rest.startswith(","):
        span, label = place.span(1), "expected `AND` or `OR`"
        return place.make(Code.UNEXPECTED_TOKEN, "unexpected `,`", span, label, advice, place.spaced(span, "AND"))
    span, label = place.span(len(place.word)), "expected `AND` or `OR` before this"
    edit = Edit(place.span(0), "AND " if place.text[place.offset - 1 : place.offset].isspace() else " AND ")
    return place.make(Code.UNEXPECTED_TOKEN, "two conditions without a connective", span, label, advice, edit)
