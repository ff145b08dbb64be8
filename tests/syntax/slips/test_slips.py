"""What a person gets wrong, and what they are told: the code, the place, the message, and the text that is offered."""

from collections.abc import Callable
from random import Random

import pytest

from kili_query.diagnostics import Code
from kili_query.source import Span
from kili_query.syntax import Dialect
from tests.each import for_each
from tests.syntax.texts import edited, error_of, mended, random_text

MENDED = {
    # operators
    "A.B.count => 3": "A.B.count >= 3",
    "A.B.count =< 3": "A.B.count <= 3",
    "A.B.count === 3": "A.B.count == 3",
    "A.B.count == = 3": "A.B.count == 3",
    "A.B.count > = 3": "A.B.count >= 3",
    "A.B.count ! = 3": "A.B.count != 3",
    "A.B.count := 3": "A.B.count == 3",
    "A.B.count ≥ 3": "A.B.count >= 3",
    "A.B.count ＞ 3": "A.B.count > 3",
    "A.B.count is 3": "A.B.count == 3",
    "A.B.count 3": "A.B.count == 3",
    "A.B.count-1 > 0": "A.B.count - 1 > 0",
    "A.B.count > A.C": "A.B.count > A.C.count",
    "(A.B.count > A.C) AND A.D": "(A.B.count > A.C.count) AND A.D",
    "A.B.count == 1 or 2": "A.B.count == 1 or A.B.count == 2",
    'NOT A."b c".count >= 1 AND 2 AND A.D': 'NOT A."b c".count >= 1 AND A."b c".count >= 2 AND A.D',
    # words for symbols
    "A.B&&C.D": "A.B AND C.D",
    "A.B || C.D": "A.B OR C.D",
    "!A.B": "NOT A.B",
    "A.B AND !(C.D)": "A.B AND NOT (C.D)",
    "A.B, C.D": "A.B AND C.D",
    "A.B;": "A.B",
    # connectives
    "AND A.B.count > 0": "A.B.count > 0",
    "A.B.count > 3 AND AND A.C.count > 1": "A.B.count > 3 AND A.C.count > 1",
    "A.B AND OR C.D": "A.B AND C.D",
    "(AND A.B)": "(A.B)",
    "A.B AND": "A.B ",
    "A.B AND NOT": "A.B ",
    "(A.B OR) AND C.D": "(A.B ) AND C.D",
    "A.B.count > 0 C.D.count > 0": "A.B.count > 0 AND C.D.count > 0",
    "A.B.count > 0(C.D)": "A.B.count > 0 AND (C.D)",
    "A.B ADN C.D": "A.B AND C.D",
    "A.B.count > 0ANDC.D.count>0": "A.B.count > 0 AND C.D.count>0",
    "A.B.count > 0 ANDC.D.count>0": "A.B.count > 0 AND C.D.count>0",
    # counters
    "A.B > 3": "A.B.count > 3",
    "A.B + C.D.count > 3": "A.B.count + C.D.count > 3",
    "A.B IN {1}": "A.B.count IN {1}",
    "A.B. > 3": "A.B.count > 3",
    "A.B[C.D] > 3": "A.B[C.D].count > 3",
    "A.B.cuont > 3": "A.B.count > 3",
    "A.B.COUNT > 3": "A.B.count > 3",
    "A.B.count": "A.B.count > 0",
    "(A.B.count OR C.D)": "(A.B.count > 0 OR C.D)",
    "A.B.count.count > 3": "A.B.count > 3",
    "A..B.count > 3": "A.B.count > 3",
    "A.B.count() > 3": "A.B.count > 3",
    "count(A.B) > 3": "A.B.count > 3",
    "len(A.B) > 3": "A.B.count > 3",
    "J.C.count[K.D] > 3": "J.C[K.D].count > 3",
    "J:C.count > 3": "J.C.count > 3",
    "J/C.count > 3": "J.C.count > 3",
    # names
    "OBJECTS.Traffic light.count > 0": 'OBJECTS."Traffic light".count > 0',
    "OBJECTS.Traffic light": 'OBJECTS."Traffic light"',
    "Big objects.CAR.count > 0": '"Big objects".CAR.count > 0',
    "OBJECTS.2wheels.count > 0": 'OBJECTS."2wheels".count > 0',
    "_J.A.count > 0": '"_J".A.count > 0',
    "3D_BOX.A.count > 0": '"3D_BOX".A.count > 0',
    "OBJECTS.Vélo.count > 0": 'OBJECTS."Vélo".count > 0',
    "OBJECTS.🚗.count > 0": 'OBJECTS."🚗".count > 0',
    "OBJECTS.Car/Truck.count > 0": 'OBJECTS."Car/Truck".count > 0',
    "A.NOT.count > 0": 'A."NOT".count > 0',
    "NOT.A.count > 0": '"NOT".A.count > 0',
    "in.A.count > 0": '"in".A.count > 0',
    # look-alikes
    "А.B.count > 0": "A.B.count > 0",
    "A.Bа.count > 0": "A.Ba.count > 0",
    "A.B.соunt > 0": "A.B.count > 0",
    "A.B.count\xa0> 0": "A.B.count > 0",
    "\ufeffA.B": "A.B",
    "A.B\u200b": "A.B",
    "A.B\0": "A.B",
    # strings
    "A.“b c”.count > 0": 'A."b c".count > 0',
    "A.'b c'.count > 0": 'A."b c".count > 0',
    'A."b c”.count > 0': 'A."b c".count > 0',
    'A."b c.count > 0': 'A."b c".count > 0',
    'A."b\\q".count > 0': 'A."b\\\\q".count > 0',
    'A."b\tc".count > 0': 'A."b\\tc".count > 0',
    'A.B "': "A.B ",
    '"A.B.count > 0"': "A.B.count > 0",
    # numbers
    'A.B.count > "3"': "A.B.count > 3",
    "A.B.count > '3'": "A.B.count > 3",
    "A.B.count > three": "A.B.count > 3",
    "A.B.count > 1_000": "A.B.count > 1000",
    "A.B.count > 1,000": "A.B.count > 1000",
    "A.B.count > 0x1F": "A.B.count > 31",
    "A.B.count > - 1": "A.B.count > -1",
    "A.B.count == 3..5": "A.B.count IN {3..5}",
    # sets
    "A.B.count IN (1, 2)": "A.B.count IN {1, 2}",
    "A.B.count IN [1, 2]": "A.B.count IN {1, 2}",
    "A.B.count IN 1, 2": "A.B.count IN {1, 2}",
    "A.B.count IN {1-5}": "A.B.count IN {1..5}",
    "A.B.count IN {1 2}": "A.B.count IN {1, 2}",
    "A.B.count IN {1; 2}": "A.B.count IN {1, 2}",
    "A.B.count IN {1, 2,}": "A.B.count IN {1, 2}",
    # brackets
    "(A.B AND (C.D OR E.F)": "(A.B AND (C.D OR E.F))",
    "A.B.count > 0)": "A.B.count > 0",
    "A.B[C.D)": "A.B[C.D]",
    "[A.B OR C.D] AND E.F": "(A.B OR C.D) AND E.F",
    "(J.A.count + J.B.count) >= 5": "J.A.count + J.B.count >= 5",
    "(A.B.count) > 5": "A.B.count > 5",
    "A.B.count > (5)": "A.B.count > 5",
}


