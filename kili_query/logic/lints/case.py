"""The case that rules examine: a query without sugar, its clauses as written, and a prover with a budget."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

from attrs import evolve, field, frozen

from kili_query.ast import And, Membership, Not, Or, Predicate, conjunction, disjunction
from kili_query.diagnostics import Help
from kili_query.logic.decide import facts_of
from kili_query.logic.facts import Fact
from kili_query.logic.opaque import known_of_opaque
from kili_query.logic.solver import solve
from kili_query.ontology import Ontology, VideoPolicy
from kili_query.ontology.bind import bind
from kili_query.source import NOWHERE, Span
from kili_query.syntax.lower import lower, negate
from kili_query.syntax.printer import print_tree
from kili_query.wording import shortened

_T = TypeVar("_T")

MAX_STEPS = 70_000
MAX_STEPS_EACH = 10_000
"""Budget of all proofs for one query, and of one proof in addition to what its size needs."""

MAX_DEPTH = 8
"""How deep a set of clauses is made smaller."""

MAX_LABELS = 20
"""How many clauses beside the first a diagnostic marks."""

MAX_SHOWN = 60
"""How much of a clause a message shows, in characters."""


class Prover:
    """Proves that no label meets some predicates, while the budget lasts."""

    def __init__(self, known: Iterable[Predicate]) -> None:
        self.known = tuple(known)
        self.left = MAX_STEPS

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing more will be proven."""
        return self.left <= 0

    def never(self, trees: Iterable[Predicate], facts: Iterable[Fact] = ()) -> bool:
        """Whether it is certain that nothing meets all of them."""
        if self.is_exhausted:
            return False
        given = (*trees, *self.known, *(fact.predicate for fact in facts))
        solution = solve(given, min(MAX_STEPS_EACH, self.left))
        self.left -= solution.steps + 20
        return solution.is_satisfiable is False


@frozen
class WrittenClause:
    """A part of a query as written.

    Attributes:
        written: the part.
        is_negated: whether a ``NOT`` applies to it.
        span: where it stands, a ``NOT`` directly before it included.
        text: what is written there, where that is known.
    """

    written: Predicate
    is_negated: bool
    span: Span
    text: str = ""

    def __str__(self) -> str:
        """Its text or the beginning of it, in backticks; over several lines, as the printer would write it."""
        text = self.text
        if not text or "\n" in text:
            text = print_tree(Not(self.written) if self.is_negated else self.written)
        return f"`{shortened(text, MAX_SHOWN)}`"


@frozen
class Case:
    """One query, or one condition in brackets.

    Attributes:
        tree: without sugar; each comparison, set or relation of the text is one *clause*, whatever it lowers to.
        clauses: those of the tree by the `id` of their nodes, and its ANDs and ORs.
        leaves: the ids of the clauses that are not an AND or OR of the text.
        facts: what an ontology says of the labels.
        prover: shared by the rules.
        value: what the whole is on every label; None where labels differ.
        in_brackets: whether the whole is a condition in brackets.
        negations: those that were asked for, by the `id` of the node.
    """

    tree: Predicate
    clauses: dict[int, WrittenClause]
    leaves: frozenset[int]
    facts: tuple[Fact, ...]
    prover: Prover
    value: bool | None
    in_brackets: bool = False
    negations: dict[int, Predicate] = field(factory=dict, init=False)

    @classmethod
    def of(
        cls,
        tree: Predicate,
        ontology: Ontology | None = None,
        *,
        text: str = "",
        labels_are_complete: bool = False,
        video: VideoPolicy = "objects",
        in_brackets: bool = False,
    ) -> "Case":
        """The case of a tree as written, in a text if there is one."""
        reading = _Reading(ontology, text)
        lowered = reading.read(tree, None)
        facts = facts_of([lowered], ontology, labels_are_complete=labels_are_complete, video=video)
        prover = Prover(known_of_opaque([lowered]))
        value = False if prover.never([lowered]) else (True if prover.never([negate(lowered)]) else None)
        return cls(lowered, reading.clauses, frozenset(reading.leaves), facts, prover, value, in_brackets)

    @property
    def whole(self) -> str:
        """The noun for the whole in messages."""
        return "condition" if self.in_brackets else "query"

    @property
    def judged(self) -> str:
        """The noun in messages for what is judged."""
        return "object" if self.in_brackets else "label"

    def subject(self, part: Predicate, verdict: str) -> str:
        """How a message about a part begins, which is ``never true`` or the like."""
        if part is not self.tree:
            return verdict
        return f"the {self.whole}{' in brackets' if self.in_brackets else ''} is {verdict}"

    @cached_property
    def never_true(self) -> tuple[Predicate, ...]:
        """The whole, or else the largest operands of ORs, that nothing meets."""
        return self.parts_of_value(False, lambda node: self.prover.never([node]), And)

    @cached_property
    def always_true(self) -> tuple[Predicate, ...]:
        """The whole, or else the largest operands of ANDs, that everything meets."""
        return self.parts_of_value(True, lambda node: self.prover.never([self.negated(node)]), Or)

    def parts_of_value(
        self, value: bool, has_value: Callable[[Predicate], bool], kind: type[And] | type[Or]
    ) -> tuple[Predicate, ...]:
        if self.value is not None:
            return (self.tree,) if self.value is value else ()
        return tuple(
            part
            for operand in self.operands_to_settle(self.tree, kind)
            for part in self.settled_parts(operand, has_value, kind)
        )

    def settled_parts(
        self, top: Predicate, is_settled: Callable[[Predicate], bool], kind: type[And] | type[Or]
    ) -> Iterator[Predicate]:
        """Yield the largest parts of a node that are settled, in order."""
        stack = [top]
        while stack:
            node = stack.pop()
            if is_settled(node):
                yield node
            else:
                stack.extend(reversed(self.operands_to_settle(node, kind)))

    def operands_to_settle(self, node: Predicate, kind: type[And] | type[Or]) -> list[Predicate]:
        """Return the operands of an unsettled node; if it is of the kind, its leaves are not settled either."""
        other = Or if kind is And else And
        return [one for one in self.operands(node) if not isinstance(node, kind) or isinstance(one, other)]

    def operands(self, node: Predicate) -> tuple[Predicate, ...]:
        """The operands of an AND or OR of the text."""
        return node.operands if isinstance(node, And | Or) and id(node) not in self.leaves else ()

    def negated(self, node: Predicate) -> Predicate:
        """The negation of a node of the tree, put together from those of its operands, which are asked for too."""
        found = self.negations.get(id(node))
        if found is None:
            match node:
                case And(operands):
                    found = disjunction(map(self.negated, operands), node.span)
                case Or(operands):
                    found = conjunction(map(self.negated, operands), node.span)
                case _:
                    found = negate(node)
            self.negations[id(node)] = found
        return found

    def clauses_of(self, tree: Predicate) -> list[WrittenClause]:
        """The clauses of a tree that is made of parts of this one, in the order of the text."""
        found: list[WrittenClause] = []
        stack = [tree]
        while stack:
            node = stack.pop()
            if id(node) in self.leaves:
                found.append(self.clauses[id(node)])
            elif isinstance(node, And | Or):
                stack.extend(node.operands)
        return sorted(dict.fromkeys(found), key=lambda clause: clause.span)


