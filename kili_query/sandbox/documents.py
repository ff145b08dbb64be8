"""GraphQL documents, read and checked within bounds: whoever sends one must not keep the server busy with it.

Documents repeat, so what is known of one is remembered by its text.
"""

import re
from functools import lru_cache
from typing import Any

from attrs import define, field, frozen
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)

from kili_query.sandbox.values import Refused

MAX_DOCUMENT_CHARS = 64 * 1024
MAX_TOKENS = 1_000
"""The longest documents of the official clients have a few hundred; comparing repeated fields takes quadratic time."""
MAX_DIGITS = 400
"""Of a number: no value that a filter or a page takes has more, and Python does not read those of thousands."""
MAX_DEPTH = 12
"""How many levels of fields may be nested; fields that describe the schema itself may go deeper."""

_MAX_ERRORS = 10
_REMEMBERED = 64
_MANY_DIGITS = re.compile(rf"\d{{{MAX_DIGITS}}}")


@lru_cache(_REMEMBERED)
def read_document(text: str) -> DocumentNode:
    """Parse a document.

    Raises:
        GraphQLError: it has a syntax error, or is larger than any client needs.
    """
    if len(text) > MAX_DOCUMENT_CHARS:
        raise Refused(f"the document is longer than {MAX_DOCUMENT_CHARS} characters: send values as variables")
    try:
        document = parse(text, max_tokens=MAX_TOKENS)
        if _MANY_DIGITS.search(text):
            visit(document, _NumberChecker())
    except RecursionError:
        raise Refused("the document is nested too deep") from None
    return document


@frozen
class CheckedDocument:
    """A document that fits the schema.

    Attributes:
        node: its syntax tree.
        fields: how many fields it names: no object of an answer has more.
        is_about_schema: whether it only asks for the schema and has no variables, so that every answer is the same.
    """

    node: DocumentNode
    fields: int
    is_about_schema: bool = False


@lru_cache(_REMEMBERED)
def check_document(schema: GraphQLSchema, text: str) -> CheckedDocument | list[GraphQLError]:
    """Read a document and check it against the schema: the document, or what is wrong with it."""
    try:
        node = read_document(text)
        errors = validate(schema, node, [*specified_rules, DepthRule], max_errors=_MAX_ERRORS)
        if errors:
            return errors
        counter = _FieldCounter()
        visit(node, counter)
    except GraphQLError as error:
        return [error]
    except RecursionError:
        return [Refused("the document is nested too deep")]
    return CheckedDocument(node, counter.fields, _is_about_schema(node))


def _is_about_schema(document: DocumentNode) -> bool:
    match [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]:
        case [OperationDefinitionNode(variable_definitions=asked, selection_set=selections)] if not asked:
            return all(isinstance(one, FieldNode) and one.name.value == "__schema" for one in selections.selections)
        case _:
            return False


class _FieldCounter(Visitor):
    """Counts the fields that a document names."""

    def __init__(self) -> None:
        super().__init__()
        self.fields = 0

    def enter_field(self, *_: Any) -> None:
        """Count one."""
        self.fields += 1


class _NumberChecker(Visitor):
    """Refuses numbers of too many digits."""

    def enter_int_value(self, node: IntValueNode, *_: object) -> None:
        """Check an integer, or the whole of another number."""
        if len(node.value) > MAX_DIGITS:
            raise Refused(f"the document holds a number of more than {MAX_DIGITS} digits", [node])

    enter_float_value = enter_int_value


class DepthRule(ValidationRule):
    """Documents whose fields stand too deep in fields are refused: each level may multiply the work."""

    context: ValidationContext

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
        """Measure an operation."""
        depth = _Depth(self.context).of(node.selection_set)
        if depth > MAX_DEPTH:
            self.report_error(GraphQLError(f"the document is {depth} fields deep: {MAX_DEPTH} at most", [node]))


@define
class _Depth:
    """How deep the fields of a document go, each fragment measured once."""

    context: ValidationContext
    known: dict[str, int] = field(factory=dict)

    def of(self, selections: SelectionSetNode | None) -> int:
        deepest = 0
        for selection in selections.selections if selections else ():
            match selection:
                case FieldNode(name=name) if name.value.startswith("__"):
                    continue
                case FieldNode():
                    deepest = max(deepest, 1 + self.of(selection.selection_set))
                case FragmentSpreadNode():
                    deepest = max(deepest, self._of_fragment(self.context.get_fragment(selection.name.value)))
                case _:
                    deepest = max(deepest, self.of(getattr(selection, "selection_set", None)))
        return deepest

    def _of_fragment(self, fragment: FragmentDefinitionNode | None) -> int:
        if fragment is None:
            return 0  # another rule reports it, as it does a fragment in itself
        name = fragment.name.value
        if name not in self.known:
            self.known[name] = 0
            self.known[name] = self.of(fragment.selection_set)
        return self.known[name]
