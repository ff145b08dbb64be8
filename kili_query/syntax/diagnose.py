"""From the place where a text stops being a query to a diagnostic that says what was meant.

Longer than most files: it is a list of the slips that people make, one short function for each family.
"""

import re
import unicodedata
from collections.abc import Sequence

from kili_query.diagnostics import Code, Diagnostic, Edit, Help, Label
from kili_query.source import Source, Span
from kili_query.syntax.parser import Lexeme, ParseFailure, Word

__all__ = ["diagnose", "diagnose_not_core"]

_OPENING = {Word.LPAR: "(", Word.LBRACKET: "[", Word.LBRACE: "{"}
_CLOSING = {Word.RPAR: "(", Word.RBRACKET: "[", Word.RBRACE: "{"}
_CLOSE_OF = {"(": ")", "[": "]", "{": "}"}
_CONDITION = frozenset({Word.NAME, Word.LPAR})
_OPERAND = frozenset({Word.NAME, Word.NUMBER})

_WORD = re.compile(r"[\w*-]+")
_OP_RUN = re.compile(r"[=<>!]+")
_NUMBER_LIKE = re.compile(r"[+-]?(?:\d[\w.]*|\.\d[\w.]*)")
_SYMBOLS = {"&&": "AND", "&": "AND", "||": "OR", "|": "OR", "∧": "AND", "∨": "OR", "!": "NOT", "¬": "NOT", "~": "NOT"}
_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "＝": "==", "＞": ">", "＜": "<", "−": "-", "–": "-", "—": "-"}
_OPS = {"=>": ">=", "=<": "<=", "===": "==", "!==": "!=", ">==": ">=", "<==": "<=", "==>": ">=", "=!": "!=", "><": "!="}
_QUOTES = "“”„‟«»″＂"
_SINGLE_QUOTES = "'‘’`´"
_LOOK_ALIKES = dict(
    zip("АВЕКМНОРСТУХЅІЈаеорсухіјѕԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXSIJaeopcyxijsdqwABEZHIKMNOPTYXo", strict=True)
)


def diagnose(source: Source, lexemes: Sequence[Lexeme], failure: ParseFailure) -> Diagnostic:
    """Say what is wrong at the place of a parse failure.

    Args:
        source: the query.
        lexemes: the words before the place.
        failure: the place and what could stand there.
    """
    place = _Place(source, lexemes, failure)
    for find in (
        _bad_literal,
        _end_of_text,
        _closing_without_opening,
        _foreign_symbol,
        _bad_operator,
        _reserved_word,
        _count_slips,
        _set_slips,
        _sign_without_spaces,
        _connective_slips,
    ):
        found = find(place)
        if found is not None:
            return found
    return place.unexpected()


class _Place:
    """The place of a failure, and what the slips look at there."""

    def __init__(self, source: Source, lexemes: Sequence[Lexeme], failure: ParseFailure) -> None:
        self.source = source
        self.text = source.text
        self.lexemes = lexemes
        self.offset = failure.offset
        self.expected = failure.expected
        self.is_literal = failure.is_literal
        self.rest = self.text[self.offset :]
        self.previous = lexemes[-1] if lexemes else None

    def words_end_with(self, *words: Word) -> bool:
        return tuple(lexeme.word for lexeme in self.lexemes[-len(words) :]) == words

    def span(self, length: int) -> Span:
        return Span(self.offset, self.offset + length)

    def make(
        self,
        code: Code,
        message: str,
        span: Span,
        label: str = "",
        help: str | None = None,  # noqa: A002 - the word of the diagnostics
        edit: Edit | None = None,
        labels: tuple[Label, ...] = (),
    ) -> Diagnostic:
        advice = None if help is None else Help(help, edit)
        return Diagnostic(code, message, Label(span, label), labels, help=advice, source=self.source)

    def replace(self, code: Code, message: str, span: Span, label: str, text: str, help_text: str = "") -> Diagnostic:
        """A diagnostic whose help is to write ``text`` where ``span`` is."""
        return self.make(code, message, span, label, help_text or f"write `{text}`", Edit(span, text))

    def here(self) -> str:
        """The word, number or symbol at the place."""
        found = _WORD.match(self.rest) or _OP_RUN.match(self.rest)
        return found[0] if found else self.rest[:1]

    def expectation(self) -> str:
        return _in_words(self)

    def unexpected(self) -> Diagnostic:
        text = self.here()
        starts_word = self.expected and (_is_word_start(text[0]) or text[0] in '.,()[]{}=<>+-"')
        code = Code.UNEXPECTED_TOKEN if starts_word else Code.UNEXPECTED_CHARACTER
        kind = "" if starts_word else "character "
        return self.make(
            code, f"unexpected {kind}{_quote(text)}", self.span(len(text)), f"expected {self.expectation()}"
        )


