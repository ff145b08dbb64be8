"""From text to tree, by the grammars in ``grammar/``. Nothing of Lark leaves this module."""

import json
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from attrs import evolve, frozen
from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, UnexpectedToken

from kili_query.ast import (
    And,
    CompareOp,
    Constant,
    Counter,
    Exists,
    Filtered,
    Membership,
    NamePattern,
    Not,
    Number,
    Or,
    Pattern,
    Predicate,
    Range,
    Relation,
    RelationOp,
    Sum,
    Summand,
    Term,
    comparison,
)
from kili_query.ast.build import ceiling, floor
from kili_query.resources import read_text
from kili_query.source import Span
from kili_query.syntax.numbers import read_number

Dialect: TypeAlias = Literal["core", "extended"]


class Word(Enum):
    """The kinds of words that a query is made of; the value names the kind in messages."""

    NAME = "a name"
    STRING = "a quoted name"
    NUMBER = "a number"
    OP = "a comparison operator"
    SIGN = "`+` or `-`"
    COUNT = "`count`"
    DOT = "`.`"
    COMMA = "`,`"
    RANGE = "`..`"
    AND = "`AND`"
    OR = "`OR`"
    NOT = "`NOT`"
    IN = "`IN`"
    TRUE = "`TRUE`"
    FALSE = "`FALSE`"
    LPAR = "`(`"
    RPAR = "`)`"
    LBRACKET = "`[`"
    RBRACKET = "`]`"
    LBRACE = "`{`"
    RBRACE = "`}`"
    END = "the end"


class Lexeme(NamedTuple):
    """One word of a query text, without the white space around it. A tuple, because a long query has many."""

    word: Word
    text: str
    span: Span


class ParseFailure(Exception):  # noqa: N818 - not an error of its own: `kili_query.syntax.slips` makes one of it
    """Where a text stops being a query, and what could stand there.

    Attributes:
        offset: the place, in code points.
        expected: the kinds of words that could stand there, if `read_lexemes` found them.
        before: what was read until there.
    """

    def __init__(self, offset: int, expected: frozenset[Word], before: "TextBefore | None" = None) -> None:
        self.offset = offset
        self.expected = expected
        self.before = TextBefore(()) if before is None else before
        super().__init__(f"no query at offset {offset}")


@frozen
class TextBefore:
    """A text, or the part of it that was read before it stopped being a query, for reading on from there."""

    _tokens: Sequence[Token]

    def lexemes(self, dialect: Dialect) -> list[Lexeme]:
        """Return its words."""
        parser = _parser(dialect)
        return [lexeme for token in self._tokens for lexeme in parser.lexemes_of(token)]

    def reading(self, failure: ParseFailure, dialect: Dialect) -> tuple[list[Lexeme], ParseFailure]:
        """Return what `read_lexemes` finds in the text, without reading it again."""
        expected = _followers(_parser(dialect), self._tokens)
        return self.lexemes(dialect), ParseFailure(failure.offset, expected, self)

    def is_query_with(self, text: str, start: int, dialect: Dialect) -> bool:
        """Whether another text is a query, which has the same beginning; only what follows that is read.

        Args:
            text: the other text.
            start: how far they are the same.
            dialect: the dialect of both.
        """
        known = [token for token in self._tokens if _end(token) <= start]
        known = known[:-1]  # the last one may depend on what follows
        behind = _end(known[-1]) if known else 0
        parsing = _parser(dialect).lark.parse_interactive(text[behind:])
        for token in _condensed(known):
            parsing.feed_token(token)
        try:
            for _ in parsing.iter_parse():
                pass
            parsing.feed_eof()  # type: ignore[no-untyped-call]
        except UnexpectedInput:
            return False
        return True


def parse_text(text: str, dialect: Dialect) -> Predicate:
    """Parse a whole text into a tree as written.

    Raises:
        ParseFailure: the text is no query of the dialect.
    """
    return parse_words(text, dialect)[0]


