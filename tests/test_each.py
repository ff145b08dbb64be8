"""Rows that run as one test: none is left out, and none hides what another one found."""

from pathlib import Path
from typing import Any

import pytest

from tests.each import for_each


def notes_of(cases: list[Any]) -> list[str]:
    """What is said of the cases that fail, where each does."""

    @for_each(cases)
    def fails(case: object) -> None:
        pytest.fail("it does")

    with pytest.raises(BaseExceptionGroup) as caught:
        fails()
    return [note for one in caught.value.exceptions for note in one.__notes__]


def test_each_failure_names_its_case() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    notes = notes_of([1, "half a character: \ud800", "long" * 1_000, deep])
    assert notes[:2] == ["in the case 0: 1", r"in the case 1: 'half a character: \ud800'"]
    assert len(notes[2]) < 250
    assert notes[3] == "in the case 3: nested too deeply to be shown"
    while deep:  # else taking it apart would go as deep
        deep = deep.pop()


def test_a_case_that_is_skipped_hides_no_failure() -> None:
    tried = []

    @for_each(["fails", "is skipped", "passes"])
    def test(case: str) -> None:
        tried.append(case)
        assert case != "fails"
        if case == "is skipped":
            pytest.skip(case)

    with pytest.raises(BaseExceptionGroup) as caught:
        test()
    assert len(caught.value.exceptions) == 1
    assert tried == ["fails", "is skipped", "passes"]


def test_skipped_cases_are_reported_where_the_others_pass() -> None:
    @for_each([False, True])
    def test(is_skipped: bool) -> None:
        if is_skipped:
            pytest.skip("a reason")

    with pytest.raises(pytest.skip.Exception, match="a reason"):
        test()


@for_each([1, 2])
def test_each_case_has_an_empty_folder(case: int, tmp_path: Path) -> None:
    assert list(tmp_path.iterdir()) == []
    (tmp_path / str(case)).touch()


def test_no_case_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is no case"):
        for_each([])(print_nothing)()


def print_nothing(case: object) -> None:
    raise AssertionError(case)