def _is_word_start(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char in "_*")


def _quote(text: str) -> str:
    """User text in a message: cut when long, and with nothing that would not print."""
    shown = text if len(text) <= 40 else text[:39] + "…"
    if all(char.isprintable() for char in shown):
        return f"`{shown}`"
    return " ".join(f"U+{ord(char):04X}" for char in shown)


def _in_words(place: "_Place") -> str:
    expected = place.expected
    if expected >= _CONDITION:
        return "a condition, such as `JOB.CATEGORY.count > 0`"
    if expected >= _OPERAND:
        return "a number or a counter"
    if expected <= {Word.NAME, Word.STRING, Word.COUNT} and place.words_end_with(Word.NAME, Word.DOT):
        return "a category or `count`" if Word.COUNT in expected else "a category"
    order = list(Word)
    words = [word.value for word in sorted(expected, key=order.index) if word is not Word.STRING or len(expected) == 1]
    match words:
        case []:
            return "nothing here"
        case [only]:
            return only
        case _:
            return f"{', '.join(words[:-1])} or {words[-1]}"


def _bad_literal(place: _Place) -> Diagnostic | None:
    if place.is_literal:
        found = re.match(r'"(?:[^"\\]|\\.)*"', place.rest)
        length = len(found[0]) if found else 1
        return place.make(
            Code.BAD_LITERAL, "bad escape in a quoted name", place.span(length), "", "escapes are those of JSON strings"
        )
    if place.rest.startswith('"') and {Word.STRING, Word.NAME} & place.expected:
        line = place.rest.split("\n", 1)[0]
        if re.match(r'"(?:[^"\\]|\\.)*"', line) is None:
            return place.make(
                Code.BAD_LITERAL,
                "quoted name without an end",
                place.span(len(line)),
                "starts here",
                'close it with `"`',
            )
        found = re.match(r'"(?:[^"\\]|\\.)*"', line)
        return place.make(
            Code.BAD_LITERAL,
            "bad character in a quoted name",
            place.span(len(found[0]) if found else 1),
            "",
            "control characters are written with JSON's escapes, such as `\\t`",
        )
    return _bad_number(place)


def _bad_number(place: _Place) -> Diagnostic | None:
    found = _NUMBER_LIKE.match(place.rest)
    if found is not None and Word.NUMBER in place.expected:
        text = found[0]
        keyword = re.fullmatch(r"([+-]?[\d.]+)(AND|OR)(\w*)", text, re.IGNORECASE)
        if keyword is not None:
            spaced = " ".join(filter(None, keyword.groups()))
            help_text = f"put spaces around `{keyword[2]}`"
            span = place.span(len(text))
            return place.replace(
                Code.BAD_LITERAL, f"bad number `{text}`", span, "a keyword sticks to it", spaced, help_text
            )
        plain = text.replace("_", "").replace(",", "")
        advice = f"write `{plain}`" if plain.isdecimal() and plain != text else "numbers are decimal, such as `10`"
        edit = Edit(place.span(len(text)), plain) if plain.isdecimal() and plain != text else None
        return place.make(Code.BAD_LITERAL, f"bad number `{text}`", place.span(len(text)), "", advice, edit)
    if place.previous is not None and place.previous.word is Word.NUMBER:
        run = re.match(r"[\w.]+", place.rest)
        if run is not None and place.previous.span.end == place.offset:
            span = Span(place.previous.span.start, place.offset + len(run[0]))
            text = place.text[span.start : span.end]
            return place.make(Code.BAD_LITERAL, f"bad number `{text}`", span, "", "numbers are decimal, such as `10`")
    sign = re.match(r"[+-][ \t\r\n]+(?=[\d.])", place.rest)
    if sign is not None and Word.NUMBER in place.expected:
        span = place.span(len(sign[0]))
        return place.replace(Code.BAD_LITERAL, "white space between a sign and its number", span, "", place.rest[0])
    return None


def _open_ones(lexemes: Sequence[Lexeme]) -> list[Lexeme]:
    stack: list[Lexeme] = []
    for lexeme in lexemes:
        if lexeme.word in _OPENING:
            stack.append(lexeme)
        elif lexeme.word in _CLOSING and stack:
            stack.pop()
    return stack


