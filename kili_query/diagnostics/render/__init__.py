"""Output formats of diagnostics, one per file: text with carets, single lines, JSON, SARIF."""

from kili_query.diagnostics.render.as_json import as_json, render_json
from kili_query.diagnostics.render.line import render_line
from kili_query.diagnostics.render.sarif import render_sarif
from kili_query.diagnostics.render.text import ansi, render_text, wants_color

__all__ = ["ansi", "as_json", "render_json", "render_line", "render_sarif", "render_text", "wants_color"]
