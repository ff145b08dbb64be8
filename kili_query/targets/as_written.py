"""Show queries as their reader wrote them: with their patterns and their operators."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import groupby

from attrs import evolve, frozen

from kili_query.ast import (
    And,
    CompareOp,
    Comparison,
    Filtered,
    Linear,
    Or,
    Predicate,
    Term,
    counters,
    map_operands,
    subtrees,
    terms,
    terms_of,
)
from kili_query.ast.walk import has_patterns
from kili_query.logic import Example
from kili_query.source import Span
from kili_query.syntax import print_name, print_tree
from kili_query.syntax.lower import lower
from kili_query.syntax.printer import print_counter
from kili_query.targets.explain import Explanation

_MOST_COUNTERS = 8
_MOST_FOUND = 6


def expands(written: Predicate, bound: Predicate) -> bool:
    """Decide whether patterns of a query became so many counters that nobody reads them.

    >>> from kili_query.syntax import parse_tree
    >>> many = parse_tree("J.A[" + " OR ".join(f"K.{letter}" for letter in "ABCDEFGH") + "]")
    >>> expands(parse_tree("J.A[K.*]"), many), expands(many, many)
    (True, False)
    """
    return has_patterns(written) and _is_long(bound, _MOST_COUNTERS)


def _is_long(tree: Predicate, most: int) -> bool:
    return len(set(counters(tree))) > most


def keep_operators(tree: Predicate, written: Predicate) -> Predicate:
    """Write each comparison with the operator that its reader used, where two operators mean the same.

    >>> from kili_query.syntax import parse_tree, print_tree
    >>> written = parse_tree("NOT A.B.count < 8 AND A.C[D.E.count >= 2].count > 0")
    >>> print_tree(keep_operators(parse_tree("A.B.count > 7 AND A.C[D.E.count > 1].count > 0"), written))
    'A.B.count >= 8 AND A.C[D.E.count >= 2].count > 0'
    """
    used = set(map(_as_is, _comparisons(lower(written))))

    def change(node: Comparison | Linear) -> Comparison | Linear:
        return next((one for one in (node, *_others(node)) if _as_is(one) in used), node)

    return _map_comparisons(change, tree)


def _as_is(node: Comparison | Linear) -> object:
    """Return what a comparison counts, whatever the operators in its brackets, and its own operator and bound."""
    plain = _map_terms(lambda condition: _map_comparisons(_canonical, condition), node)
    counted = plain.counter if isinstance(plain, Comparison) else frozenset(plain.addends)
    return counted, node.op, node.bound


def _canonical(node: Comparison | Linear) -> Comparison | Linear:
    is_strict = node.op in (CompareOp.GT, CompareOp.LT)
    return next(iter(_others(node)), node) if is_strict else node


def _others(node: Comparison | Linear) -> list[Comparison | Linear]:
    return [evolve(node, op=op, bound=bound) for op, bound in _equals(node.op, node.bound)]


def _comparisons(tree: Predicate) -> Iterator[Comparison | Linear]:
    """Yield all comparisons of a lowered tree, including those in brackets."""
    for node in subtrees(tree):
        if isinstance(node, Comparison | Linear):
            yield node
            for term in terms_of(node):
                if isinstance(term, Filtered):
                    yield from _comparisons(term.condition)


def _map_comparisons(change: Callable[[Comparison | Linear], Comparison | Linear], tree: Predicate) -> Predicate:
    """Change each comparison of a lowered tree; those in brackets first."""
    if not isinstance(tree, Comparison | Linear):
        return map_operands(partial(_map_comparisons, change), tree)
    return change(_map_terms(partial(_map_comparisons, change), tree))


def _map_terms(change: Callable[[Predicate], Predicate], node: Comparison | Linear) -> Comparison | Linear:
    """Change the conditions in the brackets of a comparison."""

    def changed(term: Term) -> Term:
        return evolve(term, condition=change(term.condition)) if isinstance(term, Filtered) else term

    if isinstance(node, Comparison):
        return evolve(node, counter=changed(node.counter))
    return evolve(node, addends=tuple(evolve(one, counter=changed(one.counter)) for one in node.addends))


def _equals(op: CompareOp, bound: int) -> list[tuple[CompareOp, int]]:
    """Return the other ways to write a comparison of whole numbers."""
    match op:
        case CompareOp.GT:
            return [(CompareOp.GE, bound + 1)]
        case CompareOp.GE:
            return [(CompareOp.GT, bound - 1)]
        case CompareOp.LT:
            return [(CompareOp.LE, bound - 1)]
        case CompareOp.LE:
            return [(CompareOp.LT, bound + 1)]
        case CompareOp.EQ:
            return []


def shown_example(example: Example) -> str:
    """Write the counts of a label; where there are many, those that are not 0.

    >>> many = {("J", f"C{number}"): 0 for number in range(20)}
    >>> shown_example(Example({("J", "C3"): 2}, None, tuple(many)))
    'J.C3 = 2, 19 others = 0'
    """
    others = len({*example.pairs, *example.counts}) - len(example.counts)
    if others + len(example.counts) <= _MOST_COUNTERS:
        return str(example)
    held = [
        f"{print_name(job)}.{print_name(name)} = {number}" for (job, name), number in sorted(example.counts.items())
    ]
    return ", ".join([*held, f"{others} others = 0"] if held else [f"all {others} counts = 0"])


@frozen
class Written:
    """The parts of a query as its reader wrote them, by their places.

    Attributes:
        texts: in one line, so without comments where there were several.
        conditions: those in brackets.
    """

    texts: Mapping[Span, str]
    conditions: Mapping[Span, Predicate]

    @classmethod
    def of(cls, tree: Predicate, text: str) -> "Written":
        """Return the parts of a query that was read from a text."""
        texts = {node.span: text[slice(*node.span)] for node in subtrees(tree)}
        texts |= {node.span: print_tree(node) for node in subtrees(tree) if len(texts[node.span].splitlines()) > 1}
        return cls(texts, {term.span: term.condition for term in terms(tree) if isinstance(term, Filtered)})

    def explanation(self, of: Explanation) -> Explanation:
        """Write the parts of an explanation that name many things, as written, with the first counts."""
        operands = tuple(map(self.explanation, _reunited(of)))
        if len(operands) == 1 and operands[0].tree.span == of.tree.span:  # all of it is what one pattern became
            return evolve(operands[0], why_not=of.why_not)
        if operands == of.operands and (operands or not _is_long(of.tree, _MOST_FOUND)):
            return of
        names = {print_counter(term): self._name(term) for leaf in subtrees(of.tree) for term in terms_of(leaf)}
        found = [(names.get(name, name), number) for name, number in of.found]
        counted = [one for one in found if one[1] or len(found) <= _MOST_FOUND][:_MOST_FOUND]
        others = len(found) - len(counted)
        rest = sum(number for _, number in found) - sum(number for _, number in counted)
        return evolve(
            of,
            text=self.texts.get(of.tree.span, of.text),
            found=(*counted, *([(f"{others} others", rest)] if others else [])),
            operands=operands,
        )

    def _name(self, term: Term) -> str:
        if isinstance(term, Filtered):
            term = evolve(term, condition=self.conditions.get(term.span, term.condition))
        return print_counter(term)


def _reunited(explanation: Explanation) -> list[Explanation]:
    """Return the operands; those that one pattern became are one again where they name many things."""
    reunited: list[Explanation] = []
    for _, group in groupby(explanation.operands, key=lambda part: part.tree.span):
        parts = list(group)
        kind = And if isinstance(explanation.tree, And) else Or
        tree = kind(tuple(part.tree for part in parts), span=parts[0].tree.span)
        if len(parts) == 1 or not _is_long(tree, _MOST_FOUND):
            reunited += parts
            continue
        found = {name: number for part in parts for name, number in part.found}
        matches = all(parts) if kind is And else any(parts)
        reunited.append(Explanation(print_tree(tree), matches, tuple(found.items()), tree=tree))
    return reunited