def _end_of_text(place: _Place) -> Diagnostic | None:
    if place.offset < len(place.text):
        return None
    if not place.lexemes:
        return place.make(
            Code.UNEXPECTED_END,
            "the query is empty",
            Span(0, 0),
            "",
            "write a condition, such as `JOB.CATEGORY.count > 0`",
        )
    last = place.lexemes[-1]
    end = Span(last.span.end, last.span.end)
    if last.word in (Word.AND, Word.OR, Word.NOT):
        word = last.text.upper()
        return place.make(
            Code.UNEXPECTED_END,
            f"nothing follows `{last.text}`",
            last.span,
            "a condition is missing after this",
            f"remove `{word}`, or write a condition after it",
            Edit(last.span, ""),
        )
    open_ones = _open_ones(place.lexemes)
    if open_ones and (Word(_close_word(open_ones[-1])) in place.expected or last is open_ones[-1]):
        opening = open_ones[-1]
        closing = _CLOSE_OF[opening.text]
        return place.make(
            Code.UNBALANCED_PARENTHESIS,
            f"`{opening.text}` is never closed",
            opening.span,
            "opened here",
            f"close it with `{closing}`",
            Edit(end, closing),
        )
    missing_count = _missing_count_at_end(place)
    if missing_count is not None:
        return missing_count
    return place.make(Code.UNEXPECTED_END, "the query ends too early", end, f"expected {place.expectation()}")


def _close_word(opening: Lexeme) -> str:
    return {Word.LPAR: Word.RPAR, Word.LBRACKET: Word.RBRACKET, Word.LBRACE: Word.RBRACE}[opening.word].value


def _missing_count_at_end(place: _Place) -> Diagnostic | None:
    last = place.lexemes[-1]
    if last.word is Word.COUNT:
        span = Span(last.span.end, last.span.end)
        return place.make(
            Code.UNEXPECTED_END,
            "a counter alone is no condition",
            span,
            "expected a comparison operator",
            f"compare it, as in `{_counter_text(place)} > 0`",
            Edit(span, " > 0"),
        )
    return None


def _counter_text(place: _Place) -> str:
    words: list[str] = []
    for lexeme in reversed(place.lexemes):
        if lexeme.word not in (Word.NAME, Word.STRING, Word.DOT, Word.COUNT):
            break
        words.append(lexeme.text)
    return "".join(reversed(words))


def _closing_without_opening(place: _Place) -> Diagnostic | None:
    char = place.rest[0]
    if char not in ")]}":
        return None
    open_ones = _open_ones(place.lexemes)
    if not open_ones:
        return place.make(
            Code.UNBALANCED_PARENTHESIS,
            f"`{char}` closes nothing",
            place.span(1),
            "no open one before this",
            f"remove `{char}`",
            Edit(place.span(1), ""),
        )
    opening = open_ones[-1]
    if _CLOSE_OF[opening.text] != char:
        wanted = _CLOSE_OF[opening.text]
        return place.make(
            Code.UNBALANCED_PARENTHESIS,
            f"`{char}` does not close `{opening.text}`",
            place.span(1),
            f"expected `{wanted}`",
            f"write `{wanted}`",
            Edit(place.span(1), wanted),
            (Label(opening.span, "opened here"),),
        )
    if place.previous is opening:
        pair = Span(opening.span.start, place.offset + 1)
        return place.make(
            Code.UNEXPECTED_TOKEN,
            f"nothing between `{opening.text}` and `{char}`",
            pair,
            f"expected {place.expectation()}",
        )
    return None


def _foreign_symbol(place: _Place) -> Diagnostic | None:
    """What other languages, word processors and keyboards put in."""
    unexpected = Code.UNEXPECTED_CHARACTER
    for symbol in (place.rest[:2], place.rest[:1]):
        if symbol in _SYMBOLS and not place.rest.startswith("!="):
            word = _SYMBOLS[symbol]
            return place.replace(
                unexpected,
                f"unexpected character `{symbol}`",
                place.span(len(symbol)),
                "no operator of this language",
                word,
            )
    char = place.rest[0]
    if char in _SIGNS:
        return place.replace(unexpected, f"unexpected character `{char}`", place.span(1), "", _SIGNS[char])
    if char in _QUOTES:
        return place.replace(
            unexpected,
            f"curly quote `{char}`",
            place.span(1),
            "no quotation mark of this language",
            '"',
            'write `"`, the straight quotation mark',
        )
    if char in _SINGLE_QUOTES:
        return place.replace(
            unexpected, f"unexpected quote {_quote(char)}", place.span(1), "", '"', 'names are quoted with `"`'
        )
    if char.isspace():
        name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
        return place.replace(unexpected, f"unexpected white space: {name}", place.span(1), "", " ", "write a space")
    if char == ";":
        return place.make(
            unexpected,
            "unexpected character `;`",
            place.span(1),
            "",
            "a query has no end mark: remove it",
            Edit(place.span(1), ""),
        )
    return _look_alike(place)


