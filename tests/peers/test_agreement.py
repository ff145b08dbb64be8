"""The core dialect against the official client's validator, over thousands of generated texts."""

import re
from random import Random

import pytest

import kili_query as kq
from tests.peers.official import OfficialValidator

NAMES = ["A", "JOB_0", "count", "AND", "OR", "NOT", "IN", "a-b", "x*y", "Z9_", "TRUE", "counts", "E1", "b-", "c*"]
OPS = ["==", ">=", "<=", ">", "<"]
NUMBERS = [
    "0",
    "1",
    "10",
    "007",
    "-1",
    "+3",
    "1.5",
    ".5",
    "5.",
    "1e3",
    "1E+3",
    "0.5e-3",
    "1e400",
    "2147483648",
    "٣",
    "9" * 50,
]
SPACES = ["", " ", "  ", "\t", "\n", "\r\n"]
BROKEN = [
    "=",
    "!=",
    "=>",
    "> =",
    "and",
    "or",
    "NOT",
    "&&",
    "1_000",
    "0x10",
    "1e",
    "- 1",
    "nan",
    "A B",
    "_A",
    "9A",
    "é",
    "()",
    "(",
    ")",
    "AND",
    "OR",
    ".",
    "..",
    "count",
    "COUNT",
    "#x",
    "'",
    '"A"',
    ";",
    "\x0c",
    "\xa0",
    "*",
    ",",
]


def spaced(random: Random, *words: str) -> str:
    return "".join(word + random.choice(SPACES) for word in words)


def comparison(random: Random) -> str:
    names = random.choice(NAMES), ".", random.choice(NAMES), ".", "count"
    return spaced(random, *names, random.choice(OPS)) + random.choice(NUMBERS)


def query(random: Random, depth: int = 3) -> str:
    shape = random.random()
    if depth == 0 or shape < 0.35:
        return comparison(random)
    if shape < 0.55:
        return f"({random.choice(SPACES)}{query(random, depth - 1)}{random.choice(SPACES)})"
    words = [query(random, depth - 1) for _ in range(random.randint(2, 4))]
    gap = random.choice([" ", "\n", "\t "])
    text = words[0]
    for word in words[1:]:
        text += f"{gap}{random.choice(['AND', 'OR'])}{gap}{word}"
    return text


def damaged(random: Random) -> str:
    text = query(random, 2)
    for _ in range(random.randint(1, 2)):
        at = random.randrange(len(text) + 1)
        if random.random() < 0.5:
            text = text[:at] + random.choice(BROKEN) + text[at:]
        else:
            text = text[:at] + text[at + random.randint(1, 4) :]
    return text


def read(text: str) -> kq.Query | None:
    try:
        return kq.parse(text, dialect="core")
    except kq.QuerySyntaxError:
        return None


def lacks_boundary(text: str) -> bool:
    """The one difference that is meant: the official validator takes a keyword that sticks to a number or a name."""
    return re.search(r"[\w.](AND|OR)|(AND|OR)[\w*-]", text) is not None


@pytest.fixture(scope="module")
def ours() -> dict[str, kq.Query | None]:
    """What we read of each text; None if we refuse it."""
    random = Random(20240701)
    texts = [query(random) for _ in range(1200)] + [damaged(random) for _ in range(2000)]
    return {text: read(text) for text in texts}


def test_core_is_what_the_official_validator_accepts(
    ours: dict[str, kq.Query | None], official: OfficialValidator
) -> None:
    accepted = dict(zip(ours, official.accepts(list(ours)), strict=True))
    assert 1200 < sum(accepted.values()) < len(accepted)
    refused_by_us = [text for text, taken in accepted.items() if taken and ours[text] is None]
    assert [text for text in refused_by_us if not lacks_boundary(text)] == []
    assert [text for text, taken in accepted.items() if not taken and ours[text] is not None] == []


def test_the_official_validator_accepts_what_we_print(
    ours: dict[str, kq.Query | None], official: OfficialValidator
) -> None:
    printed = [
        parsed.to_server()
        for parsed in ours.values()
        if parsed is not None and all("*" not in name for counter in parsed.counters for name in counter)
    ]
    assert len(printed) > 500
    assert all(official.accepts(printed))
    bounds = [bound for text in printed for bound in re.findall(r"(?:==|>=|<=|>|<) ([^ )]+)", text)]
    assert len(bounds) > 500
    assert all(bound.isascii() and bound.isdecimal() for bound in bounds)


def test_what_lowering_makes_of_sugar_is_accepted(official: OfficialValidator) -> None:
    random = Random(7)
    sugar = [
        "A.B.count != {n}",
        "NOT A.B.count > {n}",
        "{n} <= A.B.count < 9",
        "A.B.count NOT IN {{{n}, 4..6}}",
        "A.B",
        "NOT (A.B.count == {n} OR C.D.count < {n})",
        "{n} > A.count.count",
        "A.B.count IN {{1, {n}..}}",
    ]
    texts = []
    for _ in range(800):
        parts = [random.choice(sugar).format(n=random.randint(0, 7)) for _ in range(random.randint(1, 4))]
        tree = kq.parse(random.choice([" AND ", " OR "]).join(parts))
        try:
            texts.append(tree.to_server())
        except kq.NotExpressible as constant:
            assert "true" in str(constant)  # noqa: PT017 - a set of all counts says nothing
    assert len(texts) > 600
    assert all(official.accepts(texts))
