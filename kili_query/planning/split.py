"""Split a query into what a target is asked and what is left to evaluate locally.

INVARIANT: for every label L, q(L) implies pushed(L), and q(L) is the same as pushed(L) and residual(L).
"""

from operator import is_

from attrs import evolve, frozen

from kili_query.ast import And, Constant, Linear, Predicate, all_of, conjunction, subtrees
from kili_query.diagnostics import Code, Diagnostic, Help, Label
from kili_query.diagnostics.layout import start_of
from kili_query.logic import is_refuted, simplify_core
from kili_query.planning.bounds import narrow
from kili_query.planning.profile import DEFAULT_PROFILE
from kili_query.planning.weaken import Target, weaken
from kili_query.syntax import print_tree
from kili_query.targets.base import inexpressible

TRUE, FALSE = Constant(True), Constant(False)

SHOWN = 120
"""How many characters of a filter the note on a kept part shows."""


@frozen
class Kept:
    """A part of the query that the target cannot evaluate, or not exactly.

    Attributes:
        part: the part.
        reason: why it is evaluated locally.
        asked: what the target is asked instead; TRUE for nothing.
        target: the name of the target in messages.
    """

    part: Predicate
    reason: str
    asked: Predicate
    target: str = "the server"

    @property
    def instead(self) -> str:
        """Describe what the target is asked instead."""
        if self.asked == TRUE:
            return f"{self.target} is asked nothing instead"
        text = print_tree(simplify_core(self.asked))
        if len(text) <= SHOWN:
            return f"{self.target} is asked `{text}` instead"
        return f"{self.target} is asked `{start_of(text, SHOWN)}` instead ({len(text):,} characters)"


@frozen
class Split:
    """A query split in two.

    Attributes:
        pushed: what the target is asked; TRUE for nothing, FALSE if no label can match.
        residual: what is evaluated locally in addition, or None.
        kept: the parts of the residual, with reasons.
    """

    pushed: Predicate
    residual: Predicate | None = None
    kept: tuple[Kept, ...] = ()


def split(tree: Predicate, target: Target) -> Split:
    """Split a predicate into what the target is asked and what is left.

    Args:
        tree: the predicate, bound if there is an ontology.
        target: the target.
    """
    simple = simplify_core(tree)  # combined clauses are stronger than single ones
    if simple == TRUE:
        return Split(TRUE)
    if simple == FALSE or is_refuted(simple):
        return Split(FALSE)
    size = (target.profile or DEFAULT_PROFILE).filter_size
    sums = sum(isinstance(node, Linear) for node in subtrees(simple))
    room = max(0, size - len(print_tree(simple))) // sums if sums else 0
    cut = _cut(simple, evolve(target, sum_size=room))
    while room and len(print_tree(cut.pushed)) > size:  # rare: simplification can make the text longer
        room //= 2
        cut = _cut(simple, evolve(target, sum_size=room))
    return cut


def _cut(simple: Predicate, target: Target) -> Split:
    parts = simple.operands if isinstance(simple, And) else (simple,)
    bounds = narrow(parts, {})
    pushed: list[Predicate] = []
    kept: list[Kept] = []
    for part in parts:
        weakened = weaken(part, target, bounds)
        pushed.append(weakened.predicate)
        if not weakened.is_exact:
            kept.append(Kept(part, _reason(part, target), weakened.predicate, target.name))
    if not kept and all(map(is_, pushed, parts)):
        return Split(simple)  # it is already simplified
    asked = simplify_core(all_of(pushed))
    if asked == FALSE:
        return Split(FALSE)
    return Split(asked, conjunction(one.part for one in kept) if kept else None, tuple(kept))


def _reason(part: Predicate, target: Target) -> str:
    lacks = list(inexpressible(part, target.capabilities))
    if not lacks:
        return f"{target.name} is not trusted to count this as we do"
    lack = lacks[0].removesuffix(f": `{print_tree(part)}`")
    return f"{target.name} cannot express {lack}{f', and {len(lacks) - 1} more' if len(lacks) > 1 else ''}"


def local_notes(cut: Split) -> list[Diagnostic]:
    """Return a note KQ301 for each part that is evaluated locally, with what the target is asked instead."""
    return [
        Diagnostic(
            Code.EVALUATED_LOCALLY,
            f"evaluated locally: `{print_tree(one.part)}`",
            Label(one.part.span, one.reason),
            help=Help(one.instead),
        )
        for one in cut.kept
    ]
