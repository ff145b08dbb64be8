"""Category searches in files: found in Python, notebooks, YAML, JSON and `.kq` files, and checked where they stand.

A search is the text of a keyword argument, a key, a variable or a parameter named ``category_search`` or
``label_category_search``, or any text that a comment ``# kili-query`` marks. Only what stands there as plain text can
be read; what a program puts together is reported as skipped.
"""

from kili_query.lint.check import check_search
from kili_query.lint.files import lint_paths
from kili_query.lint.fixing import FixError, apply_edits, fix_file
from kili_query.lint.searches import FoundSearch, LintItem, SkippedPlace, Unreadable

__all__ = [
    "FixError",
    "FoundSearch",
    "LintItem",
    "SkippedPlace",
    "Unreadable",
    "apply_edits",
    "check_search",
    "fix_file",
    "lint_paths",
]
