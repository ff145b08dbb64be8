"""Counters with a missing or misspelt ``.count``, or with too many or too few parts."""

import re

from kili_query.diagnostics import Code, Diagnostic, Edit
from kili_query.source import Span
from kili_query.syntax.parser import Word
from kili_query.syntax.slips.place import NAMES, SHAPE, FailurePlace, is_word_start, shown

_COMPARES = re.compile(r"[=<>!≥≤≠]|[+-](?!\w)|(?:not\s+)?in\b", re.IGNORECASE)
_NEARLY_COUNT = {"cnt", "num", "number", "total", "size", "length", "len", "sum", "amount", "quantity", "nb", "n"}


def counter_alone(place: FailurePlace) -> Diagnostic | None:
    """``A.B.count`` with nothing to compare it with."""
    if place.last is None or not place.ends_condition or not place.follows(Word.COUNT) or not place.expects(Word.OP):
        return None
    if place.word == ")" and re.match(r"\)[\s)]*[=<>!+-]", place.rest):
        return None  # `(A.B.count) > 3`
    at = Span(place.last.span.end, place.last.span.end)
    code = Code.UNEXPECTED_END if place.is_at_end else Code.UNEXPECTED_TOKEN
    advice = f"compare it, as in `{place.counter_text() or 'JOB.CATEGORY.count'} > 0`"
    label = "expected a comparison operator"
    return place.make(code, "a counter alone is not a condition", at, label, advice, Edit(at, " > 0"))


def missing_count(place: FailurePlace) -> Diagnostic | None:
    """``A.B > 3``, ``A.B. > 3``."""
    if _COMPARES.match(place.rest) is None or place.last is None:
        return None
    at = Span(place.last.span.end, place.last.span.end)
    if place.follows_category():
        counter = place.counter_text()
        advice = f"write `{counter}.count`" if counter else "write `.count`"
        return place.make(
            Code.UNEXPECTED_TOKEN, "missing `.count`", at, "expected `.count`", advice, Edit(at, ".count")
        )
    if place.follows(Word.DOT) and place.expects(Word.COUNT):
        advice = f"write `{place.counter_text()}count`"
        return place.make(Code.UNEXPECTED_TOKEN, "missing `count`", at, "expected `count`", advice, Edit(at, "count"))
    return None


def operand_without_count(place: FailurePlace) -> Diagnostic | None:
    """``A.B.count > A.C``."""
    if place.last is None or not place.ends_condition or not place.follows_category() or place.expects_connective:
        return None
    at = Span(place.last.span.end, place.last.span.end)
    counter = place.counter_text()
    advice = f"write `{counter}.count`" if counter else "write `.count`"
    return place.make(Code.UNEXPECTED_TOKEN, "missing `.count`", at, "expected `.count`", advice, Edit(at, ".count"))


def misspelt_count(place: FailurePlace) -> Diagnostic | None:
    """``A.B.Count``, ``A.B.cuont``, ``A.B.total``."""
    if not place.follows(Word.DOT) or not place.expects(Word.COUNT) or place.expects(Word.NAME):
        return None
    if not _resembles_count(place.word.lower()):
        return None
    message, label = f"unexpected {shown(place.word)}", "expected `count`"
    return place.replace(Code.UNEXPECTED_TOKEN, message, place.span(len(place.word)), label, "count")


def _resembles_count(word: str) -> bool:
    return word in _NEARLY_COUNT or sorted(word) == sorted("count") or _is_one_edit_apart(word, "count")


def _is_one_edit_apart(one: str, two: str) -> bool:
    short, long = sorted((one, two), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((index for index, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


def doubled_count(place: FailurePlace) -> Diagnostic | None:
    """``A.B.count.count``."""
    found = re.match(r"\.\s*\w+", place.rest)
    if found is None or not place.follows(Word.COUNT):
        return None
    span = place.span(len(found[0]))
    message = f"unexpected {shown(found[0])} after `.count`"
    return place.make(
        Code.UNEXPECTED_TOKEN, message, span, f"expected {place.expectation()}", "remove it", Edit(span, "")
    )


def doubled_dot(place: FailurePlace) -> Diagnostic | None:
    """``A..B.count``."""
    if not place.rest.startswith(".") or not place.follows(Word.DOT):
        return None
    span = place.span(len(place.rest) - len(place.rest.lstrip(".")))
    return place.make(
        Code.UNEXPECTED_TOKEN, "two dots", span, f"expected {place.expectation()}", "remove one", Edit(span, "")
    )


def called_count(place: FailurePlace) -> Diagnostic | None:
    """``A.B.count()``, ``count(A.B)``."""
    if not place.rest.startswith("(") or place.last is None:
        return None
    message = f"`{place.last.text}` is not a function"
    empty = re.match(r"\(\s*\)", place.rest)
    if empty is not None and place.follows(Word.COUNT):
        span = place.span(len(empty[0]))
        return place.make(Code.UNEXPECTED_TOKEN, message, span, "", "remove the parentheses", Edit(span, ""))
    found = re.match(r"\(\s*([^()]*?)\s*\)", place.rest)
    if found is None or place.last.word is not Word.NAME or not _resembles_count(place.last.text.lower()):
        return None
    span = Span(place.last.span.start, place.offset + len(found[0]))
    counter = found[1] if found[1].endswith(".count") else f"{found[1]}.count"
    return place.replace(Code.UNEXPECTED_TOKEN, message, span, "", counter)


def condition_after_count(place: FailurePlace) -> Diagnostic | None:
    """``J.C.count[…]``: the brackets stand before ``.count``."""
    if not place.rest.startswith("[") or not place.follows(Word.DOT, Word.COUNT) or place.last is None:
        return None
    found = re.match(r"\[[^][]*\]", place.rest)
    dot = place.lexemes[-2]
    edit = Edit(Span(dot.span.start, place.offset + len(found[0])), f"{found[0]}.count") if found else None
    advice = "write the condition before `.count`: `JOB.CATEGORY[…].count`"
    return place.make(Code.UNEXPECTED_TOKEN, "a condition in brackets after `.count`", place.span(1), "", advice, edit)


def too_many_parts(place: FailurePlace) -> Diagnostic | None:
    """``A.B.C.count``."""
    if not place.follows(Word.DOT) or not place.expects(Word.COUNT) or place.expects(Word.NAME):
        return None
    if not is_word_start(place.word) and not place.rest.startswith('"'):
        return None
    message = f"unexpected name {shown(place.word)}" if is_word_start(place.word) else "unexpected name"
    advice = f"{SHAPE}; a name that holds a dot needs quotes"
    return place.make(Code.UNEXPECTED_TOKEN, message, place.span(len(place.word)), "expected `count`", advice)


def incomplete_counter(place: FailurePlace) -> Diagnostic | None:
    """A job alone: ``A > 3``."""
    if place.last is None or place.last.word not in NAMES or not place.expects(Word.DOT) or place.expects_connective:
        return None
    label = f"expected `.` and a category after {shown(place.last.text)}"
    message = f"unexpected {shown(place.word)}"
    return place.make(Code.UNEXPECTED_TOKEN, message, place.span(len(place.word)), label, SHAPE)