@for_each(MENDED)
def test_a_slip_is_mended_by_its_help(text: str) -> None:
    assert mended(text) == MENDED[text]
    assert error_of(MENDED[text]) is None


CORE_MENDED = {
    "NOT A.B.count > 0": "A.B.count <= 0",
    "NOT (A.B.count > 0 AND C.D.count > 0)": "A.B.count <= 0 OR C.D.count <= 0",
    "E.F.count > 0 AND NOT (A.B.count > 0 AND C.D.count > 0)": ("E.F.count > 0 AND (A.B.count <= 0 OR C.D.count <= 0)"),
    "0 < A.B.count": "A.B.count > 0",
    "1 < A.B.count < 3": "A.B.count > 1 AND A.B.count < 3",
    "C.D.count > 0 AND A.B.count != 2": "C.D.count > 0 AND (A.B.count < 2 OR A.B.count > 2)",
    "A.B.count = 2": "A.B.count == 2",
    "A.B.count > 0 and C.D.count > 0": "A.B.count > 0 AND C.D.count > 0",
    "A.B": "A.B.count > 0",
    "(A.B)": "A.B.count > 0",
    '"A".B.count > 0': "A.B.count > 0",
    "A.B.count > 0 # why": "A.B.count > 0 ",
    "A.B.count NOT IN {1}": "A.B.count <= 0 OR A.B.count >= 2",
    "A.B.count + 1 > 3": "A.B.count > 2",
}


@for_each(CORE_MENDED)
def test_what_is_not_core_is_spelt_in_core(text: str) -> None:
    found = error_of(text, "core")
    assert found is not None
    assert found.code is Code.NOT_CORE
    assert mended(text, "core") == CORE_MENDED[text]
    assert error_of(CORE_MENDED[text], "core") is None


NOT_CORE = {
    "A.B.count > 0 AND «NOT» A.B.count > 1": "`NOT` is not core",
    "«TRUE» AND A.B.count > 0": "`TRUE` is not core",
    "A.B.count > 0 OR «false»": "`FALSE` is not core",
    "«1 < A.B.count < 3»": "a chained comparison is not core",
    "«0 < A.B.count»": "a number before the counter is not core",
    "«A.count» > 1": "the total of a job is not core",
    "A.B.count «!=» 2 AND NOT A.B.count > 0": "`!=` is not core",
    "A.B.count > 1 «and» A.B.count != 2": "the keyword `and` in lower case is not core",
    "A.B.count > 1 «# why»\nand A.B": "a comment is not core",
    "A.B.count > «C».D.count": "a comparison of two counters is not core",
    "A.B.count «+» C.D.count > 3": "a sum is not core",
    "A.B«[»C.D].count > 1": "a condition in brackets is not core",
    "«*».B.count > 1": "a name that starts with `*` is not core",
    'A.«"b c"».count > 1 AND C.D': "a quoted name is not core",
    "A.B.count «NOT IN» {1}": "`NOT IN` is not core",
    "A.B.count «IN» {1}": "`IN` is not core",
    "A.count.count > 0 AND «A.B»": "a counter without `.count` is not core",
}

