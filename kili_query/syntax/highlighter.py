"""The highlighter of the page as data, made from the rules for TextMate: regular expressions that JavaScript reads.

It reads a whole text, not line after line. JavaScript has no possessive repetition, and old browsers cannot ignore case
in a part of a pattern, so both are spelled with what all have.
"""

import json
import re

from kili_query.syntax.textmate import textmate_rules

_POSSESSIVE = re.compile(r"(\[[^\]]*\]|\(\?:(?:[^()])*\))\*\+")
_IGNORES_CASE = re.compile(r"\(\?i:")
_PARTS = re.compile(r"\\x[0-9a-f]{2}|\\.|\[(?:[^\]\\]|\\.)*\]|\(\?[:!=]|.", re.DOTALL)


def highlighter() -> str:
    """Return the rules as the text of a JSON file.

    `outside` and `member` are lists of a kind and a pattern, in the order in which they are tried. Behind a dot the
    rules of `member` hold until one of them, comments aside, was found or none can be.
    """
    outside: list[tuple[str, str]] = []
    member: list[tuple[str, str]] = []
    for rule in textmate_rules():
        if "begin" in rule:
            outside.append(("dot", _for_javascript(str(rule["begin"]))))
            member = _members(rule)
        else:
            outside.append((_kind(str(rule["name"])), _for_javascript(str(rule["match"]))))
    return f'{{"outside": [\n{_lines(outside)}\n], "member": [\n{_lines(member)}\n]}}\n'


def _lines(rules: list[tuple[str, str]]) -> str:
    return ",\n".join(f"  {json.dumps(rule)}" for rule in rules)


def _members(rule: dict[str, object]) -> list[tuple[str, str]]:
    captures, comments = rule["endCaptures"], rule["patterns"]
    assert isinstance(captures, dict)
    assert isinstance(comments, list)
    ends = [_for_javascript(end) for end in _groups(str(rule["end"]))]
    found = [(_kind(str(comment["name"])), _for_javascript(str(comment["match"]))) for comment in comments]
    return found + [(_kind(scope["name"]), end) for scope, end in zip(captures.values(), ends, strict=True)]


def _groups(pattern: str) -> list[str]:
    """The groups of a pattern that capture: TextMate numbers them, and no other groups capture."""
    found, starts = [], []
    for part in re.finditer(_PARTS, pattern):
        if part.group() in {"(", "(?:", "(?!", "(?=", "(?i:"}:
            starts.append((part.group(), part.end()))
        elif part.group() == ")":
            opening, start = starts.pop()
            if opening == "(" and pattern[start] != "?":
                found.append(pattern[start : part.start()])
    return found


def _kind(scopes: str) -> str:
    """A short name for the innermost scope."""
    words = scopes.rsplit(maxsplit=1)[-1].removesuffix(".kq").split(".")
    kinds = {"comment": "comment", "constant": words[1], "invalid": "illegal", "punctuation": "punctuation"}
    if words[-1] in {"job", "category", "count"}:
        return words[-1]
    if words[:2] == ["keyword", "operator"]:
        return "word" if words[2] in {"logical", "membership"} else "operator"
    return kinds[words[0]]


def _for_javascript(pattern: str) -> str:
    """The same pattern, without what JavaScript or an old browser cannot read.

    >>> _for_javascript("(?i:in(?![a-z]))")
    '(?:[iI][nN](?![a-z]))'
    >>> _for_javascript(r"#[^\\n]*+")
    '#[^\\\\n]*(?![^\\\\n])'
    """
    while (changed := _POSSESSIVE.sub(r"\1*(?!\1)", pattern)) != pattern:
        pattern = changed
    parts, depth, ignoring = [], 0, None
    for part in re.findall(_PARTS, pattern.replace("(?i:", "(\x00")):
        if part.startswith("("):
            depth += 1
        if part == "\x00":
            parts.append("?:")
            ignoring = depth
            continue
        if part == ")":
            if ignoring == depth:
                ignoring = None
            depth -= 1
        parts.append(f"[{part.lower()}{part.upper()}]" if ignoring and part.isalpha() else part)
    return "".join(parts)
