"""``kili-query compare``: how two queries relate."""

from enum import StrEnum
from typing import Annotated

import typer
from attrs import frozen

from kili_query.cli import FINE, NEGATIVE
from kili_query.cli.arguments import JsonOption, OntologyOption, PolicyOption
from kili_query.cli.inputs import find_ontology, load_ontology, load_query
from kili_query.cli.output import print_json, print_lines
from kili_query.counting import CountPolicy
from kili_query.logic import Example, Verdict
from kili_query.ontology import Ontology
from kili_query.query import Query
from kili_query.verdicts import disjoint, implies, satisfiable


class QueryRelation(StrEnum):
    """How A relates to B."""

    SAME = "same"
    STRICTER = "stricter"
    LOOSER = "looser"
    DISJOINT = "disjoint"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


_IN_WORDS = {
    QueryRelation.SAME: "the same labels match A and B",
    QueryRelation.STRICTER: "every label that matches A matches B, but not the other way round",
    QueryRelation.LOOSER: "every label that matches B matches A, but not the other way round",
    QueryRelation.DISJOINT: "no label matches both A and B",
    QueryRelation.DIFFERENT: "some labels match A alone, some B alone, and some both",
    QueryRelation.UNKNOWN: "how A and B relate could not be decided",
}


@frozen
class _Comparison:
    """Two queries, and what was decided of them; a verdict that is no has a label that shows it."""

    left: Query
    right: Query
    left_implies_right: Verdict
    right_implies_left: Verdict
    are_disjoint: Verdict
    left_matches: Verdict
    right_matches: Verdict

    @classmethod
    def of(
        cls, left: Query, right: Query, ontology: Ontology | None, policy: CountPolicy, *, is_complete: bool
    ) -> "_Comparison":
        return cls(
            left,
            right,
            implies(left, right, ontology, labels_are_complete=is_complete, policy=policy),
            implies(right, left, ontology, labels_are_complete=is_complete, policy=policy),
            disjoint(left, right, ontology, labels_are_complete=is_complete, policy=policy),
            satisfiable(left, ontology, labels_are_complete=is_complete, policy=policy),
            satisfiable(right, ontology, labels_are_complete=is_complete, policy=policy),
        )

    @property
    def relation(self) -> QueryRelation:
        match self.left_implies_right.value, self.right_implies_left.value, self.are_disjoint.value:
            case True, True, _:
                return QueryRelation.SAME
            case True, False, _:
                return QueryRelation.STRICTER
            case False, True, _:
                return QueryRelation.LOOSER
            case False, False, True:
                return QueryRelation.DISJOINT
            case False, False, False:
                return QueryRelation.DIFFERENT
            case _, _, True if self.left_matches and self.right_matches:
                return QueryRelation.DISJOINT  # two that can match, and never together, imply nothing of each other
            case _:
                return QueryRelation.UNKNOWN

    @property
    def labels(self) -> dict[str, tuple[str, Example]]:
        """Labels that tell the queries apart, or show that they meet: a key, words, and what they hold."""
        shown = {
            "only_a": ("a label that matches A and not B", self.left_implies_right.counterexample),
            "only_b": ("a label that matches B and not A", self.right_implies_left.counterexample),
            "both": ("a label that matches both", self.are_disjoint.counterexample),
        }
        return {key: (words, example) for key, (words, example) in shown.items() if example is not None}

    @property
    def remarks(self) -> list[str]:
        """Return further remarks."""
        remarks = [
            f"{name} can match no label at all"
            for name, verdict in (("A", self.left_matches), ("B", self.right_matches))
            if verdict.value is False
        ]
        if self.relation is QueryRelation.UNKNOWN:
            claims = (
                ("every label that matches A matches B", self.left_implies_right),
                ("every label that matches B matches A", self.right_implies_left),
                ("no label matches both A and B", self.are_disjoint),
            )
            for claim, verdict in claims:
                certainty = f"unknown: {verdict.note}" if verdict.unknown else "true" if verdict else "not true"
                remarks.append(f"{claim}: {certainty}")
        return remarks

    def __str__(self) -> str:
        lines = [f"A  {self.left}", f"B  {self.right}", "", f"{self.relation}: {_IN_WORDS[self.relation]}"]
        lines += [f"  {remark}" for remark in self.remarks]
        for key, (words, example) in self.labels.items():
            if key != "both" or self.relation in (QueryRelation.DIFFERENT, QueryRelation.UNKNOWN):
                lines += ["", words, f"  {example}"]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        return {
            "a": str(self.left),
            "b": str(self.right),
            "relation": self.relation.value,
            "meaning": _IN_WORDS[self.relation],
            "remarks": self.remarks,
            "labels": {key: _label_as_json(example) for key, (_, example) in self.labels.items()},
        }


def _label_as_json(example: Example) -> dict[str, object]:
    pairs = sorted({*example.pairs, *example.counts})
    return {
        "counts": [{"job": job, "category": name, "count": example.counts.get((job, name), 0)} for job, name in pairs],
        "jsonResponse": example.json_response,
    }


def compare(
    left: Annotated[
        str,
        typer.Argument(
            metavar="A", show_default=False, help="A query; - reads it from standard input, @FILE from a file."
        ),
    ],
    right: Annotated[str, typer.Argument(metavar="B", show_default=False, help="The other query.")],
    ontology: OntologyOption = None,
    complete: Annotated[
        bool,
        typer.Option(
            "--complete", help="Only consider complete labels, in which each required job of the ontology is done."
        ),
    ] = False,
    policy: PolicyOption = "objects",
    as_json: JsonOption = False,
) -> int:
    """Compare two queries: same, stricter, looser, disjoint or different.

    Shows a label that tells them apart (with --json, its jsonResponse too). With an ontology, only labels that obey it
    are considered. Exit status: 0 when both mean the same, 1 when they do not, or where that is unknown, 2 for a
    bad query, bad input or bad usage.

    \b
    kili-query compare 'A.B.count > 3' 'A.B.count >= 3'
    """
    if left == right == "-":
        raise typer.BadParameter("standard input cannot be both queries", param_hint="'B'")
    ontology = find_ontology(ontology)
    if complete and ontology is None:
        raise typer.BadParameter("needs --ontology, which says what is required", param_hint="'--complete'")
    loaded = load_ontology(ontology)
    counting = CountPolicy(policy)
    queries = load_query(left, loaded, "A", counting), load_query(right, loaded, "B", counting)
    found = _Comparison.of(*queries, loaded, counting, is_complete=complete)
    if as_json:
        print_json(found.to_dict())
    else:
        print_lines(str(found))
    return FINE if found.relation is QueryRelation.SAME else NEGATIVE
