"""Why a label matches or does not: the tree as written, with the verdict and the counts of each part, and what of it
failed."""

from collections.abc import Callable, Iterator
from typing import TypeAlias, assert_never

from attrs import evolve, field, frozen

from kili_query.ast import (
    And,
    Comparison,
    Constant,
    Exists,
    Linear,
    Membership,
    Not,
    Or,
    Predicate,
    Relation,
    Term,
    terms,
    terms_of,
)
from kili_query.diagnostics.layout import text_as_html
from kili_query.logic.evaluate import holds
from kili_query.syntax.lower import lower
from kili_query.syntax.printer import print_counter, print_tree
from kili_query.targets.why_not import Change, WhyNot, why_not

CountTerm: TypeAlias = Callable[[Term], int]


@frozen
class Explanation:
    """The verdict on one part of a query, what it counted, and the same for its operands.

    Attributes:
        text: the part, as the printer spells it.
        matches: whether the label meets it.
        found: for a comparison, what it counts and how many the label holds, in the order of the text.
        operands: the parts of an AND, OR or NOT.
        tree: the part itself.
        why_not: of the whole query, what would make the label match; None where it does.
    """

    text: str
    matches: bool
    found: tuple[tuple[str, int], ...] = ()
    operands: tuple["Explanation", ...] = ()
    tree: Predicate = field(default=Constant(True), eq=False, repr=False, kw_only=True)
    why_not: WhyNot | None = field(default=None, kw_only=True)

    def __bool__(self) -> bool:
        return self.matches

    def __str__(self) -> str:
        rows = list(_rows(self, 0))
        width = max((len(text) for text, found in rows if found), default=0)
        lines = [f"{text:<{width}}      ({found})" if found else text for text, found in rows]
        return "\n".join(lines if self.why_not is None else [*lines, str(self.why_not)])

    def _repr_html_(self) -> str:
        return text_as_html(f"{'matches' if self.matches else 'does not match'}\n\n{self}")

    @property
    def change(self) -> Change | None:
        """The smallest change of counts after which the label would match; None where it does, or none is known."""
        return None if self.why_not is None else self.why_not.change

    @property
    def failed(self) -> tuple["Explanation", ...]:
        """The clauses, each a comparison or its negation, that make the verdict no; none where it is yes."""
        return () if self.matches else tuple({part.text: part for part in _responsible(self, is_wanted=True)}.values())

    @property
    def clauses(self) -> tuple["Explanation", ...]:
        """The comparisons, each as it stands or, below an odd number of NOT, its negation, in the order of the text."""
        return tuple(_clauses(self, is_negated=False))

    def to_dict(self) -> dict[str, object]:
        """The same as JSON has it; of a whole query that does not match also what failed, and what would help."""
        described: dict[str, object] = {
            "text": self.text,
            "matches": self.matches,
            "found": dict(self.found),
            "operands": [operand.to_dict() for operand in self.operands],
        }
        if self.why_not is not None:
            deltas = () if self.change is None else self.change.deltas
            described["failed"] = [{"text": part.text, "found": dict(part.found)} for part in self.failed]
            described["change"] = None if self.change is None else {print_counter(one): delta for one, delta in deltas}
            described["why_not"] = str(self.why_not)
        return described


def explain(tree: Predicate, tally: CountTerm) -> Explanation:
    """Judge every part of a tree, none left out, and find what would make the label match where it does not.

    Args:
        tree: as written; its sugar is kept in the texts.
        tally: how many of something the label holds.
    """
    judged = _judge(tree, tally)
    if judged.matches:
        return judged
    lowered = lower(tree)  # once, conditions in brackets included: what is searched is what was counted
    return evolve(judged, why_not=why_not(lowered, {term: tally(term) for term in terms(lowered)}))


def _judge(tree: Predicate, tally: CountTerm) -> Explanation:
    text = print_tree(tree)
    match tree:
        case And(operands):
            parts = tuple(_judge(operand, tally) for operand in operands)
            return Explanation(text, all(parts), (), parts, tree=tree)
        case Or(operands):
            parts = tuple(_judge(operand, tally) for operand in operands)
            return Explanation(text, any(parts), (), parts, tree=tree)
        case Not(operand):
            part = _judge(operand, tally)
            return Explanation(text, not part, (), (part,), tree=tree)
        case Comparison() | Linear() | Constant() | Exists() | Relation() | Membership():
            found = tuple((print_counter(term), tally(term)) for term in dict.fromkeys(terms_of(tree)))
            lowered = lower(tree)
            is_met = holds(lowered, {term: tally(term) for term in terms(lowered)})
            return Explanation(text, is_met, found, tree=tree)
        case _:
            assert_never(tree)


def _responsible(part: Explanation, *, is_wanted: bool) -> Iterator[Explanation]:
    """The leaves that make a part other than it is wanted to be; those wanted not to hold are written with NOT."""
    match part.tree:
        case And() | Or():
            for operand in part.operands:
                if operand.matches is not is_wanted:
                    yield from _responsible(operand, is_wanted=is_wanted)
        case Not():
            yield from _responsible(part.operands[0], is_wanted=not is_wanted)
        case _:
            yield part if is_wanted else _negated(part)


def _clauses(part: Explanation, *, is_negated: bool) -> Iterator[Explanation]:
    match part.tree:
        case And() | Or():
            for operand in part.operands:
                yield from _clauses(operand, is_negated=is_negated)
        case Not():
            yield from _clauses(part.operands[0], is_negated=not is_negated)
        case _:
            yield _negated(part) if is_negated else part


def _negated(leaf: Explanation) -> Explanation:
    negated = Not(leaf.tree, span=leaf.tree.span)
    return Explanation(print_tree(negated), matches=not leaf.matches, found=leaf.found, tree=negated)


def _rows(part: Explanation, depth: int) -> "list[tuple[str, str]]":
    counts = part.found
    found = f"found {counts[0][1]}" if len(counts) == 1 else ", ".join(f"{name} = {number}" for name, number in counts)
    rows = [(f"{'  ' * depth}{'✓' if part.matches else '✗'} {part.text}", found)]
    for operand in part.operands:
        rows += _rows(operand, depth + 1)
    return rows
