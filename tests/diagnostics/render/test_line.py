"""The one-line renderer."""

from collections.abc import Callable

from kili_query.diagnostics.render import render_line
from tests.diagnostics.samples import SAMPLES


def test_lines(golden: Callable[[str, str], None]) -> None:
    lines = [render_line(found) for found in SAMPLES.values()]
    assert not any("\n" in line or "\x1b" in line for line in lines)
    golden("diagnostics/lines.txt", "\n".join(lines))
