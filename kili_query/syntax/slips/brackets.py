"""Parentheses, brackets and braces that are left open, close nothing, or stand where they may not."""

import re

from kili_query.diagnostics import Code, Diagnostic, Edit, Label
from kili_query.source import Span
from kili_query.syntax.parser import Lexeme, Word
from kili_query.syntax.slips.place import CLOSING_OF, FailurePlace, shown

_WORD_OF = {")": Word.RPAR, "]": Word.RBRACKET, "}": Word.RBRACE}


def unclosed_bracket(place: FailurePlace) -> Diagnostic | None:
    """One that is open at the end of the text."""
    stack = place.open_brackets()
    if not place.is_at_end or not stack or place.last is None:
        return None
    opening = stack[-1]
    closing = CLOSING_OF[opening.text]
    if place.last is not opening and not place.expects(_WORD_OF[closing]):
        return None
    message = f"`{opening.text}` is never closed"
    at = Span(place.last.span.end, place.last.span.end)
    edit = Edit(at, closing) if place.last is not opening else None
    return place.make(
        Code.UNBALANCED_PARENTHESIS, message, opening.span, "opened here", f"close it with `{closing}`", edit
    )


def parenthesized_sum(place: FailurePlace) -> Diagnostic | None:
    """``(J.A.count + J.B.count) >= 5``, ``> (5)``: parentheses are for conditions."""
    message = "parentheses group conditions, not counters or numbers"
    if place.rest.startswith("(") and place.expects(Word.NUMBER) and not place.expects_condition:
        found = re.match(r"\(([^()]*)\)", place.rest)
        edit = Edit(place.span(len(found[0])), found[1]) if found else None
        span = place.span(len(found[0]) if found else 1)
        return place.make(Code.UNEXPECTED_TOKEN, message, span, "not a condition", "remove the parentheses", edit)
    stack = place.open_brackets()
    is_sum = place.last is not None and place.last.word in (Word.COUNT, Word.NUMBER) and place.expects(Word.OP)
    if not place.rest.startswith(")") or not stack or stack[-1].text != "(" or not is_sum or place.expects_connective:
        return None
    if _goes_on(place.rest[1:]):
        span = Span(stack[-1].span.start, place.offset + 1)
        edit = Edit(span, place.text[span.start + 1 : span.end - 1])
        return place.make(Code.UNEXPECTED_TOKEN, message, span, "not a condition", "remove the parentheses", edit)
    return None


def _goes_on(text: str) -> bool:
    """Whether an operator follows, perhaps after more closing parentheses."""
    return re.match(r"[\s)]*(?:[=<>!+-]|(?:not\s+)?in\b)", text, re.IGNORECASE) is not None


def brackets_for_parentheses(place: FailurePlace) -> Diagnostic | None:
    """``[A.B.count > 0] OR …``: conditions are grouped by parentheses."""
    if place.rest[0] not in "[{" or not place.expects_condition:
        return None
    closing = CLOSING_OF[place.rest[0]]
    found = re.match(rf"\{place.rest[0]}([^][{{}}]*)\{closing}", place.rest)
    edit = Edit(place.span(len(found[0])), f"({found[1]})") if found else Edit(place.span(1), "(")
    label, advice = "expected a condition", "conditions are grouped by `(` and `)`"
    return place.make(Code.UNEXPECTED_TOKEN, f"unexpected `{place.rest[0]}`", place.span(1), label, advice, edit)


def closing_bracket(place: FailurePlace) -> Diagnostic | None:
    """One that closes nothing, or something else, or right after the one that opens."""
    char = place.rest[0]
    if char not in _WORD_OF:
        return None
    stack = place.open_brackets()
    if not stack:
        edit = Edit(place.span(1), "")
        label, advice = "no open one before this", f"remove `{char}`"
        return place.make(Code.UNBALANCED_PARENTHESIS, f"`{char}` closes nothing", place.span(1), label, advice, edit)
    opening = stack[-1]
    wanted = CLOSING_OF[opening.text]
    if wanted != char:
        return _wrong_closing(place, opening, wanted)
    if place.last is opening:
        pair = Span(opening.span.start, place.offset + 1)
        message = f"nothing between `{opening.text}` and `{char}`"
        return place.make(Code.UNEXPECTED_TOKEN, message, pair, f"expected {place.expectation()}")
    return None


def _wrong_closing(place: FailurePlace, opening: Lexeme, wanted: str) -> Diagnostic:
    fits = place.expects(_WORD_OF[wanted])
    return place.make(
        Code.UNBALANCED_PARENTHESIS,
        f"{shown(place.rest[0])} does not close `{opening.text}`",
        place.span(1),
        f"expected `{wanted}`" if fits else f"expected {place.expectation()}",
        f"write `{wanted}`" if fits else None,
        Edit(place.span(1), wanted) if fits else None,
        (Label(opening.span, "opened here"),),
    )