def _look_alike(place: _Place) -> Diagnostic | None:
    found = re.match(r"[^\W_]", place.rest)
    if found is None or found[0].isascii():
        return None
    start = place.offset
    previous = place.previous
    if previous is not None and previous.span.end == start and previous.word in (Word.NAME, Word.COUNT):
        start = previous.span.start
    word = _WORD.match(place.text, start)
    assert word is not None  # the look-alike letter is one
    mended = "".join(_LOOK_ALIKES.get(char, unicodedata.normalize("NFKC", char)) for char in word[0])
    char, span = found[0], Span(start, start + len(word[0]))
    message = f"unexpected letter `{char}` ({unicodedata.name(char, f'U+{ord(char):04X}').lower()})"
    if mended.isascii():
        return (
            place.replace(Code.UNEXPECTED_CHARACTER, message, place.span(1), "looks like another letter", mended)
            if span.start == place.offset and len(span) == 1
            else place.make(
                Code.UNEXPECTED_CHARACTER,
                message,
                place.span(1),
                "looks like an ASCII letter",
                f"write `{mended}`",
                Edit(span, mended),
            )
        )
    return place.make(
        Code.UNEXPECTED_CHARACTER,
        message,
        place.span(1),
        "",
        f'quote the name: `"{word[0]}"`',
        Edit(span, f'"{word[0]}"'),
    )


def _bad_operator(place: _Place) -> Diagnostic | None:
    """``=>``, ``== =``, ``> =``: operators in two pieces or the wrong way round."""
    found = _OP_RUN.match(place.rest)
    if found is None:
        return None
    start, pieces = place.offset, found[0]
    if place.previous is not None and place.previous.word is Word.OP:
        start, pieces = place.previous.span.start, place.previous.text + found[0]
    span = Span(start, place.offset + len(found[0]))
    shown = place.text[span.start : span.end]
    mended = _OPS.get(pieces) or (pieces if pieces in ("==", ">=", "<=", "!=", "<>") else None)
    if mended is not None and mended != shown:
        return place.replace(Code.UNEXPECTED_TOKEN, f"unexpected operator `{shown}`", span, "no such operator", mended)
    return None


def _reserved_word(place: _Place) -> Diagnostic | None:
    """NOT and IN where a name should stand."""
    word = place.here()
    start = place.offset
    if place.previous is not None and place.previous.word is Word.NOT and word == "." and Word.NAME in place.expected:
        word, start = place.previous.text, place.previous.span.start
    if (
        word.upper() in ("NOT", "IN")
        and Word.NAME in place.expected
        and (word.upper() == "IN" or start != place.offset or Word.LPAR not in place.expected)
    ):
        span = Span(start, start + len(word))
        return place.replace(
            Code.UNEXPECTED_TOKEN,
            f"`{word}` is a keyword",
            span,
            "expected a name",
            f'"{word}"',
            f'as a name it needs quotes: `"{word}"`',
        )
    return None


def _count_slips(place: _Place) -> Diagnostic | None:
    """A missing or misspelt ``.count``, and names with too many parts."""
    op = _OP_RUN.match(place.rest)
    if (op or re.match(r"(?i:(not\s+)?in)\b", place.rest)) and Word.DOT in place.expected:
        last = place.previous
        assert last is not None  # a dot is expected only after a name
        at = Span(last.span.end, last.span.end)
        if (
            place.words_end_with(Word.NAME, Word.DOT, last.word)
            or place.words_end_with(Word.STRING, Word.DOT, last.word)
            or last.word is Word.RBRACKET
        ):
            counter = _counter_text(place)
            shown = f"`{counter}.count`" if counter else "`.count`"
            return place.make(
                Code.UNEXPECTED_TOKEN, "missing `.count`", at, "expected `.count`", f"write {shown}", Edit(at, ".count")
            )
    word = place.here()
    if (
        Word.COUNT in place.expected
        and place.previous is not None
        and place.previous.word is Word.DOT
        and _is_word_start(word[0])
    ) and Word.NAME not in place.expected:
        if _resembles_count(word):
            return place.replace(
                Code.UNEXPECTED_TOKEN, f"unexpected `{word}`", place.span(len(word)), "expected `count`", "count"
            )
        after = place.text[place.offset + len(word) :].lstrip()
        if after.startswith("."):
            return place.make(
                Code.UNEXPECTED_TOKEN,
                f"unexpected name `{word}`",
                place.span(len(word)),
                "expected `count`",
                "a counter is a job, a category and `count`: `JOB.CATEGORY.count`",
            )
    if (
        place.words_end_with(Word.NAME)
        and Word.DOT in place.expected
        and word not in (".",)
        and Word.AND not in place.expected
    ):
        name = place.lexemes[-1]
        return place.make(
            Code.UNEXPECTED_TOKEN,
            f"unexpected {_quote(word)}",
            place.span(len(word)),
            "expected `.` and a category",
            f"a counter is a job, a category and `count`: `{name.text}.CATEGORY.count`",
        )
    return None


