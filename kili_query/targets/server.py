"""The server target: predicates as text of the core language, the only thing that is ever sent to a server."""

import re
from typing import assert_never

from kili_query.ast import (
    MAX_COUNT,
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Exists,
    Filtered,
    Linear,
    Membership,
    Not,
    Or,
    Pattern,
    Predicate,
    Relation,
)
from kili_query.errors import NotExpressible
from kili_query.syntax import lower, print_counter, print_name, print_tree

__all__ = ["is_core_name", "print_core"]

_CORE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def is_core_name(name: str) -> bool:
    """Whether the core language can spell the name of a job or a category.

    >>> is_core_name("TRAFFIC_LIGHT"), is_core_name("traffic light"), is_core_name("CAT_*")
    (True, False, False)
    """
    return _CORE_NAME.fullmatch(name) is not None


def print_core(tree: Predicate) -> str:
    """The exact core text of a predicate.

    >>> from kili_query.syntax import parse_tree
    >>> print_core(parse_tree("NOT J.A.count IN {0, 2..3} AND J.B"))
    '(J.A.count == 1 OR J.A.count >= 4) AND J.B.count > 0'

    Raises:
        NotExpressible: part of it is more than the core language can say, or it is TRUE or FALSE.
    """
    match lower(tree):
        case Constant(value):
            raise NotExpressible(f"the query is {'always' if value else 'never'} true: there is nothing to ask")
        case lowered:
            return _print(lowered)


def _print(tree: Predicate) -> str:
    match tree:
        case Comparison(counter, op, bound):
            return f"{_core_counter(counter)} {_core_bound(op, bound)}"
        case And(operands):
            return " AND ".join(f"({_print(one)})" if isinstance(one, And | Or) else _print(one) for one in operands)
        case Or(operands):
            return " OR ".join(f"({_print(one)})" if isinstance(one, Or) else _print(one) for one in operands)
        case Linear():
            raise NotExpressible(f"core cannot compare sums of counters: `{print_tree(tree)}`")
        case Constant(value):
            raise NotExpressible(f"core has no constant: part of the query is {'always' if value else 'never'} true")
        case Not() | Exists() | Relation() | Membership():
            return _print(lower(tree))
        case _:
            assert_never(tree)


def _core_counter(counter: Counter | Pattern | Filtered) -> str:
    match counter:
        case Counter(job, category):
            for name in (job, category):
                if not is_core_name(name):
                    raise NotExpressible(f"core cannot spell the name {print_name(name)}")
            return f"{job}.{category}.count"
        case Pattern():
            raise NotExpressible(f"`{print_counter(counter)}` stands for a sum: bind it to an ontology first")
        case Filtered():
            raise NotExpressible(f"core cannot look inside annotations: `{print_counter(counter)}`")
        case _:
            assert_never(counter)


def _core_bound(op: CompareOp, bound: int) -> str:
    """Operator and plain integer; a bound below 0 is said with 0."""
    if bound >= 0:
        return f"{op.value} {min(bound, MAX_COUNT + 1)}"
    return ">= 0" if op in (CompareOp.GT, CompareOp.GE) else "< 0"
