"""The layout of diagnostics: whatever the text, carets stand under the fault."""

import unicodedata
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.diagnostics import Code, Diagnostic, Label
from kili_query.diagnostics.layout import display_width
from kili_query.source import Source, Span
from tests.diagnostics.samples import SAMPLES
from tests.each import for_each


@pytest.mark.parametrize("name", SAMPLES)
def test_layout(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"diagnostics/text/{name}.txt", str(SAMPLES[name]))


@for_each(product(SAMPLES, [40, 80, 200, None]))
def test_lines_of_the_source_fit_the_terminal(case: tuple[str, int | None]) -> None:
    name, width = case
    lines = SAMPLES[name].lay_out(width=width).split("\n")
    excerpts = [line for line in lines if line.lstrip()[:1].isdigit() and " | " in line]
    assert max(map(display_width, excerpts), default=0) <= min(130, width or 130)


def test_the_caret_stays_below_the_fault_on_a_narrow_terminal() -> None:
    text = "A.B.count > 0 OR " * 5 + "A.B.count => 1" + " OR A.B.count > 0" * 5
    span = Span(text.index("=>"), text.index("=>") + 2)
    found = Diagnostic(Code.UNEXPECTED_TOKEN, "no", Label(span, "here"), source=Source(text))
    assert found.lay_out(width=40).split("\n")[3:] == [
        " 1 | …OR A.B.count => 1 OR A.B.count > …",
        "   |               ^^ here",
    ]


HOSTILE = st.text(
    st.sampled_from('A."\t\r\n\x00\x1b\u0301\u200d\u2028\ufe0f犬❤é\ud800 ') | st.characters(), max_size=300
)


@given(HOSTILE, st.integers(0, 320), st.integers(0, 320))
@settings(max_examples=300)
def test_any_text_gives_clean_lines_with_a_caret_under_the_fault(text: str, one: int, other: int) -> None:
    span = Span(min(one, other), max(one, other))
    found = Diagnostic(Code.UNEXPECTED_TOKEN, text, Label(span), source=Source(text))
    heading, _, _, excerpt, carets = str(found).split("\n")
    for char in heading + excerpt:
        assert unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    width = len(excerpt.partition("|")[0])
    assert carets[:width].strip() == ""
    assert set(carets[width:]) <= {"|", " ", "^"}
    assert carets.endswith("^")
    str(found).encode("utf-8")


def test_the_caret_stands_in_the_cell_of_the_fault() -> None:
    found = SAMPLES["wide_characters"]
    lines = str(found).split("\n")
    excerpt, carets = lines[3], lines[4]
    cell = carets.index("^")
    cells = "".join(char + "\0" * (display_width(char) - 1) for char in excerpt)
    assert cells[cell] == "&"