SAID = {
    "«»": ("KQ003", "the query is empty"),
    "«» \n\t": ("KQ003", "the query is empty"),
    "«»# only": ("KQ003", "the query is only a comment"),
    "A.B «AND»": ("KQ003", "nothing follows `AND`"),
    "A.B.count >«»": ("KQ003", "the query ends too early"),
    "A«»": ("KQ003", "the query ends too early"),
    "A.B.count«»": ("KQ003", "a counter alone is not a condition"),
    "A.B AND «AND»": ("KQ002", "`AND` follows `AND`"),
    "«OR»": ("KQ002", "`OR` has no condition before it"),
    "A.B.«C».count > 0": ("KQ002", "unexpected name `C`"),
    "A.B.count > «foo» AND C.D": ("KQ002", "`foo` is not a number"),
    "A.B.count > 3 «apples»": ("KQ002", "unexpected word `apples`"),
    "A.B.count «NOT» > 3": ("KQ002", "misplaced `NOT`"),
    "A.B.count IN «{}»": ("KQ002", "an empty set"),
    "«()»": ("KQ002", "nothing between `(` and `)`"),
    "A «>» 3": ("KQ002", "unexpected `>`"),
    "(A.B.count + 1«)» AND C.D": ("KQ002", "unexpected `)`"),
    "A.B AND «(»C.D OR E.F": ("KQ004", "`(` is never closed"),
    "A.B«]»": ("KQ004", "`]` closes nothing"),
    "A.B.count > «3k»": ("KQ005", "bad number `3k`"),
    "A.B.count > «1.5.2»": ("KQ005", "bad number `1.5.2`"),
    'A.«"»b': ("KQ005", "quoted name without an end"),
    "A.B.count > «?»": ("KQ001", "unexpected character `?`"),
    "«&&» A.B": ("KQ001", "unexpected character `&&`"),
    "A.B.count > 3«%»": ("KQ001", "unexpected character `%`"),
    "A.B.count«\ud800» > 3": ("KQ001", "unexpected character U+D800"),
    "«\0»": ("KQ001", "unexpected invisible character U+0000 (control character)"),
    "A.B.count > «🚗»": ("KQ001", "unexpected character `🚗`"),
}


def marked(text: str) -> tuple[str, Span]:
    """A text without the marks around the place, and the place."""
    start, end = text.index("«"), text.index("»") - 1
    return text.replace("«", "").replace("»", ""), Span(start, end)


@for_each(NOT_CORE)
def test_the_first_feature_that_is_not_core_is_named(text: str) -> None:
    query, span = marked(text)
    found = error_of(query, "core")
    assert found is not None
    assert (found.code, found.message, found.span) == (Code.NOT_CORE, NOT_CORE[text], span)
    assert error_of(query) is None


@for_each(SAID, repr)
def test_what_is_said_and_where(text: str) -> None:
    query, span = marked(text)
    found = error_of(query)
    assert found is not None
    assert (found.code.value, found.message, found.span) == (*SAID[text], span)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A.B.count > 0 ?", "expected `AND`, `OR` or the end"),
        ("(A.B.count > 0 ?", "expected `AND`, `OR` or `)`"),
        ("J.C[(A.B) ?", "expected `AND`, `OR` or `]`"),
        ("A.B.count > ?", "expected a number or a counter"),
        ("A.", "expected a category or `count`"),
        ("A", "expected `.` and a category"),
        ("NOT ?", "expected a condition, such as `JOB.CATEGORY.count > 0`"),
        ("A.B.count IN {1 ?", "expected `,`, `..` or `}`"),
    ],
)
def test_only_what_can_follow_is_expected(text: str, expected: str) -> None:
    found = error_of(text)
    assert found is not None
    assert found.primary.text == expected


@pytest.mark.parametrize("dialect", ["core", "extended"])
@pytest.mark.parametrize("seed", range(4))
def test_following_the_help_comes_to_an_end(seed: int, dialect: Dialect) -> None:
    random = Random(seed)
    for _ in range(150):
        text = random_text(random)
        seen: set[str] = set()
        while (found := error_of(text, dialect)) is not None:
            assert 0 <= found.span.start <= found.span.end <= len(text)
            assert "this form" not in found.message
            assert str(found)
            if found.help is None or found.help.edit is None:
                break
            assert text not in seen, "the help leads in a circle"
            seen.add(text)
            text = edited(text, found.help.edit)


def test_messages_as_a_person_sees_them(golden: Callable[[str, str], None]) -> None:
    texts = [*MENDED, *(marked(text)[0] for text in SAID)]
    shown = [str(error_of(text)) for text in texts]
    shown += [str(error_of(text, "core")) for text in (*CORE_MENDED, *(marked(text)[0] for text in NOT_CORE))]
    golden("syntax/slips.txt", "\n\n".join(shown))
