"""The highlighter of the page is made from the grammar, and agrees with the parser on every query there is."""

import json
import re
from pathlib import Path

from kili_query.syntax.highlighter import highlighter
from tests.syntax.test_textmate import corpus, of_parser

FILE = Path(__file__).resolve().parents[2] / "kili_query" / "page" / "component" / "src" / "tokens.json"
KINDS = {
    "comment.line": "comment",
    "constant.numeric": "numeric",
    "constant.language": "language",
    "entity.name": "job",
    "keyword.operator.logical": "word",
    "keyword.operator.membership": "word",
    "keyword.operator": "operator",
    "keyword.other": "count",
    "punctuation.accessor": "dot",
    "punctuation": "punctuation",
    "variable.other": "category",
}


def wanted(text: str) -> list[str] | None:
    """The kind of each character by the parser."""
    scopes = of_parser(text)
    if scopes is None:
        return None
    return [next((kind for start, kind in KINDS.items() if scope.startswith(start)), "") for scope in scopes]


def painted(rules: dict[str, list[tuple[re.Pattern[str], str]]], text: str) -> list[str]:
    """The kind of each character by the rules, applied as `highlight.ts` applies them."""
    found, at, member = [""] * len(text), 0, False
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        tried = ((kind, pattern.match(text, at)) for pattern, kind in rules["member" if member else "outside"])
        kind, match = next(((kind, match) for kind, match in tried if match), ("", None))
        if match is None:
            member = False
            continue
        found[at : match.end()] = [kind] * (match.end() - at)
        at = match.end()
        member = kind == "dot" or (member and kind == "comment")
    return found


def test_the_file_is_what_the_grammar_makes(update_golden: bool) -> None:
    if update_golden:
        FILE.write_text(highlighter(), encoding="utf-8", newline="\n")
    assert FILE.read_text(encoding="utf-8") == highlighter()


def test_it_agrees_with_the_parser() -> None:
    rules = {
        state: [(re.compile(pattern, re.MULTILINE), kind) for kind, pattern in listed]
        for state, listed in json.loads(highlighter()).items()
    }
    queries = {text: kinds for text in sorted(set(corpus())) if (kinds := wanted(text)) is not None}
    assert len(queries) > 400
    found = {text: painted(rules, text) for text in queries}
    assert {text: kinds for text, kinds in found.items() if kinds != queries[text]} == {}


def test_the_patterns_have_nothing_that_a_browser_cannot_read() -> None:
    assert not re.search(r"\(\?i|[*+]\+|\(\?>|\(\?P|\\[AZ]", highlighter())
