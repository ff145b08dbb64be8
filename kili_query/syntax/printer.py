"""Back to text: the canonical spelling of a tree, which parses back to an equal tree."""

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import assert_never

from kili_query.ast import (
    And,
    Comparison,
    Constant,
    Counter,
    Exists,
    Filtered,
    Linear,
    Membership,
    NamePattern,
    Not,
    Number,
    Or,
    Pattern,
    Predicate,
    Range,
    Relation,
    Sum,
    Summand,
    Term,
)

_BARE = re.compile(r"(?!(?i:not|in)\Z)[A-Za-z][A-Za-z0-9_-]*")
_SURROGATE = re.compile("[\ud800-\udfff\u0085\u2028\u2029]")


def print_tree(tree: Predicate) -> str:
    """The canonical text of a tree: upper-case keywords, single spaces, only the parentheses it needs.

    >>> from kili_query.syntax.parser import parse_text
    >>> print_tree(parse_text("not ((A.B.count>1.5)or 3<=A.B.count)", "extended"))
    'NOT (A.B.count >= 2 OR 3 <= A.B.count)'
    """
    match tree:
        case Comparison(counter, op, bound):
            return f"{print_counter(counter)} {op.value} {bound}"
        case And(operands):
            return " AND ".join(_enclose(operands, list(map(print_tree, operands)), (And, Or))) or "TRUE"
        case Or(operands):
            return " OR ".join(_enclose(operands, list(map(print_tree, operands)), (Or,))) or "FALSE"
        case Not(operand):
            return " ".join(["NOT", *_enclose((operand,), [print_tree(operand)], (And, Or))])
        case Constant(value):
            return "TRUE" if value else "FALSE"
        case Exists(counter):
            return _print_reference(counter)
        case Relation(sums, ops):
            words = [_print_sum(sums[0])]
            for relation, one in zip(ops, sums[1:], strict=True):
                words += [relation.value, _print_sum(one)]
            return " ".join(words)
        case Membership(one, ranges, negated):
            listed = ", ".join(_print_range(item) for item in ranges)
            return f"{_print_sum(one)} {'NOT IN' if negated else 'IN'} {{{listed}}}"
        case Linear(addends, op, bound):
            words = [] if addends and addends[0].coefficient > 0 else ["0"]
            for addend in addends:
                sign = "+" if addend.coefficient > 0 else "-"
                words += [sign, print_counter(addend.counter)] * abs(addend.coefficient)
            return f"{' '.join(words).removeprefix('+ ')} {op.value} {bound}"
        case _:
            assert_never(tree)


def print_counter(term: Term) -> str:
    """The text of what is counted, ``.count`` included.

    >>> print_counter(Counter("OBJECTS", "Traffic light"))
    'OBJECTS."Traffic light".count'
    """
    match term:
        case Pattern(job, NamePattern(("", ""))) if len(job.pieces) == 1:
            return f"{_print_pattern(job)}.count"
        case Counter(job, "count"):
            return f"{print_name(job)}.count.count"
        case Pattern(job, NamePattern(("count",))):
            return f"{_print_pattern(job)}.count.count"
        case _:
            return f"{_print_reference(term)}.count"


def print_name(name: str) -> str:
    """A name as it can stand in a query: bare where it can be, else between quotes with JSON's escapes.

    >>> print_name("CAR"), print_name("traffic light"), print_name("not")
    ('CAR', '"traffic light"', '"not"')
    """
    if _BARE.fullmatch(name):
        return name
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(name, ensure_ascii=False))


def _enclose(operands: Iterable[Predicate], texts: Iterable[str], loose: tuple[type, ...]) -> Iterator[str]:
    """The texts of operands, in parentheses where an operand binds looser than what joins them.

    They are printed before they come here, so that each level of a tree is one call deep.
    """
    for operand, text in zip(operands, texts, strict=True):
        is_loose = isinstance(operand, And | Or) and isinstance(operand, loose) and len(operand.operands) > 1
        yield f"({text})" if is_loose else text


def _print_reference(term: Term) -> str:
    match term:
        case Counter(job, category):
            return f"{print_name(job)}.{_print_category(category)}"
        case Pattern(job, NamePattern((category,))):
            return f"{_print_pattern(job)}.{_print_category(category)}"
        case Pattern(job, category):
            return f"{_print_pattern(job)}.{_print_pattern(category)}"
        case Filtered(counter, condition):
            return f"{_print_reference(counter)}[{print_tree(condition)}]"
        case _:
            assert_never(term)


def _print_category(name: str) -> str:
    """A category that may be the last word: a bare ``count`` there is the keyword."""
    return '"count"' if name == "count" else print_name(name)


def _print_pattern(pattern: NamePattern) -> str:
    return print_name(pattern.pieces[0]) if len(pattern.pieces) == 1 else "*".join(pattern.pieces)


def _print_sum(one: Sum) -> str:
    words: list[str] = ["0"] if one.summands[:1] and one.summands[0].negative else []  # no sum starts with a minus
    for summand in one.summands:
        words += ["-" if summand.negative else "+", _print_summand(summand)]
    return " ".join(words).removeprefix("+ ")


def _print_summand(summand: Summand) -> str:
    match summand.operand:
        case Counter() | Pattern() | Filtered() as term:
            return print_counter(term)
        case int() | Decimal() as number:
            return _print_number(number)
        case _:
            assert_never(summand.operand)


def _print_number(number: Number) -> str:
    return str(number) if isinstance(number, int) else format(number, "f")


def _print_range(item: Range) -> str:
    if item.high is None:
        return f"{_print_number(item.low)}.."
    low, high = _print_number(item.low), _print_number(item.high)
    return low if item.low == item.high else f"{low}..{high}"
