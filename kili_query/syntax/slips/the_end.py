"""The text stops too early, or holds something that no finder knows."""

from kili_query.diagnostics import Code, Diagnostic
from kili_query.source import Span
from kili_query.syntax.parser import Word
from kili_query.syntax.slips.place import SHAPE, FailurePlace, is_word_start, shown


def empty_query(place: FailurePlace) -> Diagnostic | None:
    """Nothing, only white space, or only a comment."""
    if not place.is_at_end or place.lexemes:
        return None
    message = "the query is only a comment" if "#" in place.text else "the query is empty"
    advice = "write a condition, such as `JOB.CATEGORY.count > 0`"
    return place.make(Code.UNEXPECTED_END, message, Span(0, 0), "expected a condition", advice)


def unexpected_end(place: FailurePlace) -> Diagnostic | None:
    """The text stops in the middle of a condition."""
    if not place.is_at_end or place.last is None:
        return None
    end = Span(place.last.span.end, place.last.span.end)
    advice = SHAPE if place.expects(Word.DOT) or place.last.word is Word.DOT else None
    return place.make(Code.UNEXPECTED_END, "the query ends too early", end, f"expected {place.expectation()}", advice)


def unexpected(place: FailurePlace) -> Diagnostic:
    """Report an unexpected word or character when no finder knows better."""
    span, label = place.span(len(place.word)), f"expected {place.expectation()}"
    if is_word_start(place.word) or place.word[0] in '.,()[]{}=<>+-"' or place.word == "!=":
        return place.make(Code.UNEXPECTED_TOKEN, f"unexpected {shown(place.word)}", span, label)
    return place.make(Code.UNEXPECTED_CHARACTER, f"unexpected character {shown(place.word)}", span, label)
