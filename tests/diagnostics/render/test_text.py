"""The text renderer and its colours."""

import io
from collections.abc import Callable

import pytest

from kili_query.diagnostics.render import render_text, wants_color
from tests.diagnostics.samples import SAMPLES


def test_an_empty_line_stands_between_diagnostics() -> None:
    one, other = SAMPLES["plain"], SAMPLES["end_of_text"]
    assert render_text([one, other]) == f"{one}\n\n{other}"
    assert render_text([]) == ""


@pytest.mark.parametrize("name", ["plain", "two_places_one_line", "unwritten"])
def test_colours(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"diagnostics/color/{name}.txt", render_text([SAMPLES[name]], color=True).replace("\x1b", "ESC"))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "on_terminal", "in_file"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "xterm"}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "0"}, False, False),
    ],
)
def test_wants_color(environ: dict[str, str], on_terminal: bool, in_file: bool) -> None:
    assert wants_color(Terminal(), environ) is on_terminal
    assert wants_color(io.StringIO(), environ) is in_file


def test_wants_color_reads_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_color(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color(Terminal())
