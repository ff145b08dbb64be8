"""KQ007: the text is a query, but not of the core dialect."""

import json
import re
from collections.abc import Sequence

from attrs import frozen

from kili_query.ast import And, Or, subtrees
from kili_query.diagnostics import Code, Diagnostic, Edit, Help, Label
from kili_query.source import Source, Span
from kili_query.syntax.lower import lower
from kili_query.syntax.parser import Lexeme, ParseFailure, Word, find_comments, parse_text
from kili_query.syntax.printer import print_tree
from kili_query.syntax.size import lowered_size

_NAMES = (Word.NAME, Word.STRING)
_ENDS = (Word.AND, Word.OR, Word.RPAR, Word.RBRACKET)
_BARE = re.compile("[A-Za-z][A-Za-z0-9_-]*")
_LONGEST = 120


@frozen
class _Feature:
    """A feature that core lacks, its place, and advice; without advice, the condition may have a core spelling."""

    name: str
    span: Span
    help: Help | None = None


def diagnose_not_core(source: Source, lexemes: Sequence[Lexeme], failure: ParseFailure) -> Diagnostic:
    """Say which feature is not core: the first one in the text.

    Args:
        source: the query.
        lexemes: all words of the text, read as extended.
        failure: where the text stops being core.
    """
    place = Span(failure.offset, failure.offset)
    feature = _first_feature(source.text, lexemes) or _Feature("this form", place)
    help_ = feature.help or _spelt_in_core(source.text, feature.span)
    primary = Label(feature.span, "only in the extended dialect")
    return Diagnostic(Code.NOT_CORE, f"{feature.name} is not core", primary, help=help_, source=source)


def _spelt_in_core(text: str, span: Span) -> Help | None:
    """The condition around a span as core says it, if it can."""
    tree = parse_text(text, "extended")
    around = (one for one in subtrees(tree) if one.span.start <= span.start < one.span.end)
    condition = next((one for one in around if not isinstance(one, And | Or)), tree)
    if lowered_size(condition) > len(text):
        return None  # a set of a sum, which is more than core can say
    lowered = lower(condition)
    core = print_tree(lowered)
    if isinstance(lowered, And | Or) and condition is not tree:
        core = f"({core})"
    if not _is_core(core):
        return None
    return Help(f"write `{core}`" if len(core) <= _LONGEST else "write comparisons", Edit(condition.span, core))


def _is_core(text: str) -> bool:
    try:
        parse_text(text, "core")
    except ParseFailure:
        return False
    return True


def _first_feature(text: str, lexemes: Sequence[Lexeme]) -> _Feature | None:
    end = 0
    for index, lexeme in enumerate(lexemes):
        found = _comment(text, end, lexeme.span.start) or _feature(lexemes, index)
        if found is not None:
            return found
        end = lexeme.span.end
    return _comment(text, end, len(text))


def _comment(text: str, start: int, end: int) -> _Feature | None:
    found = next(find_comments(text, start, end), None)
    return None if found is None else _Feature("a comment", found, _edit("remove it", found, ""))


def _edit(advice: str, span: tuple[int, int], text: str) -> Help:
    return Help(advice, Edit(Span(*span), text))


def _feature(lexemes: Sequence[Lexeme], index: int) -> _Feature | None:
    """Return the feature of one word that core lacks, given the words around it."""
    at = lexemes[index]
    match at.word:
        case Word.AND | Word.OR if not at.text.isupper():
            upper = at.text.upper()
            return _Feature(
                f"the keyword `{at.text}` in lower case", at.span, _edit(f"write `{upper}`", at.span, upper)
            )
        case Word.NOT if _word(lexemes, index + 1) is Word.IN:
            return _Feature("`NOT IN`", at.span.cover(lexemes[index + 1].span))
        case Word.NOT | Word.IN:
            return _Feature(f"`{at.text.upper()}`", at.span)
        case Word.TRUE | Word.FALSE:
            return _Feature(f"`{at.text.upper()}`", at.span, Help("core has no constants: leave this operand out"))
        case Word.OP:
            return _operator(lexemes, index)
        case Word.SIGN:
            return _Feature("a sum", at.span)
        case Word.LBRACKET:
            return _Feature("a condition in brackets", at.span)
        case Word.NUMBER if _word(lexemes, index - 1) is not Word.OP:
            return _relation(lexemes, index)
        case Word.NAME | Word.STRING:
            return _name(lexemes, index)
        case Word.COUNT:
            return _total(lexemes, index)
        case _:
            return None


def _word(lexemes: Sequence[Lexeme], index: int) -> Word | None:
    return lexemes[index].word if 0 <= index < len(lexemes) else None


def _operator(lexemes: Sequence[Lexeme], index: int) -> _Feature | None:
    at = lexemes[index]
    if at.text == "=":
        return _Feature("`=`", at.span, _edit("write `==`", at.span, "=="))
    if at.text in ("!=", "<>"):
        return _Feature(f"`{at.text}`", at.span)
    return _Feature("a chained comparison", at.span) if _word(lexemes, index - 2) is Word.OP else None


def _relation(lexemes: Sequence[Lexeme], index: int) -> _Feature:
    """``0 < A.B.count``, ``1 < A.B.count < 3``, ``1 + A.B.count > 3``."""
    end = next((at for at in range(index, len(lexemes)) if lexemes[at].word in _ENDS), len(lexemes))
    whole = lexemes[index:end]
    span = whole[0].span.cover(whole[-1].span)
    if any(one.word is Word.SIGN for one in whole):
        return _Feature("a sum", span)
    is_chain = sum(one.word is Word.OP for one in whole) > 1
    return _Feature("a chained comparison" if is_chain else "a number before the counter", span)


def _name(lexemes: Sequence[Lexeme], index: int) -> _Feature | None:
    at = lexemes[index]
    if at.word is Word.STRING:
        name = json.loads(at.text)
        if _BARE.fullmatch(name):
            return _Feature("a quoted name", at.span, _edit(f"write `{name}`", at.span, name))
        advice = "core spells only names of ASCII letters, digits, `_` and `-` that start with a letter"
        return _Feature("a quoted name", at.span, Help(advice))
    if at.text.startswith("*"):
        return _Feature("a name that starts with `*`", at.span, Help("name the categories one by one"))
    if _word(lexemes, index - 1) is Word.OP:
        return _Feature("a comparison of two counters", at.span)
    if _word(lexemes, index - 1) is Word.DOT and _word(lexemes, index + 1) not in (Word.DOT, Word.LBRACKET):
        return _Feature("a counter without `.count`", lexemes[index - 2].span.cover(at.span))
    return None


def _total(lexemes: Sequence[Lexeme], index: int) -> _Feature | None:
    """``J.count``, but not ``J.C.count`` nor ``J.count.count``."""
    is_third = _word(lexemes, index - 3) is Word.DOT
    if is_third or _word(lexemes, index + 1) is Word.DOT:
        return None
    job, count = lexemes[index - 2], lexemes[index]
    advice = Help(f"name a category, as in `{job.text}.CATEGORY.count`")
    return _Feature("the total of a job", job.span.cover(count.span), advice)
