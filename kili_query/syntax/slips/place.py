"""The place where a text stops being a query: what stands before it, what could follow, and what does."""

import re
from collections.abc import Sequence

from kili_query.diagnostics import Code, Diagnostic, Edit, Help, Label
from kili_query.source import Source, Span
from kili_query.syntax.parser import Lexeme, ParseFailure, Word
from kili_query.wording import shortened

NAMES = (Word.NAME, Word.STRING)
OPENING = (Word.LPAR, Word.LBRACKET, Word.LBRACE)
CLOSING_OF = {"(": ")", "[": "]", "{": "}"}
SHAPE = "a counter is a job, a category and `count`, as in `JOB.CATEGORY.count`"
WORD = re.compile(r"[\w*-]+")
_CLOSING = (Word.RPAR, Word.RBRACKET, Word.RBRACE)
_SYMBOLS = re.compile(r"[=<>!]+|&+|\|+")
_LONGEST = 40


class FailurePlace:
    """The place of a failure, as the finders look at it.

    Attributes:
        text: the whole query.
        rest: the text from the place on.
        word: the word or symbol at the place; empty at the end of the text.
        lexemes: the words before the place.
        last: the last of them, if there is one.
        offset: of the place in the text.
        expected: the kinds of words that could stand at the place.
    """

    def __init__(self, source: Source, lexemes: Sequence[Lexeme], failure: ParseFailure) -> None:
        self.source = source
        self.text = source.text
        self.offset = failure.offset
        self.rest = self.text[self.offset :]
        found = WORD.match(self.rest) or _SYMBOLS.match(self.rest)
        self.word = found[0] if found else self.rest[:1]
        self.lexemes = lexemes
        self.last = lexemes[-1] if lexemes else None
        self.expected = failure.expected

    @property
    def is_at_end(self) -> bool:
        return not self.rest

    @property
    def ends_condition(self) -> bool:
        """Whether the text, or what a connective or a bracket ends, is over at the place."""
        return self.is_at_end or self.word.upper() in ("AND", "OR") or self.word in (")", "]")

    @property
    def expects_condition(self) -> bool:
        return {Word.NAME, Word.LPAR} <= self.expected

    @property
    def expects_connective(self) -> bool:
        return {Word.AND, Word.OR} <= self.expected

    def expects(self, word: Word) -> bool:
        return word in self.expected

    def follows(self, *words: Word) -> bool:
        """Whether the words before the place end with these kinds; a quoted name counts as a name."""
        kinds = tuple(Word.NAME if one.word is Word.STRING else one.word for one in self.lexemes[-len(words) :])
        return kinds == words

    def follows_category(self) -> bool:
        """Whether a job and a category stand before the place, with no ``.count`` yet."""
        if self.last is not None and self.last.word is Word.RBRACKET:
            return self.expects(Word.DOT)
        return self.follows(Word.NAME, Word.DOT, Word.NAME) and self.expects(Word.DOT)

    def touches_last(self) -> bool:
        """Whether no white space parts the place from the word before it."""
        return self.last is not None and self.last.span.end == self.offset

    def open_brackets(self) -> list[Lexeme]:
        """The brackets of all kinds that are open at the place, the innermost last."""
        stack: list[Lexeme] = []
        for lexeme in self.lexemes:
            if lexeme.word in OPENING:
                stack.append(lexeme)
            elif lexeme.word in _CLOSING and stack:
                stack.pop()
        return stack

    def is_in_set(self) -> bool:
        stack = self.open_brackets()
        return bool(stack) and stack[-1].word is Word.LBRACE

    def counter_text(self) -> str:
        """The names, dots and ``count`` right before the place."""
        words: list[str] = []
        for lexeme in reversed(self.lexemes):
            if lexeme.word not in (*NAMES, Word.DOT, Word.COUNT):
                break
            words.append(lexeme.text)
        return "".join(reversed(words))

    def span(self, length: int) -> Span:
        """The span of that many characters from the place on."""
        return Span(self.offset, self.offset + length)

    def spaced(self, span: Span, word: str) -> Edit:
        """Put a keyword where ``span`` is, with white space around it."""
        before, after = self.text[: span.start], self.text[span.end :]
        left = "" if not before or before[-1] in " \t\r\n(" else " "
        right = "" if not after or after[0] in " \t\r\n)" else " "
        return Edit(span, f"{left}{word}{right}")

    def make(
        self,
        code: Code,
        message: str,
        span: Span,
        label: str = "",
        advice: str | None = None,
        edit: Edit | None = None,
        labels: tuple[Label, ...] = (),
    ) -> Diagnostic:
        help_ = None if advice is None else Help(advice, edit)
        return Diagnostic(code, message, Label(span, label), labels, help=help_, source=self.source)

    def replace(
        self, code: Code, message: str, span: Span, label: str, text: str, advice: str | None = None
    ) -> Diagnostic:
        """A diagnostic whose help is to write ``text`` where ``span`` is."""
        return self.make(code, message, span, label, advice or f"write {shown(text)}", Edit(span, text))

    def expectation(self) -> str:
        """Describe in words what could stand at the place."""
        if self.expects_condition:
            return "a condition, such as `JOB.CATEGORY.count > 0`"
        if {Word.NAME, Word.NUMBER} <= self.expected:
            return "a number or a counter"
        if self.follows(Word.NAME, Word.DOT) and self.expects(Word.NAME):
            return "a category or `count`" if self.expects(Word.COUNT) else "a category"
        if self.expected == {Word.DOT}:
            return "`.` and a category"
        words = [word.value for word in Word if word in self.expected and word is not Word.STRING]
        return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]])) or "nothing here"


def is_word_start(text: str) -> bool:
    """Whether the text begins like a name or a number in ASCII."""
    return text[:1].isascii() and (text[:1].isalnum() or text[:1] in ("_", "*"))


def shown(text: str) -> str:
    """User text in a message: cut when long, and with nothing that would not print."""
    cut = shortened(text, _LONGEST)
    if cut.isprintable():
        return f"`{cut}`"
    return " ".join(f"U+{ord(char):04X}" for char in cut)
