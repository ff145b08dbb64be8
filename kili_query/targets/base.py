"""The capabilities of targets."""

import re
from collections.abc import Iterator

from attrs import frozen

from kili_query.ast import Counter, Filtered, Linear, Pattern, Predicate, Term, subtrees, terms_of
from kili_query.errors import NotExpressible
from kili_query.syntax.printer import print_counter, print_tree

_CORE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@frozen
class Capabilities:
    """The capabilities of a target, beyond comparing single counters of core names with integers.

    Attributes:
        any_name: names that core cannot spell.
        linear: weighted sums of counters.
        patterns: sums over all names that match, where no ontology has expanded them.
        filtered: objects chosen by their children.
    """

    any_name: bool = False
    linear: bool = False
    patterns: bool = False
    filtered: bool = False


CORE = Capabilities()
"""The server's language."""

COLUMNS = Capabilities(any_name=True, linear=True)
"""Tables with one column for each counter."""

FRAMES = Capabilities(any_name=True, linear=True, patterns=True)
"""The same where the names of the columns can be looked at."""

LABELS = Capabilities(any_name=True, linear=True, patterns=True, filtered=True)
"""Engines that see the labels themselves."""


def is_core_name(name: str) -> bool:
    """Whether the core can spell a name; it reads a star as a plain character, so none is written.

    >>> is_core_name("CAR-2"), is_core_name("Traffic light"), is_core_name("CAR_*")
    (True, False, False)
    """
    return _CORE_NAME.fullmatch(name) is not None


def inexpressible(tree: Predicate, capabilities: Capabilities) -> Iterator[str]:
    """Yield, in words, the parts of a lowered tree that a target cannot express, in the order of the text.

    >>> from kili_query.ast import CompareOp, Comparison
    >>> list(inexpressible(Comparison(Counter("J", "a b"), CompareOp.GT, 0), CORE))
    ['a name that core cannot spell: `J."a b".count`']
    """
    for leaf in subtrees(tree):
        if isinstance(leaf, Linear) and not capabilities.linear:
            yield f"a sum of counters: `{print_tree(leaf)}`"
        for term in terms_of(leaf):
            if (lack := _lack(term, capabilities)) is not None:
                yield f"{lack}: `{print_counter(term)}`"


def require(tree: Predicate, capabilities: Capabilities, target: str) -> None:
    """Refuse a lowered tree that the target cannot express.

    Raises:
        NotExpressible: names the target and the first part that it cannot say.
    """
    for lack in inexpressible(tree, capabilities):
        raise NotExpressible(f"{target} cannot express {lack}")


def _lack(term: Term, capabilities: Capabilities) -> str | None:
    match term:
        case Filtered() if not capabilities.filtered:
            return "a condition on the children of an object"
        case Filtered(counter):
            return _lack(counter, capabilities)
        case Pattern() if not capabilities.patterns:
            return "a pattern that no ontology has expanded"
        case Counter(job, category) if not (capabilities.any_name or (is_core_name(job) and is_core_name(category))):
            return "a name that core cannot spell"
        case _:
            return None