class _Reading:
    """A tree as written becomes one without sugar, and each node keeps its clause."""

    def __init__(self, ontology: Ontology | None, text: str) -> None:
        self.ontology = ontology
        self.text = text
        self.clauses: dict[int, WrittenClause] = {}
        self.leaves: set[int] = set()
        self.kept: list[Predicate] = []

    def read(self, tree: Predicate, negation: Not | None, is_negated: bool = False) -> Predicate:
        """Read a part; ``negation`` is the NOT directly before it."""
        match tree:
            case Not(operand):
                return self.read(operand, negation or tree, not is_negated)
            case And(operands) | Or(operands):
                kind = And if isinstance(tree, And) is not is_negated else Or
                parts: list[Predicate] = []
                for operand in operands:
                    part = self.read(operand, None, is_negated)
                    joins = isinstance(part, kind) and id(part) not in self.leaves
                    parts.extend(part.operands if joins and isinstance(part, And | Or) else (part,))
                node: Predicate = kind(tuple(parts), span=tree.span)
            case leaf:
                bound = leaf if self.ontology is None else bind(leaf, self.ontology)
                node = evolve(negate(bound) if is_negated else lower(bound))  # a node of its own, for its id
                self.leaves.add(id(node))
        span = tree.span if negation is None else negation.span
        text = "" if span == NOWHERE else self.text[span.start : span.end]
        self.clauses[id(node)] = WrittenClause(tree, is_negated, span, text)
        self.kept.append(node)
        return node


def help_with_range(written: Predicate) -> Help | None:
    """How to mend the first reversed range of a set; None where there is none."""
    ranges = written.ranges if isinstance(written, Membership) else ()
    turned = next((one for one in ranges if one.high is not None and one.low > one.high), None)
    return None if turned is None else Help(f"the range is reversed: write `{turned.high}..{turned.low}`")


def shrink(items: Sequence[_T], suffices: Callable[[list[_T]], bool]) -> list[_T]:
    """A smallest part of some items that still suffices: none of them can be left out."""
    kept = list(items)
    size = max(1, len(kept) // 2)
    while True:
        start = 0
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if suffices(fewer):
                kept = fewer
            else:
                start += size
        if size == 1:
            return kept
        size //= 2


def minimal(
    case: Case,
    tree: Predicate,
    suffices: Callable[[Predicate], bool],
    kind: type[And] | type[Or],
    depth: int = MAX_DEPTH,
) -> Predicate:
    """The tree with as few operands of its ANDs, or of its ORs, at any level, as still suffice."""
    operands = list(case.operands(tree))
    if not operands or not depth:
        return tree
    join = conjunction if isinstance(tree, And) else disjunction
    if isinstance(tree, kind):
        operands = shrink(operands, lambda some: suffices(join(some)))
    for index, operand in enumerate(operands):

        def with_other(other: Predicate, index: int = index) -> bool:
            return suffices(join([*operands[:index], other, *operands[index + 1 :]]))

        operands[index] = minimal(case, operand, with_other, kind, depth - 1)
    return And(tuple(operands)) if isinstance(tree, And) else Or(tuple(operands))
