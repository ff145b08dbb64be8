"""What the tests of the rules share."""

from pathlib import Path

from kili_query.ast import Constant, Predicate, map_operands
from kili_query.diagnostics import Code, Diagnostic
from kili_query.logic.lints import check_logic
from kili_query.ontology import Ontology
from kili_query.source import Span
from kili_query.syntax import parse_tree

STREET = Ontology.load(Path(__file__).parents[2] / "data" / "ontology_street.json")


def found_in(text: str, code: Code, ontology: Ontology | None = None) -> list[tuple[str, list[str]]]:
    """The text under the caret and that under the other labels, of each finding with the code."""

    def under(span: Span) -> str:
        return text[span.start : span.end]

    return [
        (under(found.span), [under(label.span) for label in found.labels])
        for found in check_logic(parse_tree(text), ontology)
        if found.code is code
    ]


def messages(text: str, ontology: Ontology | None = None) -> list[str]:
    return [f"{found.code.value} {found.message}" for found in check_logic(parse_tree(text), ontology)]


def replaced(tree: Predicate, found: Diagnostic, value: bool) -> Predicate:
    """The tree with a constant where a finding points."""
    if tree.span == found.span:
        return Constant(value)
    return map_operands(lambda operand: replaced(operand, found, value), tree)
