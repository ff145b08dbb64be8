"""Diagnostics: findings about a query, as data; `render` has the output formats."""

from kili_query.diagnostics.codes import Code, Severity
from kili_query.diagnostics.model import Diagnostic, Edit, Help, Label, sort_diagnostics

__all__ = ["Code", "Diagnostic", "Edit", "Help", "Label", "Severity", "sort_diagnostics"]
