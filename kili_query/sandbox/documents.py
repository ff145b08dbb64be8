"""The texts of GraphQL documents, read within bounds: whoever sends one must not keep the server busy with it."""

import re
from functools import lru_cache

from graphql import DocumentNode, IntValueNode, Visitor, parse, visit

from kili_query.sandbox.refusal import Refused

__all__ = ["MAX_DIGITS", "MAX_DOCUMENT_CHARS", "MAX_TOKENS", "read_document"]

MAX_DOCUMENT_CHARS = 64 * 1024
MAX_TOKENS = 1_000
"""The longest documents of the official clients have a few hundred; to compare fields that repeat takes the square."""
MAX_DIGITS = 400
"""Of a number: no value that a filter or a page takes has more, and Python does not read those of thousands."""

_MAX_REMEMBERED_CHARS = 8 * 1024
_MANY_DIGITS = re.compile(rf"\d{{{MAX_DIGITS}}}")


def read_document(text: str) -> DocumentNode:
    """The document that a text is.

    Raises:
        GraphQLError: it is none, or larger than any client needs.
    """
    if len(text) > MAX_DOCUMENT_CHARS:
        raise Refused(f"the document is longer than {MAX_DOCUMENT_CHARS} characters: send values as variables")
    return _remembered(text) if len(text) <= _MAX_REMEMBERED_CHARS else _parse(text)


def _parse(text: str) -> DocumentNode:
    try:
        document = parse(text, max_tokens=MAX_TOKENS)
        if _MANY_DIGITS.search(text):
            visit(document, _NumberChecker())
    except RecursionError:
        raise Refused("the document is nested too deep") from None
    return document


class _NumberChecker(Visitor):
    """Refuses numbers of too many digits."""

    def enter_int_value(self, node: IntValueNode, *_: object) -> None:
        """Check an integer, or the whole of another number."""
        if len(node.value) > MAX_DIGITS:
            raise Refused(f"the document holds a number of more than {MAX_DIGITS} digits", [node])

    enter_float_value = enter_int_value


_remembered = lru_cache(maxsize=512)(_parse)
