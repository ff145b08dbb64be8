"""The local engine for decoded labels: a predicate becomes a function from a label to a verdict.

A verdict takes no more reading than it needs: operands from left to right, and of a counter only so much that the
outcome is certain. What is malformed beyond that is not looked at. A predicate that is certain beforehand reads it all.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, TypeAlias, assert_never

from kili_query.ast import COMPARE, And, Comparison, Counter, Filtered, Linear, Or, Pattern, Predicate, Term
from kili_query.ast.flat import Flat, flatten, restore
from kili_query.counting import (
    DEFAULT_POLICY,
    CountPolicy,
    Found,
    Rules,
    Site,
    Wanted,
    checked_root,
    find,
    root_sites,
    selected_sites,
    token,
)
from kili_query.ontology import Ontology
from kili_query.syntax.lower import lower
from kili_query.syntax.printer import print_tree
from kili_query.targets.deciding import Outcome, joined, lowered_to_read, outcome
from kili_query.targets.explain import Explanation, explain
from kili_query.targets.root_lookup import LabelTest, Shared, comparison_lookup, sum_lookup

Sites: TypeAlias = Callable[[], Iterator[Site]]
JudgeSites: TypeAlias = Callable[[Sites], bool]
Tokens: TypeAlias = Callable[[Sites], Iterator[Hashable]]


class Matcher(partial[bool]):
    """A compiled predicate: call it with the decoded content of a label.

    ``matcher(json_response)`` tells whether the label matches. It raises `UnknownContentError` when the content is
    None, and `MalformedLabelError` when something that had to be read has the wrong shape. A matcher can be pickled,
    and is then compiled anew.

    Attributes:
        tree: the predicate, as it was given.
        ontology: what it was compiled with.
        policy: what is counted in a video.
    """

    # A partial without arguments is called faster than a method, which would take a tenth of the time of a small label.
    __slots__ = ("ontology", "policy", "tree")

    tree: Predicate
    ontology: Ontology | None
    policy: CountPolicy

    def __new__(
        cls,
        tree: Predicate,
        ontology: Ontology | None,
        policy: CountPolicy,
        *,
        judge: Callable[[object], bool] | None = None,
    ) -> "Matcher":
        """Compile the tree, unless a judge of the same meaning is at hand."""
        matcher = super().__new__(cls, judge or _compile_root(lowered_to_read(tree), Rules.of(policy, ontology)))
        matcher.tree, matcher.ontology, matcher.policy = tree, ontology, policy
        return matcher

    if TYPE_CHECKING:

        def __call__(self, json_response: object, /) -> bool: ...

    def explain(self, json_response: object) -> Explanation:
        """The verdict on each part of the query, with the counts; everything is read in full.

        Raises:
            UnknownContentError: the content is None.
            MalformedLabelError: something that a part of the query counts has the wrong shape.
        """
        response, rules = checked_root(json_response), Rules.of(self.policy, self.ontology)

        @cache
        def tally(term: Term) -> int:
            return len(set(_compile_term(term, rules)(lambda: root_sites(response, rules))))

        return explain(self.tree, tally)

    def __reduce__(self) -> tuple[object, tuple[Flat, Ontology | None, CountPolicy]]:
        return _compile_again, (flatten(self.tree), self.ontology, self.policy)

    def __repr__(self) -> str:
        return f"<Matcher {print_tree(self.tree)}>"


def _compile_again(flat: Flat, ontology: Ontology | None, policy: CountPolicy) -> Matcher:
    return Matcher(restore(flat), ontology, policy)


def compile_closure(
    tree: Predicate, *, ontology: Ontology | None = None, policy: CountPolicy = DEFAULT_POLICY
) -> Matcher:
    """Compile a predicate into a function from a decoded label to a verdict.

    Args:
        tree: a predicate, sugar allowed.
        ontology: tells whether labels are a video's, and which jobs count at the root alone; it makes matching faster,
            for nothing below the root has to be looked at.
        policy: what is counted in a video.

    >>> from kili_query.ast import CompareOp
    >>> match = compile_closure(Comparison(Counter("SKY", "BLUE"), CompareOp.GT, 0))
    >>> match({"SKY": {"categories": [{"name": "BLUE"}]}}), match({})
    (True, False)
    >>> print(match.explain({}))
    ✗ SKY.BLUE.count > 0      (found 0)
    would match with 1 more SKY.BLUE
    """
    return Matcher(tree, ontology, policy)


def _compile_root(tree: Predicate, rules: Rules) -> LabelTest:
    """Return a judge that looks jobs up at the root where it can, and reads carefully where it cannot."""
    match tree:
        case And(operands) | Or(operands) if operands:
            return _join([_compile_root(operand, rules) for operand in operands], settling=isinstance(tree, Or))
        case Comparison():
            careful = _careful(tree, rules)
            return comparison_lookup(tree, rules, careful) or careful
        case Linear():
            careful = _careful(tree, rules)
            return sum_lookup(tree, rules, careful) or careful
        case _:
            return _careful(tree, rules)


def _join(judges: Sequence[LabelTest], *, settling: bool) -> LabelTest:
    """Judge all operands from left to right, until one gives the verdict that settles the whole."""

    def judge_all(json_response: object, shared: Shared = None, /) -> bool:
        if shared is None:
            shared = []
        for judge in judges:
            if judge(json_response, shared) is settling:
                return settling
        return not settling

    return judge_all


def _careful(tree: Predicate, rules: Rules) -> LabelTest:
    judge = _compile(tree, rules)

    def careful(json_response: object, _: Shared = None, /) -> bool:
        response = checked_root(json_response)
        return judge(lambda: root_sites(response, rules))

    return careful


def _compile(tree: Predicate, rules: Rules) -> JudgeSites:
    """The careful way: a judge of maps of jobs and of all below them."""

    def leaf(tree: Comparison | Linear) -> JudgeSites:
        if isinstance(tree, Comparison):
            return _compile_comparison(_compile_term(tree.counter, rules), outcome(tree.op, tree.bound))
        weighted = [(addend.coefficient, _compile_term(addend.counter, rules)) for addend in tree.addends]
        holds, bound = COMPARE[tree.op], tree.bound
        return lambda sites: holds(sum(weight * len(set(tokens(sites))) for weight, tokens in weighted), bound)

    return joined(tree, leaf)


def _compile_comparison(tokens: Tokens, decided: Outcome) -> JudgeSites:
    def judge(sites: Sites) -> bool:
        distinct: set[Hashable] = set()
        if decided.stop == 0:
            return decided.at_stop
        for one in tokens(sites):
            distinct.add(one)
            if len(distinct) == decided.stop:
                return decided.at_stop
        return decided.at_end(len(distinct))

    return judge


def _compile_term(term: Term, rules: Rules) -> Tokens:
    """Return a function that yields the tokens of a term; equal tokens count once."""
    match term:
        case Counter() | Pattern():
            wanted = Wanted.of(term, rules)
            return lambda sites: (
                counted for found in find(sites(), wanted) if (counted := token(found, rules.video)) is not None
            )
        case Filtered(counter, condition):
            return _compile_filtered(Wanted.of(counter, rules), _compile(lower(condition), rules), rules)
        case _:
            assert_never(term)


def _compile_filtered(wanted: Wanted, condition: JudgeSites, rules: Rules) -> Tokens:
    """All parts of an object are gathered before its children are looked at."""

    def tokens(sites: Sites) -> Iterator[Hashable]:
        objects: dict[Hashable, list[Found]] = {}
        for found in find(sites(), wanted):
            in_frame = None if rules.video == "objects" else found.frame
            objects.setdefault((in_frame, found.identity), []).append(found)
        for parts in objects.values():
            counted = next((one for part in parts if (one := token(part, rules.video)) is not None), None)
            if counted is not None and condition(partial(selected_sites, parts)):
                yield counted

    return tokens