def parse_words(text: str, dialect: Dialect) -> tuple[Predicate, TextBefore]:
    """Parse a whole text into a tree as written, and return what it was read from too.

    Raises:
        ParseFailure: the text is no query of the dialect.
    """
    with _recording() as tokens:
        try:
            tree: Predicate = _parser(dialect).lark.parse(text)  # type: ignore[assignment]
        except UnexpectedInput as error:
            offset = _offset(error, text)
            before = TextBefore([token for token in tokens if _end(token) <= offset])
            raise ParseFailure(offset, frozenset(), before) from None
    return tree, TextBefore(tokens)


class _Recorder(threading.local):
    """The tokens of the text that this thread parses."""

    tokens: list[Token] | None = None


_RECORDER = _Recorder()


def _record(token: Token) -> Token:
    if _RECORDER.tokens is not None:
        _RECORDER.tokens.append(token)
    return token


@contextmanager
def _recording() -> Iterator[list[Token]]:
    tokens: list[Token] = []
    _RECORDER.tokens = tokens
    try:
        yield tokens
    finally:
        _RECORDER.tokens = None


def read_lexemes(text: str, dialect: Dialect) -> tuple[list[Lexeme], ParseFailure | None]:
    """The words of a text in order, up to its end or to the place where it stops being a query."""
    parser = _parser(dialect)
    tokens: list[Token] = []
    try:
        parsing = parser.lark.parse_interactive(text)
        tokens.extend(parsing.iter_parse())
        parsing.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedInput as error:
        offset = _offset(error, text)
        tokens = [token for token in tokens if _end(token) <= offset]
        failure = ParseFailure(offset, _followers(parser, tokens))
    else:
        return [lexeme for token in tokens for lexeme in parser.lexemes_of(token)], None
    return [lexeme for token in tokens for lexeme in parser.lexemes_of(token)], failure


def walk_lexemes(text: str, dialect: Dialect) -> Iterator[Lexeme]:
    """The words of a text one by one, up to its end or to the word that makes it no query."""
    parser = _parser(dialect)
    try:
        for token in parser.lark.parse_interactive(text).iter_parse():
            yield from parser.lexemes_of(token)
    except UnexpectedInput:
        return


def read_leniently(text: str) -> tuple[list[Lexeme], frozenset[Word], int]:
    """The words of a text that may hold errors, what could follow its end, and where it was last understood.

    After an error, reading goes on as if a condition began there or had ended there; what fits neither is passed over.

    >>> lexemes, expected, end = read_leniently("J.A => 2 AND ")
    >>> [lexeme.text for lexeme in lexemes], Word.NAME in expected, end
    (['J', '.', 'A', '2', 'AND'], True, 13)
    """
    lexemes: list[Lexeme] = []
    at, follows_condition = 0, False
    for _ in range(_MOST_PARTS):
        orders = (_CONDITION, "") if follows_condition else ("", _CONDITION)
        parts = (_read_part(text, at, before) for before in orders)
        part = next((one for one in parts if one.end > at or one.expected is not None), None)
        if part is not None:
            lexemes += part.lexemes
            if part.expected is not None:
                return lexemes, part.expected, len(text)
            at, follows_condition = part.end, True
            continue
        end, closing = _end_of_fault(text, at)
        if closing is not None:
            lexemes.append(Lexeme(closing, text[at:end], Span(at, end)))
        elif end == len(text):
            return lexemes, frozenset(), at
        at, follows_condition = end, closing is not None or not text[end:].isspace()
    return lexemes, frozenset(), at


_MOST_PARTS = 200
"""How many pieces a text is read in: with more errors, nobody could say what it was meant to be."""

_CONDITION = "(TRUE) "


@frozen
class _Part:
    """A piece of a text that reads as a query.

    Attributes:
        lexemes: its words.
        expected: what could follow, if it reaches to the end of the text.
        end: how far it is read.
    """

    lexemes: list[Lexeme]
    expected: frozenset[Word] | None
    end: int


