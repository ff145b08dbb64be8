"""The grammar for editors that colour text by regular expressions (TextMate), made from the terminals of the parser.

Such grammars read one line after another. What stands before the dot of a reference is a job, and what stands behind it
a category or `count`, wherever lines break. A keyword that is the name of a job is told apart by the dot behind it, on
the same line. The sign of a number has a scope of its own, because only the parser knows whether it is an operator.
"""

import json
import re
from typing import TypeAlias

from kili_query.syntax.parser import terminal_patterns

SCOPE = "source.kili-query"
_NAME = "kq"

_Rule: TypeAlias = dict[str, object]

_JOB = f"entity.name.type.job.{_NAME}"
_CATEGORY = f"variable.other.member.category.{_NAME}"
_COUNT = f"keyword.other.count.{_NAME}"
_QUOTED = f"string.quoted.double.{_NAME}"
_DOT = r"\.(?!\.)"
_NOT_A_NAME = r"(?!\s*\.\s*(?:[A-Za-z*\"#]|$))"
"""Behind a keyword: no dot that makes it the name of a job."""


def textmate_grammar() -> str:
    """Return the grammar as the text of its file."""
    made = {"name": "Kili query", "scopeName": SCOPE, "fileTypes": [_NAME], "patterns": textmate_rules()}
    return json.dumps(made, indent=2) + "\n"


def textmate_rules() -> list[dict[str, object]]:
    """Return the rules, in the order in which they are tried at a place."""
    terminals = {name: _portable(pattern) for name, pattern in terminal_patterns("extended").items()}
    comment = _match("comment.line.number-sign", terminals["COMMENT"])
    brackets = {
        "group.begin": "LPAR",
        "group.end": "RPAR",
        "condition.begin": "LBRACKET",
        "condition.end": "RBRACKET",
        "set.begin": "LBRACE",
        "set.end": "RBRACE",
    }
    return [
        comment,
        {"name": f"{_QUOTED} {_JOB}", "match": terminals["STRING"]},
        _match("keyword.operator.logical.not", terminals["NOT"]),
        _match("keyword.operator.membership", terminals["IN"]),
        _match("keyword.operator.logical.and", _word(terminals["_AND"]) + _NOT_A_NAME),
        _match("keyword.operator.logical.or", _word(terminals["_OR"]) + _NOT_A_NAME),
        _match("constant.language.true", terminals["TRUE"]),
        _match("constant.language.false", terminals["FALSE"]),
        _match("keyword.operator.range", terminals["RANGE"]),
        _match("constant.numeric", _unsigned(terminals["NUMBER"])),
        _member(terminals, comment),
        _match("keyword.operator.comparison", terminals["OP"]),
        _match("keyword.operator.arithmetic", terminals["SIGN"]),
        _match("punctuation.separator", terminals["_COMMA"]),
        *(_match(f"punctuation.section.{kind}", terminals[name]) for kind, name in brackets.items()),
        {"name": _JOB, "match": terminals["NAME"]},
        _match("invalid.illegal", r"\S"),
    ]


def _member(terminals: dict[str, str], comment: _Rule) -> _Rule:
    """What follows a dot: it ends with one name, perhaps on a later line, or where none can follow."""
    called_count = rf"{terminals['COUNT']}(?=\s*{_DOT}\s*{terminals['COUNT']})"
    scopes = {
        f"{_QUOTED} {_CATEGORY}": terminals["STRING"],
        _CATEGORY: f"{called_count}|(?!{terminals['COUNT']}){terminals['NAME']}",
        _COUNT: terminals["COUNT"],
    }
    ends = [*(f"({pattern})" for pattern in scopes.values()), r"(?=[^\s#])"]
    return {
        "begin": _DOT,
        "beginCaptures": {"0": {"name": f"punctuation.accessor.{_NAME}"}},
        "end": "|".join(ends),
        "endCaptures": {str(number): {"name": scope} for number, scope in enumerate(scopes, 1)},
        "patterns": [comment],
    }


def _match(scope: str, pattern: str) -> _Rule:
    return {"name": f"{scope}.{_NAME}", "match": pattern}


def _portable(pattern: str) -> str:
    """The pattern without groups that capture, whose numbers would disturb those of a rule, in visible characters."""
    plain = re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in plain)


def _word(pattern: str) -> str:
    """The pattern of a keyword without the white space that the parser takes with it."""
    return pattern.replace(r"[ \x09\x0d\x0a]*", "")


def _unsigned(pattern: str) -> str:
    """The pattern of a number without its sign."""
    return pattern.replace("[+-]?", "", 1)
