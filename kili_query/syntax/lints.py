"""Warnings that need only the words of a query: reversed ranges (KQ202), KQ205, KQ206 and KQ207."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from kili_query.ast import MAX_COUNT
from kili_query.diagnostics import Code, Diagnostic, Edit, Help, Label
from kili_query.source import Source
from kili_query.syntax.numbers import is_plain, read_number
from kili_query.syntax.parser import Dialect, Lexeme, Word
from kili_query.wording import shortened

_LONGEST = 40


def lint_lexemes(source: Source, lexemes: Sequence[Lexeme], dialect: Dialect) -> Iterator[Diagnostic]:
    """All warnings about the words of a query."""
    yield from _reversed_ranges(source, lexemes)
    yield from _numbers_read_as_another(source, lexemes)
    yield from _mixed_connectives(source, lexemes)
    if dialect == "core":
        yield from _stars(source, lexemes)


def _reversed_ranges(source: Source, lexemes: Sequence[Lexeme]) -> Iterator[Diagnostic]:
    """KQ202: a range like ``5..3`` among others. A set of nothing else is for the logic, which judges the whole."""
    for items in _sets(lexemes):
        turned = [item for item in items if _is_reversed(item)]
        for low, dots, high in turned if len(turned) < len(items) else ():
            span = low.span.cover(high.span)
            shown = shortened(f"{low.text}{dots.text}{high.text}", _LONGEST)
            advice = f"{high.text}{dots.text}{low.text}"
            yield Diagnostic(
                Code.NEVER_TRUE,
                f"no count lies in the reversed range `{shown}`",
                Label(span, "holds no number"),
                help=Help(f"write `{shortened(advice, _LONGEST)}`", Edit(span, advice)),
                source=source,
            )


def _sets(lexemes: Sequence[Lexeme]) -> Iterator[list[list[Lexeme]]]:
    """The items of each set in braces, each as its words."""
    items: list[list[Lexeme]] = []
    for lexeme in lexemes:
        match lexeme.word:
            case Word.LBRACE:
                items = [[]]
            case Word.COMMA if items:
                items.append([])
            case Word.RBRACE if items:
                yield items
                items = []
            case _ if items:
                items[-1].append(lexeme)
            case _:
                pass


def _is_reversed(item: Sequence[Lexeme]) -> bool:
    match [lexeme.word for lexeme in item]:
        case [Word.NUMBER, Word.RANGE, Word.NUMBER]:
            return read_number(item[0].text) > read_number(item[2].text)
        case _:
            return False


def _numbers_read_as_another(source: Source, lexemes: Sequence[Lexeme]) -> Iterator[Diagnostic]:
    """KQ205: a sign, a decimal, an exponent, leading zeros, or more than any count."""
    for condition in _conditions(lexemes):
        is_sum = any(lexeme.word is Word.SIGN for lexeme in condition)
        for before, lexeme in pairwise([None, *condition]):
            if lexeme is None or lexeme.word is not Word.NUMBER or is_plain(lexeme.text):
                continue
            op = before if before is not None and before.word is Word.OP else None
            found = _reading_in_sum(lexeme.text) if is_sum else _reading(lexeme.text, None if op is None else op.text)
            if found is not None:
                yield _read_as_another(source, lexeme, None if is_sum else op, *found)


def _conditions(lexemes: Sequence[Lexeme]) -> Iterator[list[Lexeme]]:
    """The words between connectives and brackets."""
    condition: list[Lexeme] = []
    for lexeme in lexemes:
        if lexeme.word in (Word.AND, Word.OR, Word.LPAR, Word.RPAR, Word.LBRACKET, Word.RBRACKET):
            yield condition
            condition = []
        else:
            condition.append(lexeme)
    yield condition


def _read_as_another(source: Source, number: Lexeme, op: Lexeme | None, message: str, advice: str | None) -> Diagnostic:
    """A number, with the operator before it where that changes too."""
    span = number.span if op is None else op.span.cover(number.span)
    return Diagnostic(
        Code.NUMBER_READ_AS_ANOTHER,
        message,
        Label(number.span, "counts are integers in 0 … 2147483647"),
        help=None if advice is None else Help(f"write `{advice}`", Edit(span, advice)),
        source=source,
    )


def _reading_in_sum(text: str) -> tuple[str, str | None] | None:
    """Return how a number in a sum is read; None unless another spelling is plainer."""
    number = read_number(text)
    if not isinstance(number, int) or str(number) == text or abs(number) > MAX_COUNT:
        return None
    return f"`{shortened(text, _LONGEST)}` is read as `{number}`", str(number)


def _reading(text: str, op: str | None) -> tuple[str, str | None]:
    """Return how a number that is not a plain count is read, and how to write it plainly."""
    number = read_number(text)
    shown = shortened(text, _LONGEST)
    lead = "" if op is None else f"{op} "
    if number > MAX_COUNT:
        return f"`{shown}` is more than any count", None
    if number < 0:
        return f"`{shown}` is less than any count", None
    if isinstance(number, int):
        return f"`{shown}` is read as `{number}`", f"{lead}{number}"
    whole = int(number)
    match op:
        case ">" | ">=":
            return f"`{lead}{shown}` is read as `>= {whole + 1}`", f">= {whole + 1}"
        case "<" | "<=":
            return f"`{lead}{shown}` is read as `<= {whole}`", f"<= {whole}"
        case "==" | "=":
            return f"no count equals `{shown}`", None
        case "!=" | "<>":
            return f"every count differs from `{shown}`", None
        case _:
            return f"`{shown}` is not an integer", None


def _mixed_connectives(source: Source, lexemes: Sequence[Lexeme]) -> Iterator[Diagnostic]:
    """KQ206: AND and OR side by side, with no parentheses to say which binds first."""
    levels: list[dict[Word, Lexeme]] = [{}]
    for lexeme in lexemes:
        match lexeme.word:
            case Word.LPAR | Word.LBRACKET:
                levels.append({})
            case Word.RPAR | Word.RBRACKET if len(levels) > 1:
                yield from _mixed(source, levels.pop())
            case Word.AND | Word.OR:
                levels[-1].setdefault(lexeme.word, lexeme)
            case _:
                pass
    for level in levels:
        yield from _mixed(source, level)


def _mixed(source: Source, first_of: dict[Word, Lexeme]) -> Iterator[Diagnostic]:
    if len(first_of) == 2:
        yield Diagnostic(
            Code.MIXED_CONNECTIVES,
            "`AND` and `OR` mixed without parentheses",
            Label(first_of[Word.AND].span, "binds tighter"),
            (Label(first_of[Word.OR].span, "than this"),),
            help=Help("put the operands of `AND` in parentheses"),
            source=source,
        )


def _stars(source: Source, lexemes: Sequence[Lexeme]) -> Iterator[Diagnostic]:
    """KQ207: in core a star is a character of the name."""
    for lexeme in lexemes:
        if lexeme.word is Word.NAME and "*" in lexeme.text:
            yield Diagnostic(
                Code.STAR_IS_NOT_A_WILDCARD,
                f"the `*` in `{lexeme.text}` is not a wildcard in core",
                Label(lexeme.span, "matches only a name that contains a star"),
                help=Help("name the categories one by one, or use the extended dialect"),
                source=source,
            )