def _read_part(text: str, start: int, before: str) -> _Part:
    """Read from a place on, as if something stood before it."""
    parser = _parser("extended")
    shift = start - len(before)
    parsing = parser.lark.parse_interactive(before + text[start:])
    tokens: list[Token] = []
    expected, end = None, len(text)
    try:
        tokens.extend(parsing.iter_parse())
        expected = frozenset(_expected(parsing.accepts()))  # type: ignore[no-untyped-call]
    except UnexpectedInput as error:
        end = _offset(error, before + text[start:]) + shift
    lexemes = (lexeme for token in tokens for lexeme in parser.lexemes_of(token))
    moved = (one._replace(span=Span(one.span.start + shift, one.span.end + shift)) for one in lexemes)
    return _Part([one for one in moved if start <= one.span.start < one.span.end <= end], expected, end)


_FAULT = re.compile(r'"[^\n]*|[\w*-]+|.', re.DOTALL)
_CLOSING = {")": Word.RPAR, "]": Word.RBRACKET, "}": Word.RBRACE}


def _end_of_fault(text: str, at: int) -> tuple[int, Word | None]:
    """How far to pass over what cannot be read, and the bracket that it is."""
    fault = _FAULT.match(text, at)
    assert fault is not None  # there is a character
    return fault.end(), _CLOSING.get(fault[0])


def match_word(text: str, start: int, word: Literal[Word.NAME, Word.STRING]) -> int | None:
    """Where a name that starts at a place ends."""
    found = _parser("extended").terminals[word.name].match(text, start)
    return None if found is None else found.end()


def is_bare_name(name: str, dialect: Dialect) -> bool:
    """Whether a name without wildcards can be written without quotes.

    >>> is_bare_name("CAR", "core"), is_bare_name("traffic light", "core"), is_bare_name("not", "extended")
    (True, False, False)
    """
    return "*" not in name and _parser(dialect).terminals["NAME"].fullmatch(name) is not None


