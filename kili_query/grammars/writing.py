"""Rules as texts: in the syntax of Lark as LLGuidance reads it, and in GBNF, which llama.cpp reads."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import assert_never

from kili_query.grammars.rules import Chars, Maybe, Part, Ref, Row, Rule, Text


def as_lark(rules: Iterable[Rule], comment: Sequence[str]) -> str:
    """Write rules for LLGuidance and Lark; names of words are in upper case there.

    A repetition starts with itself, because LLGuidance stops after 2,000 that end with themselves.

    >>> print(as_lark([Rule("start", ((Ref("space"), Text("x")),)), Rule("space", ((Chars(" "),),), is_word=True)], []))
    start: SPACE "x"
    <BLANKLINE>
    SPACE: /[ ]/
    """
    known = [_with_rows(rule, lambda row, own, between: (own, between, *row)) for rule in rules]
    names = {rule.name: rule.name.upper() if rule.is_word else rule.name for rule in known}
    written = [_rule(f"{names[one.name]}: ", one, names, "\n    | ", around_class="/") for one in known]
    return _written([f"// {line}" for line in comment], written)


def as_gbnf(rules: Iterable[Rule], comment: Sequence[str]) -> str:
    """Write rules in GBNF, whose first rule is called `root`.

    A repetition ends with itself, because llama.cpp rejects a rule that starts with itself.

    >>> space = Rule("some_space", ((Text(" "),),))
    >>> print(as_gbnf([Rule("start", ((Maybe("some_space"), Text('"')),)), space], ["a comment"]))
    # a comment
    <BLANKLINE>
    root ::= some-space? "\\""
    <BLANKLINE>
    some-space ::= " "
    """
    known = [_with_rows(rule, lambda row, own, between: (*row, between, own)) for rule in rules]
    names = {rule.name: "root" if rule.name == "start" else rule.name.replace("_", "-") for rule in known}
    written = [_rule(f"{names[one.name]} ::= ", one, names, " |\n    ") for one in known]  # no line starts with a bar
    return _written([f"# {line}" for line in comment], written)


def _with_rows(rule: Rule, repeat: Callable[[Row, Ref, Part], Row]) -> Rule:
    """Write the repetition of a rule as rows that name it."""
    if rule.again is None:
        return rule
    more = [repeat(row, Ref(rule.name), rule.again) for row in rule.alternatives]
    return Rule(rule.name, (*rule.alternatives, *more))


def _written(comment: Sequence[str], rules: Sequence[str]) -> str:
    return "\n\n".join(["\n".join(comment), *rules] if comment else rules)


def _rule(start: str, rule: Rule, names: Mapping[str, str], joint: str, around_class: str = "") -> str:
    return start + joint.join(" ".join(_part(part, names, around_class) for part in row) for row in rule.alternatives)


def _part(part: Part, names: Mapping[str, str], around_class: str) -> str:
    match part:
        case Text(text):
            return json.dumps(text, ensure_ascii=False)
        case Ref(name):
            return names[name]
        case Maybe(name):
            return f"{names[name]}?"
        case Chars(among, least, most):
            times = "" if (least, most) == (1, 1) else f"{{{least},{most}}}"
            return f"{around_class}[{among}]{times}{around_class}"
        case _:
            assert_never(part)
