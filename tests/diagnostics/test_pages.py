"""Each code has a page with the heading of the registry, a description and three sections."""

import re

import pytest

from kili_query.diagnostics import Code
from kili_query.diagnostics.pages import page
from kili_query.resources import read_text


@pytest.mark.parametrize("code", Code)
def test_each_code_has_a_page(code: Code) -> None:
    text = page(code)
    assert text.startswith(f"# {code}: {code.summary}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Example", "Why", "Fix"]


def test_a_file_that_is_not_shipped() -> None:
    with pytest.raises(FileNotFoundError, match="KQ999"):
        read_text("docs", "codes", "KQ999.md")


@pytest.mark.parametrize("code", Code)
def test_no_page_shows_what_only_tests_read(code: Code) -> None:
    assert "<!--" not in page(code)
