"""Warnings that need only the words of a query: KQ205, KQ206 and KQ207."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from kili_query.ast import MAX_COUNT
from kili_query.diagnostics import Code, Diagnostic, Edit, Help, Label
from kili_query.source import Source
from kili_query.syntax.numbers import is_plain, read_number
from kili_query.syntax.parser import Dialect, Lexeme, Word

__all__ = ["lint_lexemes"]


def lint_lexemes(source: Source, lexemes: Sequence[Lexeme], dialect: Dialect) -> Iterator[Diagnostic]:
    """All warnings about the words of a query."""
    yield from _numbers_read_as_another(source, lexemes)
    yield from _mixed_connectives(source, lexemes)
    if dialect == "core":
        yield from _stars(source, lexemes)


def _numbers_read_as_another(source: Source, lexemes: Sequence[Lexeme]) -> Iterator[Diagnostic]:
    """KQ205: a sign, a decimal, an exponent, leading zeros, or more than any count."""
    in_sums = _numbers_in_sums(lexemes)
    for before, lexeme in pairwise([None, *lexemes]):
        if lexeme is None or lexeme.word is not Word.NUMBER or is_plain(lexeme.text):
            continue
        if lexeme in in_sums and (read_number(lexeme.text) < 0 or str(read_number(lexeme.text)) == lexeme.text):
            continue  # it is no bound of a single counter: a difference may be negative, and a sum very large
        op = before.text if before is not None and before.word is Word.OP else None
        message, advice = _reading(lexeme.text, op)
        span = lexeme.span
        edit = None
        if advice is not None and op is not None and before is not None:
            span = before.span.cover(lexeme.span)
            edit = Edit(span, advice)
        elif advice is not None:
            edit = Edit(span, advice)
        yield Diagnostic(
            Code.NUMBER_READ_AS_ANOTHER,
            message,
            Label(lexeme.span, "counts are integers in 0 … 2147483647"),
            help=None if advice is None else Help(f"write `{advice}`", edit),
            source=source,
        )


def _numbers_in_sums(lexemes: Sequence[Lexeme]) -> set[Lexeme]:
    """The numbers of conditions that add or take away."""
    conditions: list[list[Lexeme]] = [[]]
    found: set[Lexeme] = set()
    for lexeme in lexemes:
        match lexeme.word:
            case Word.LBRACKET:
                conditions.append([])
            case Word.RBRACKET if len(conditions) > 1:
                found.update(_summed(conditions.pop()))
            case Word.AND | Word.OR | Word.LPAR | Word.RPAR:
                found.update(_summed(conditions[-1]))
                conditions[-1] = []
            case _:
                conditions[-1].append(lexeme)
    for condition in conditions:
        found.update(_summed(condition))
    return found


def _summed(condition: Sequence[Lexeme]) -> Iterator[Lexeme]:
    if any(lexeme.word is Word.SIGN for lexeme in condition):
        yield from (lexeme for lexeme in condition if lexeme.word is Word.NUMBER)


def _reading(text: str, op: str | None) -> tuple[str, str | None]:
    """What a number that is no plain count means, and how to write that."""
    number = read_number(text)
    shown = text if len(text) <= 40 else text[:39] + "…"
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
            return f"`{shown}` is no integer", None


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
                Code.STAR_IS_NO_WILDCARD,
                f"the `*` in `{lexeme.text}` is no wildcard in core",
                Label(lexeme.span, "means a name that holds this very character"),
                help=Help("name the categories one by one, or use the extended dialect"),
                source=source,
            )