def _resembles_count(word: str) -> bool:
    lowered = word.lower()
    return lowered in {"count", "counts", "cnt", "num", "number", "total", "size", "length", "len", "sum"} or (
        sorted(lowered) == sorted("count") or _one_edit_apart(lowered, "count")
    )


def _one_edit_apart(one: str, two: str) -> bool:
    short, long = sorted((one, two), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((index for index, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


def _set_slips(place: _Place) -> Diagnostic | None:
    if place.previous is not None and place.previous.word is Word.IN and place.rest[0] in "([":
        return place.make(
            Code.UNEXPECTED_TOKEN,
            f"unexpected `{place.rest[0]}`",
            place.span(1),
            "expected `{`",
            "a set stands in braces: `{0, 2, 5..9}`",
        )
    if place.previous is not None and place.previous.word is Word.LBRACE and place.rest[0] == "}":
        return place.make(
            Code.UNEXPECTED_TOKEN,
            "an empty set",
            Span(place.previous.span.start, place.offset + 1),
            "expected a number",
        )
    return None


def _sign_without_spaces(place: _Place) -> Diagnostic | None:
    """``A.B.count-1``: a hyphen belongs to names, so that ``count-1`` is one."""
    found = re.match(r"count(-[\w*-]+)", place.rest)
    if found is None or Word.COUNT not in place.expected or Word.NAME in place.expected:
        found = None
    if found is not None:
        mended = f"count - {found[1][1:]}"
        return place.replace(
            Code.UNEXPECTED_TOKEN,
            f"unexpected name `{found[0]}`",
            place.span(len(found[0])),
            "a hyphen belongs to names",
            mended,
            f"put spaces around the minus: `{mended}`",
        )
    return None


def _connective_slips(place: _Place) -> Diagnostic | None:
    """A missing, misspelt or doubled AND or OR."""
    word = place.here()
    if Word.AND in place.expected and Word.OR in place.expected:
        if _is_word_start(word[0]) and word[0].isalpha():
            after = place.text[place.offset + len(word) :].lstrip()
            if not after.startswith("."):
                nearest = next((known for known in ("AND", "OR") if _near_keyword(word.upper(), known)), None)
                if nearest is not None:
                    return place.replace(
                        Code.UNEXPECTED_TOKEN,
                        f"unexpected word `{word}`",
                        place.span(len(word)),
                        "expected `AND` or `OR`",
                        nearest,
                        f"did you mean `{nearest}`?",
                    )
        if _is_word_start(word[0]) or word[0] in '("':
            at = Span(place.offset, place.offset)
            return place.make(
                Code.UNEXPECTED_TOKEN,
                "two conditions without a connective",
                place.span(len(word)),
                "expected `AND` or `OR` before this",
                "put `AND` or `OR` between the two conditions",
                Edit(at, "AND "),
            )
        if word == ",":
            return place.replace(
                Code.UNEXPECTED_TOKEN,
                "unexpected `,`",
                place.span(1),
                "expected `AND` or `OR`",
                " AND",
                "join conditions with `AND` or `OR`",
            )
    if word.upper() in ("AND", "OR") and place.expected >= _CONDITION:
        before = place.previous
        message = (
            f"`{word}` has no condition before it"
            if before is None or before.word in (Word.LPAR, Word.LBRACKET)
            else f"`{word}` follows `{before.text}`"
        )
        return place.make(
            Code.UNEXPECTED_TOKEN,
            message,
            place.span(len(word)),
            "expected a condition",
            f"remove `{word}`, or write a condition before it",
            Edit(place.span(len(word)), ""),
        )
    return None


def _near_keyword(word: str, keyword: str) -> bool:
    return word in {"AND": ("UND", "ET", "Y", "PLUS", "ADN", "NAD"), "OR": ("ODER", "OU", "XOR", "RO")}[keyword] or (
        len(keyword) > 2 and _one_edit_apart(word, keyword)
    )


def diagnose_not_core(source: Source, lexemes: Sequence[Lexeme], failure: ParseFailure) -> Diagnostic:
    """KQ007: the text is a query, but not of the core dialect; say which feature is not core.

    Args:
        source: the query.
        lexemes: all words of the text, read as extended.
        failure: where the text stops being core.
    """
    at = next((lexeme for lexeme in lexemes if lexeme.span.end > failure.offset), lexemes[-1])
    index = lexemes.index(at)
    feature, advice, edit = _feature(source.text, lexemes, index, failure)
    span = at.span
    if feature == "a comment":
        found = re.compile(r"#[^\n]*").search(source.text, failure.offset)
        span = Span(*found.span()) if found else span
    help_ = None if advice is None else Help(advice, edit)
    return Diagnostic(
        Code.NOT_CORE, f"{feature} is not core", Label(span, "only in the extended dialect"), help=help_, source=source
    )


def _feature(
    text: str, lexemes: Sequence[Lexeme], index: int, failure: ParseFailure
) -> tuple[str, str | None, Edit | None]:
    at = lexemes[index]
    if text[failure.offset : failure.offset + 1] == "#":
        return "a comment", "remove it", None
    match at.word:
        case Word.AND | Word.OR:
            if at.text.isupper():
                return "a name alone as a condition", "write `.count > 0` after it", None
            upper = at.text.upper()
            return f"the keyword `{at.text}` in lower case", f"write `{upper}`", Edit(at.span, upper)
        case Word.NOT:
            return "`NOT`", "turn the comparisons round instead", None
        case Word.IN:
            return "`IN`", "write comparisons joined by `OR` instead", None
        case Word.STRING:
            return (
                "a quoted name",
                "core cannot spell names with other characters than letters, digits, `_` and `-`",
                None,
            )
        case Word.OP:
            return _operator_feature(lexemes, index)
        case Word.SIGN:
            return "a sum of counters", None, None
        case Word.LBRACKET:
            return "a condition in brackets", None, None
        case Word.TRUE | Word.FALSE:
            return f"`{at.text}`", None, None
        case Word.NUMBER:
            return _flipped(lexemes, index)
        case Word.NAME if at.text.startswith("*"):
            return "a name that starts with `*`", None, None
        case Word.RPAR:
            return "a name alone as a condition", "write `.count > 0` after it", None
        case _:
            if failure.offset >= len(text):
                return "a name alone as a condition", "write `.count > 0` after it", None
            return "this form", None, None


def _operator_feature(lexemes: Sequence[Lexeme], index: int) -> tuple[str, str | None, Edit | None]:
    at = lexemes[index]
    match at.text:
        case "=":
            return "`=`", "write `==`", Edit(at.span, "==")
        case "!=" | "<>":
            return f"`{at.text}`", "write `< n OR > n` with two comparisons", None
    if index >= 3 and lexemes[index - 1].word is Word.COUNT and lexemes[index - 3].word not in (Word.NAME, Word.STRING):
        return "the total of a job", None, None
    if lexemes[index - 1].word is Word.NUMBER:
        return "a chained comparison", "write two comparisons joined by `AND`", None
    return "the total of a job", "name a category: `JOB.CATEGORY.count`", None


_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "=": "=="}


def _flipped(lexemes: Sequence[Lexeme], index: int) -> tuple[str, str | None, Edit | None]:
    """``0 < A.B.count`` is ``A.B.count > 0`` in core."""
    rest = lexemes[index : index + 7]
    words = tuple(lexeme.word for lexeme in rest)
    counter = (Word.NAME, Word.DOT, Word.NAME, Word.DOT, Word.COUNT)
    if words == (Word.NUMBER, Word.OP, *counter) and rest[1].text in _TURNED:
        name = "".join(lexeme.text for lexeme in rest[2:])
        text = f"{name} {_TURNED[rest[1].text]} {rest[0].text}"
        return "a number before the counter", f"write `{text}`", Edit(Span(rest[0].span.start, rest[-1].span.end), text)
    return "a number before the counter", "write the counter first", None