def rules_of(dialect: Dialect) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The grammar of a dialect as data: what each rule can be, in names of rules and of words, starting with `start`.

    Words are in upper case, some behind an underscore. A rule that repeats something calls itself at its end. What
    reads a whole comparison at once only makes parsing faster, and is left out.

    >>> rules_of("core")["primary"]
    (('group',), ('comparison',))
    """
    found: dict[str, list[tuple[str, ...]]] = {}
    for rule in _parser(dialect).lark.rules:
        name, symbols = str(rule.origin.name), tuple(str(symbol.name) for symbol in rule.expansion)
        rows = found.setdefault(name, [])
        if "COMPARISON" not in symbols:
            rows.append((*symbols[1:], name) if symbols[:1] == (name,) else symbols)  # Lark repeats at the start
    return {name: tuple(expansions) for name, expansions in found.items()}


def spellings_of(word: str, dialect: Dialect) -> tuple[str, ...]:
    """How a word of `rules_of` is written: keywords in upper case, without what may or may not follow.

    >>> spellings_of("OP", "core"), spellings_of("_AND", "extended")
    (('==', '>=', '<=', '>', '<'), ('AND',))

    Raises:
        KeyError: the word is a name or a number, which is written in many ways.
    """
    pattern = _parser(dialect).lark.get_terminal(word).pattern
    if pattern.type == "str":
        return (pattern.value,)
    plain = _FOLLOWING.split(pattern.value)[0].strip("()")
    texts = tuple(plain[1:-1]) if plain.startswith("[") else tuple(plain.replace("\\", "").split("|"))
    if not all(map(_parser(dialect).terminals[word].fullmatch, texts)):
        raise KeyError(word)
    return tuple(map(str.upper, texts)) if "i" in pattern.flags else texts


_FOLLOWING = re.compile(r"\(\?!")


def terminal_patterns(dialect: Dialect) -> dict[str, str]:
    """The regular expression of each terminal of a grammar."""
    return {name: pattern.pattern for name, pattern in _parser(dialect).terminals.items()}


def find_comments(text: str, start: int, end: int) -> Iterator[Span]:
    """The comments between two words."""
    for found in _parser("extended").terminals["COMMENT"].finditer(text, start, end):
        yield Span(*found.span())


def name_pattern(lexeme: Lexeme) -> NamePattern:
    """Return the pattern of a name: one name, or all names that fit its stars."""
    return _pattern(Token(lexeme.word.name, lexeme.text))


def _followers(parser: "_Parser", tokens: Sequence[Token]) -> frozenset[Word]:
    """The kinds of words that could really follow: what the tables list is more than that."""
    parsing = parser.lark.parse_interactive("")
    for token in _condensed(tokens):
        parsing.feed_token(token)
    return frozenset(_expected(parsing.accepts()))  # type: ignore[no-untyped-call]


def _condensed(tokens: Iterable[Token]) -> list[Token]:
    """Return fewer tokens, behind which a text can go on in the same ways.

    Of conditions that are joined, all but the first and the last are left out: `A OR B AND C OR NOT` becomes
    `A OR NOT`. What could follow is the same, because any condition can stand before a connective.
    """
    kept: list[Token] = []
    joints: list[int | None] = [None]  # of each bracket that is open, where the first connective stands
    for token in tokens:
        match token.type:
            case "_AND" | "_OR":
                if joints[-1] is None:
                    joints[-1] = len(kept)
                del kept[joints[-1] :]
            case "LPAR" | "LBRACKET" | "LBRACE":
                joints.append(None)
            case "RPAR" | "RBRACKET" | "RBRACE":
                joints.pop()
        kept.append(token)
    return kept


class _Builder(Transformer[Token, Predicate]):
    """Builds nodes while Lark parses: one method for each rule of the grammars, called bottom-up."""

    def __init__(self) -> None:
        super().__init__()
        self.match_comparison = re.compile("")  # set once the grammar is loaded: the pattern is written there alone

    def start(self, children: list[Predicate]) -> Predicate:
        return children[0]

    def or_expr(self, children: list[Predicate]) -> Predicate:
        return Or(tuple(children), span=Span(children[0].span.start, children[-1].span.end))

    def and_expr(self, children: list[Predicate]) -> Predicate:
        return And(tuple(children), span=Span(children[0].span.start, children[-1].span.end))

    def group(self, children: tuple[Token, Predicate, Token]) -> Predicate:
        opening, inner, closing = children
        return evolve(inner, span=Span(_start(opening), _end(closing)))

    def negation(self, children: tuple[Token, Predicate]) -> Predicate:
        word, operand = children
        return Not(operand, span=Span(_start(word), operand.span.end))

    def constant(self, children: list[Token]) -> Predicate:
        return Constant(children[0].lower() == "true", span=_span(children[0]))

    def comparison(self, children: list[Token]) -> Predicate:
        if len(children) > 1:
            job, category, _, op, number = children
            counter = Counter(str(job), str(category), job_span=_span(job), category_span=_span(category))
            return comparison(counter, _CORE_OPS[op], read_number(number), Span(_start(job), _end(number)))
        [whole] = children
        found = self.match_comparison.match(whole)
        assert found is not None  # the lexer found it by this pattern
        start = _start(whole)
        (a, b), (c, d) = found.span(1), found.span(2)
        counter = Counter(
            found[1], found[2], job_span=Span(start + a, start + b), category_span=Span(start + c, start + d)
        )
        return comparison(counter, _CORE_OPS[found[3]], read_number(found[4]), Span(start + a, start + found.end(4)))

    def reference(self, children: list[Token]) -> Term:
        job, category = children
        return _term(job, category)

    def filtered(self, children: tuple[Token, Token, Token, Predicate, Token]) -> Term:
        job, category, _, condition, closing = children
        inner = _term(job, category)
        return Filtered(inner, condition, span=Span(_start(job), _end(closing)))

    def counter(self, children: tuple[Term, Token]) -> tuple[Term, Span]:
        term, word = children
        return term, Span(_term_start(term), _end(word))

    def total(self, children: list[Token]) -> tuple[Term, Span]:
        job, word = children
        pattern = Pattern(_pattern(job), _EVERY, job_span=_span(job), category_span=_span(word))
        return pattern, Span(_start(job), _end(word))

    def counter_called_count(self, children: list[Token]) -> tuple[Term, Span]:
        job, category, word = children
        return _term(job, category), Span(_start(job), _end(word))

    def number(self, children: list[Token]) -> tuple[Number, Span]:
        return read_number(children[0]), _span(children[0])

    def sum(self, children: list[tuple[Term | Number, Span] | Token]) -> Sum:
        summands: list[Summand] = []
        negative, start = False, -1
        for child in children:
            if isinstance(child, Token):
                negative, start = child == "-", _start(child)
            else:
                operand, span = child
                summands.append(Summand(operand, negative, span=span if start < 0 else Span(start, span.end)))
        return Sum(tuple(summands), span=Span(summands[0].span.start, summands[-1].span.end))

    def exists(self, children: list[Term]) -> Predicate:
        term = children[0]
        end = term.span.end if isinstance(term, Filtered) else term.category_span.end
        return Exists(term, span=Span(_term_start(term), end))

    def relation(self, children: list[Sum | Token]) -> Predicate:
        sums = tuple(child for child in children if isinstance(child, Sum))
        ops = tuple(_RELATION_OPS[str(child)] for child in children if isinstance(child, Token))
        span = Span(sums[0].span.start, sums[-1].span.end)
        match sums, ops:
            case (Sum((Summand(Counter() | Pattern() | Filtered() as term),)), Sum((Summand(int() as bound),))), (op,):
                if op is not RelationOp.NE:  # one counter against one number is a comparison, however it is spelt
                    return comparison(term, CompareOp(op.value), bound, span)
            case (Sum((Summand(Counter() | Pattern() | Filtered() as term),)), Sum((Summand(bound),))), (op,):
                if op is not RelationOp.NE and not isinstance(bound, Counter | Pattern | Filtered):
                    return comparison(term, CompareOp(op.value), bound, span)
            case _:
                pass
        return Relation(sums, ops, span=span)

    def membership(self, children: list[Sum | Range | Token]) -> Predicate:
        head = children[0]
        assert isinstance(head, Sum)
        ranges: Iterable[Range] = (child for child in children if isinstance(child, Range))
        if not _has_fraction(head):
            ranges = map(_of_integers, ranges)
        negated = isinstance(children[1], Token) and children[1].type == "NOT"
        closing = children[-1]
        assert isinstance(closing, Token)
        return Membership(head, tuple(ranges), negated, span=Span(head.span.start, _end(closing)))

    def range(self, children: list[Token]) -> Range:
        match [read_number(child) for child in children if child.type == "NUMBER"]:
            case [low, high]:
                return Range(low, high)
            case [low]:
                return Range(low, None if len(children) > 1 else low)
            case other:
                raise AssertionError(other)


def _has_fraction(one: Sum) -> bool:
    """Whether the sum never comes to an integer."""
    total = Fraction(0)
    for summand in one.summands:
        if isinstance(summand.operand, Decimal):
            total += -Fraction(summand.operand) if summand.negative else Fraction(summand.operand)
    return total.denominator != 1


def _of_integers(item: Range) -> Range:
    """The integers of a range."""
    return Range(ceiling(item.low), None if item.high is None else floor(item.high))


_EVERY = NamePattern(("", ""))
_CORE_OPS = {op.value: op for op in CompareOp}
_RELATION_OPS = {op.value: op for op in RelationOp} | {"=": RelationOp.EQ, "<>": RelationOp.NE}


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return _start(token) + len(token)


def _span(token: Token) -> Span:
    start = _start(token)
    return Span(start, start + len(token))


def _term_start(term: Term) -> int:
    return term.span.start if isinstance(term, Filtered) else term.job_span.start


def _term(job: Token, category: Token) -> Counter | Pattern:
    if "*" in job or "*" in category:
        one, two = _pattern(job), _pattern(category)
        if len(one.pieces) > 1 or len(two.pieces) > 1:
            return Pattern(one, two, job_span=_span(job), category_span=_span(category))
    return Counter(_name(job), _name(category), job_span=_span(job), category_span=_span(category))


def _pattern(token: Token) -> NamePattern:
    return NamePattern((_name(token),) if token.type == "STRING" else tuple(re.split(r"\*+", token)))


def _name(token: Token) -> str:
    if token.type != "STRING":
        return str(token)
    name = json.loads(token)
    assert isinstance(name, str)  # INVARIANT: the grammar knows the escapes of JSON alone
    return name


@frozen
class _Parser:
    """A loaded grammar."""

    lark: Lark
    builder: _Builder
    terminals: dict[str, re.Pattern[str]]

    def lexemes_of(self, token: Token) -> Iterator[Lexeme]:
        """The words of a token; a comparison lexed in one piece has seven."""
        if token.type != "COMPARISON":
            text = token.rstrip(" \t\r\n")
            yield Lexeme(_WORDS[token.type.lstrip("_")], text, Span(_start(token), _start(token) + len(text)))
            return
        found = self.builder.match_comparison.match(token)
        assert found is not None  # the lexer found it by this pattern
        start = _start(token)
        first_dot, second_dot = start + token.index(".", found.end(1)), start + token.index(".", found.end(2))
        count = start + token.index("count", found.end(2))
        yield Lexeme(Word.NAME, found[1], Span(start + found.start(1), start + found.end(1)))
        yield Lexeme(Word.DOT, ".", Span(first_dot, first_dot + 1))
        yield Lexeme(Word.NAME, found[2], Span(start + found.start(2), start + found.end(2)))
        yield Lexeme(Word.DOT, ".", Span(second_dot, second_dot + 1))
        yield Lexeme(Word.COUNT, "count", Span(count, count + len("count")))
        yield Lexeme(Word.OP, found[3], Span(start + found.start(3), start + found.end(3)))
        yield Lexeme(Word.NUMBER, found[4], Span(start + found.start(4), start + found.end(4)))


_WORDS = {word.name: word for word in Word}
_TERMINALS = ["COMPARISON", *_WORDS, *(f"_{name}" for name in _WORDS)]


def _read_grammar(base_path: str | None, name: str) -> tuple[str, str]:
    """Where Lark finds an imported grammar: beside the one that imports it."""
    return f"grammar/{name}", read_text("grammar", name)


@cache
def _parser(dialect: Dialect) -> _Parser:
    builder = _Builder()
    name = f"{dialect}.lark"
    lark = Lark(
        read_text("grammar", name),
        source_path=f"grammar/{name}",
        import_paths=[_read_grammar],
        parser="lalr",
        lexer="contextual",
        maybe_placeholders=False,
        transformer=builder,
        lexer_callbacks=dict.fromkeys(_TERMINALS, _record),
    )
    builder.match_comparison = re.compile(lark.get_terminal("COMPARISON").pattern.to_regexp())
    return _Parser(lark, builder, {one.name: re.compile(one.pattern.to_regexp()) for one in lark.terminals})


def _offset(error: UnexpectedInput, text: str) -> int:
    """Where Lark met what it did not expect; the end of the text, if that is what it met."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return len(text)
    place: int | None = error.pos_in_stream
    return len(text) if place is None else place  # type: ignore[unreachable, unused-ignore]


def _expected(names: set[str]) -> Iterator[Word]:
    for name in names:
        match name:
            case "COMPARISON":
                yield Word.NAME
            case "$END":
                yield Word.END
            case "WHITE_SPACE" | "COMMENT":
                pass
            case _:
                yield _WORDS[name.lstrip("_")]
