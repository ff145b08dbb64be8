"""The grammar for editors agrees with the parser on every query there is."""

import json
from collections.abc import Iterator
from pathlib import Path

from textmate_grammar.parsers.base import LanguageParser

from kili_query.ontology.named import written_names
from kili_query.syntax.parser import Word, find_comments, read_lexemes
from kili_query.syntax.textmate import textmate_grammar
from tests.cases.loader import load_cases

FILE = Path(__file__).resolve().parents[2] / "grammar" / "kili-query.tmLanguage.json"
BY_HAND = (
    'J."a \\" # b".count >= 2 # "\nAND\nB\n.\n# why\nC . count\n< 3',
    "AND.OR.count == 1 OR or.and AND not NOT TRUE.FALSE AND true",
    "J.count.count > 0 AND J.count > 1 AND count.A AND J.count.count + 1 > 0",
    "A.B.count - 1 >= -2 AND C.D.count IN {.5, 1..3, 4.., 5. .. 6} AND E.F[G.*.count != 1e-3] <> +1",
    "A-1.B*-x AND *.* AND Jé",
)
SCOPES = {
    Word.NUMBER: "constant.numeric",
    Word.OP: "keyword.operator.comparison",
    Word.SIGN: "keyword.operator.arithmetic",
    Word.COUNT: "keyword.other.count",
    Word.DOT: "punctuation.accessor",
    Word.COMMA: "punctuation.separator",
    Word.RANGE: "keyword.operator.range",
    Word.AND: "keyword.operator.logical.and",
    Word.OR: "keyword.operator.logical.or",
    Word.NOT: "keyword.operator.logical.not",
    Word.IN: "keyword.operator.membership",
    Word.TRUE: "constant.language.true",
    Word.FALSE: "constant.language.false",
    Word.LPAR: "punctuation.section.group.begin",
    Word.RPAR: "punctuation.section.group.end",
    Word.LBRACKET: "punctuation.section.condition.begin",
    Word.RBRACKET: "punctuation.section.condition.end",
    Word.LBRACE: "punctuation.section.set.begin",
    Word.RBRACE: "punctuation.section.set.end",
}
NAMES = {"job": "entity.name.type.job", "category": "variable.other.member.category"}


def corpus() -> Iterator[str]:
    yield from BY_HAND
    for case in load_cases():
        yield case.query
    fuzz = Path(__file__).resolve().parents[2] / "fuzz" / "corpus" / "parse_never_crashes"
    for path in sorted(fuzz.iterdir()):
        yield path.read_bytes().decode("utf-8", "ignore")


def of_parser(text: str) -> list[str] | None:
    """The scope of each character, by the parser; empty for white space. None if the text is not a query."""
    lexemes, failure = read_lexemes(text, "extended")
    if failure is not None:
        return None
    found = [""] * len(text)
    for lexeme in lexemes:
        start, end = lexeme.span
        if lexeme.word in SCOPES:
            found[start:end] = [SCOPES[lexeme.word]] * (end - start)
        if lexeme.word is Word.NUMBER and lexeme.text[0] in "+-":
            found[start] = SCOPES[Word.SIGN]
    for name in written_names(text):
        found[slice(*name.span)] = [NAMES[name.kind]] * (name.span.end - name.span.start)
    ends = [0, *(one.span.end for one in lexemes)]
    starts = [*(one.span.start for one in lexemes), len(text)]
    for end, start in zip(ends, starts, strict=True):
        for comment in find_comments(text, end, start):
            found[slice(*comment)] = ["comment.line.number-sign"] * (comment.end - comment.start)
    return found


def of_editor(parser: LanguageParser, text: str) -> list[str]:
    """The same, by the grammar for editors: the innermost scope, without the name of the language."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    found = [""] * len(text)
    element = parser.parse_string(text)
    for (line, column), part, scopes in [] if element is None else element.flatten():
        inner = scopes[-1].split()[-1].removesuffix(".kq")
        for at, char in enumerate(part, starts[line] + column):
            if not char.isspace() or inner.startswith(("comment", "entity", "variable")):
                found[at] = "" if inner == "source.kili-query" else inner
    return found


def test_the_file_is_what_the_grammar_makes(update_golden: bool) -> None:
    if update_golden:
        FILE.write_text(textmate_grammar(), encoding="utf-8", newline="\n")
    assert FILE.read_text(encoding="utf-8") == textmate_grammar()


def test_it_agrees_with_the_parser() -> None:
    parser = LanguageParser(json.loads(textmate_grammar()))
    texts = {text.replace("\r\n", "\n").replace("\r", "\n") for text in corpus()}
    queries = {text: wanted for text in sorted(texts) if (wanted := of_parser(text)) is not None}
    assert len(queries) > 400
    found = {text: of_editor(parser, text) for text in queries}
    assert {text: scopes for text, scopes in found.items() if scopes != queries[text]} == {}


def test_what_no_query_has_is_shown_as_illegal() -> None:
    parser = LanguageParser(json.loads(textmate_grammar()))
    assert of_editor(parser, "A.B & ~C.\u00e9")[4:] == [
        *("invalid.illegal", "", "invalid.illegal", NAMES["job"], SCOPES[Word.DOT], "invalid.illegal")
    ]
