"""The syntax: text to tree and back."""

from kili_query.syntax.lower import lower, negate
from kili_query.syntax.parse import (
    DEFAULT_LIMITS,
    Limits,
    TreeSize,
    lint_text,
    parse_and_lint,
    parse_source,
    parse_tree,
    refuse_large,
    tree_size,
    without_foreign_edit,
)
from kili_query.syntax.parser import Dialect
from kili_query.syntax.printer import print_counter, print_name, print_tree

__all__ = [
    "DEFAULT_LIMITS",
    "Dialect",
    "Limits",
    "TreeSize",
    "lint_text",
    "lower",
    "negate",
    "parse_and_lint",
    "parse_source",
    "parse_tree",
    "print_counter",
    "print_name",
    "print_tree",
    "refuse_large",
    "tree_size",
    "without_foreign_edit",
]
