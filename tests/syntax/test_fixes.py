"""What is suggested is not refused in turn."""

from random import Random

import pytest

import kili_query as kq
from kili_query.diagnostics import Diagnostic, Severity
from kili_query.errors import QuerySyntaxError
from kili_query.ontology import Ontology
from kili_query.syntax import Dialect
from tests.cases.loader import load_cases
from tests.syntax.slips.test_slips import MENDED
from tests.syntax.texts import edited, random_text

STREET = Ontology.load("tests/data/ontology_street.json")
JOBS = ("BOXES", "SIZE", "OCCLUDED", "WHY", "WEATHER", "BODY", "BOXS", "OCLUDED", "SISE", "NOTE", "NOT", '"not"', "CAR")
CATEGORIES = ("CAR", "PERSON", "YES", "SMALL", "YE", "SMAL", "Car", "COUNT", "count", "IS_THE", "*", "SIZE")


def findings(text: str, dialect: Dialect, ontology: Ontology | None) -> list[Diagnostic]:
    try:
        query = kq.parse(text, dialect=dialect)
    except QuerySyntaxError as error:
        return list(error.diagnostics)
    return kq.check(query, ontology)


def refused(text: str, dialect: Dialect, ontology: Ontology | None = None) -> list[str]:
    """The suggested texts that have an error where something was suggested, or still have the same finding."""
    wrong = []
    for found in findings(text, dialect, ontology):
        if found.code.value < "KQ100":
            ontology = None  # what mends the syntax knows no names
        edit = None if found.help is None else found.help.edit
        if edit is None:
            continue
        new = edited(text, edit)
        after = findings(new, dialect, ontology)
        end = edit.span.start + len(edit.text.rstrip())
        errors = [one for one in after if one.severity is Severity.ERROR and edit.span.start <= one.span.start < end]
        is_same = any((one.code, one.message, one.span) == (found.code, found.message, found.span) for one in after)
        if errors or (is_same and len(new) >= len(text)):
            wrong.append(f"{dialect}: {text!r} -> {new!r}: {found.code.value} {found.message}")
    return wrong


def random_counter(random: Random, depth: int) -> str:
    text = f"{random.choice(JOBS)}.{random.choice(CATEGORIES)}"
    if depth and random.random() < 0.6:
        text += f"[{random_counter(random, depth - 1)}]"
    return text + random.choice(("", ".count > 0", ".count >= 1.5", ".count IN {1, 02}"))


@pytest.mark.parametrize("dialect", ["core", "extended"])
def test_written_texts(dialect: Dialect) -> None:
    texts = {*(case.query for case in load_cases()), *MENDED}
    assert [wrong for text in sorted(texts) for wrong in refused(text, dialect)] == []


@pytest.mark.parametrize("dialect", ["core", "extended"])
def test_random_texts(dialect: Dialect) -> None:
    random = Random(11)
    assert [wrong for _ in range(250) for wrong in refused(random_text(random), dialect)] == []


@pytest.mark.parametrize("dialect", ["core", "extended"])
def test_names_in_and_out_of_brackets(dialect: Dialect) -> None:
    random = Random(12)
    assert [wrong for _ in range(250) for wrong in refused(random_counter(random, 2), dialect, STREET)] == []


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("BOXES.CAR[SIZE.YE]", "extended"),
        ("BOXES.PERSON[BOXS.CAR]", "extended"),
        ("A.B.count IN[1 2]", "extended"),
        ("A.B.count IN {1-x}", "extended"),
        ("A.B.count <\u201cx\u201d 2", "extended"),
        ("A.count > 0", "core"),
        ("!A.B.count > 0", "core"),
        ("A.B.count ! = 3", "core"),
        ("NOTE.CAR.count > 0", "core"),
    ],
)
def test_what_was_refused(text: str, dialect: Dialect) -> None:
    assert refused(text, dialect, STREET) == []
