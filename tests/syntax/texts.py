"""Texts that tests of the syntax draw, and what they ask of them."""

from random import Random

from kili_query.diagnostics import Diagnostic, Edit, Severity
from kili_query.errors import QuerySyntaxError
from kili_query.syntax import Dialect, parse_tree

QUERIES = (
    "A.B.count > 0",
    "(JOB_CLASSIF.CATEGORY_A.count > 0 OR JOB_NER.CATEGORY_B.count > 0) AND JOB_BBOX.CATEGORY_C.count > 10",
    "not a.b AND c.d.count in {0, 2, 5..9, 20..} or true",
    '"Sur face"."Traffic \\u006cight".count <> 2 # why',
    "2 <= J.C.count < 5 AND *.PERSON.count >= J.count - 1 + 3",
    "BOXES.PERSON[SIZE.SMALL AND NOT OCCLUDED.YES].count >= 2",
    "A.count.count > 0 OR AND.OR.count = 1.5 AND count.count > 1e2",
)
SNIPPETS = (
    *("A", "B.", ".count", "count", "A.B", "A.B.count", "A.B.count > 0", "_x", "2w", "*", "A-B", "é", "🚗", "А"),
    *(">", ">=", "=", "==", "!=", "<>", "<", "!", "&&", "||", "=>", "≥", ":", "/", ";", ",", "..", "+", "-", "'"),
    *("(", ")", "[", "]", "{", "}", '"', '"x y"', "“x”", "\\", "#", "# why\n", "\n", "\r\n", "\t", " ", "\xa0"),
    *("AND", "OR", "NOT", "IN", "TRUE", "and ", " or ", "not ", "in", "false", "0", "1.5", "007", "-3", "1e9", "٣"),
    *("\0", "\ud800", "\udc80", "\ufeff", "\u2028", "\x1b"),
)


def random_text(random: Random) -> str:
    """Snippets one after another, or a query with a few of them put into it."""
    if random.random() < 0.5:
        return "".join(random.choice(SNIPPETS) + random.choice(("", "", " ")) for _ in range(random.randint(1, 12)))
    text = random.choice(QUERIES)
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(text))
        text = text[:at] + random.choice(SNIPPETS) + text[at + random.randint(0, 3) :]
    return text


def error_of(text: str, dialect: Dialect = "extended") -> Diagnostic | None:
    """The one error of a text, if it is no query."""
    try:
        parse_tree(text, dialect)
    except QuerySyntaxError as error:
        [found] = [one for one in error.diagnostics if one.severity is Severity.ERROR]
        return found
    return None


def edited(text: str, edit: Edit) -> str:
    """The text with an edit applied."""
    return text[: edit.span.start] + edit.text + text[edit.span.end :]


def mended(text: str, dialect: Dialect = "extended") -> str:
    """The text with the edit of its error applied."""
    found = error_of(text, dialect)
    assert found is not None
    assert found.help is not None, found
    assert found.help.edit is not None, found
    return edited(text, found.help.edit)
