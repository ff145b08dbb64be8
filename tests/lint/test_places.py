"""Each character of a search is placed where the file spells it."""

import ast
import json
import warnings
from collections.abc import Callable, Iterator

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kili_query.lint import FoundSearch, LintItem
from kili_query.lint.in_json import find_in_json
from kili_query.lint.in_python import find_in_python
from kili_query.lint.in_yaml import find_in_yaml
from kili_query.lint.searches import NAMES, place_text
from kili_query.source import Source, Span
from tests.each import for_each

Finder = Callable[[Source], Iterator[LintItem]]


def only_search(finder: Finder, text: str) -> FoundSearch:
    [found] = finder(Source(text))
    assert isinstance(found, FoundSearch)
    return found


def spelled(found: FoundSearch) -> list[str]:
    """What the file holds at each character."""
    text = found.place.source.text
    return [text[start:end] for start, end in zip(found.place.starts, found.place.ends, strict=True)]


@for_each(
    [
        ("'ab'", ["a", "b"]),
        ("u'a' \"b\"", ["a", "b"]),
        (
            r"""'a\'\x41\101\u0041\N{BULLET}\U0001F600\q'""",
            ["a", r"\'", r"\x41", r"\101", r"\u0041", r"\N{BULLET}", r"\U0001F600", "\\", "q"],
        ),
        (r"""r'\'a\n'""", ["\\", "'", "a", "\\", "n"]),
        ("'''a\\\nb''' # note 'x'\n  'c' \\\n R\"d\"", ["a", "b", "c", "d"]),
        ("'é猫' '猫'", ["é", "猫", "猫"]),
    ]
)
def test_python(row: tuple[str, list[str]]) -> None:
    literal, characters = row
    text = f"é = (1,\n'é', f(category_search=({literal})))"
    found = only_search(find_in_python, text)
    assert spelled(found) == characters
    with warnings.catch_warnings(action="ignore"):  # of the escape that is none
        assert found.text == ast.literal_eval(f"({literal})")


@pytest.mark.parametrize(
    ("token", "characters"),
    [
        (r'"a\"\\\/"', ["a", r"\"", r"\\", r"\/"]),
        (r'"\ud83d\ude00\u0041\ud800x😀"', [r"\ud83d\ude00", r"\u0041", r"\ud800", "x", "😀"]),
    ],
)
def test_json(token: str, characters: list[str]) -> None:
    found = only_search(find_in_json, f'{{"a": [{{}}, -1.5e3, "x", {{"label_category_search":\t{token}}}]}}')
    assert spelled(found) == characters
    assert found.text == json.loads(token)


@for_each(
    [
        ("ab", ["a", "b"]),
        ("a\n      b", ["a", "\n", "b"]),
        ("'a''b'", ["a", "''", "b"]),
        (r'"a\"\x41\u0041\U0001F600"', ["a", r"\"", r"\x41", r"\u0041", r"\U0001F600"]),
        ('"a \\\n   b"', ["a", " ", "b"]),
        ("|  # note\n      a\n        b\n      c", ["a", "\n", " ", " ", "b", "\n", "c", "\n"]),
        (">-\n      a\n      b\n\n      c", ["a", "\n", "b", "\n", "c"]),
    ]
)
def test_yaml(row: tuple[str, list[str]]) -> None:
    value, characters = row
    text = f"x:\n  - category_search: {value}\n  - y # z\n"
    found = only_search(find_in_yaml, text)
    assert spelled(found) == characters
    assert found.text == yaml.safe_load(text)["x"][0]["category_search"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]) | st.sampled_from("\"'\\\n\t #"))


@given(TEXTS)
def test_any_text_as_it_is_written(text: str) -> None:
    """What writes a text and what finds it agree, and the places go up."""
    found = [
        only_search(find_in_python, f"category_search = {text!r}"),
        only_search(find_in_json, json.dumps({"category_search": text})),
        only_search(find_in_json, json.dumps({"category_search": text}, ensure_ascii=False)),
        only_search(find_in_yaml, yaml.safe_dump({"category_search": text})),
    ]
    for one in found:
        assert one.text == text
        assert list(one.place.starts) == sorted(one.place.starts)
        whole = one.place.span(Span(0, len(text)))
        assert one.place.whole.start <= whole.start <= whole.end <= one.place.whole.end


def test_a_text_that_cannot_be_placed_stands_as_a_whole() -> None:
    place = place_text("ab", [("a", 3, 4)], Source(""), Span(2, 5))
    assert place.span(Span(0, 1)) == Span(2, 5)
    assert not place.spells(Span(0, 1))


def test_the_end_of_a_text() -> None:
    found = only_search(find_in_python, "category_search = 'ab'")
    assert found.place.span(Span(2, 2)) == Span(21, 21)
    empty = only_search(find_in_python, "category_search = ''")
    assert empty.place.span(Span(0, 0)) == Span(18, 20)


def test_the_names() -> None:
    assert sorted(NAMES) == ["category_search", "label_category_search"]
