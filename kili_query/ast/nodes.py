"""The nodes of query trees, as frozen classes.

A tree as written may contain *sugar* (`Not`, `Exists`, `Relation`, `Membership`); lowering replaces it and leaves
`Comparison`, `Linear`, `And`, `Or` and `Constant`. Equality ignores spans, so equal conditions are equal wherever they
were written.
"""

import operator
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import TypeAlias

from attrs import field, frozen

from kili_query.source import NOWHERE, Span

MAX_COUNT = 2**31 - 1
"""The largest count: counts are integers in 0 … MAX_COUNT, in objects."""

Number: TypeAlias = int | Decimal
"""A number as written: an integer, or a finite decimal that is not an integer."""


class CompareOp(Enum):
    """The five operators of the core language."""

    EQ = "=="
    GE = ">="
    LE = "<="
    GT = ">"
    LT = "<"

    __hash__ = object.__hash__  # that of `Enum` is a Python function, and each comparison that is hashed calls it


COMPARE: dict[CompareOp, Callable[[int | Fraction, int | Fraction], bool]] = {
    CompareOp.EQ: operator.eq,
    CompareOp.GE: operator.ge,
    CompareOp.LE: operator.le,
    CompareOp.GT: operator.gt,
    CompareOp.LT: operator.lt,
}
"""The function of each operator."""

FLIPPED = {
    CompareOp.GE: CompareOp.LE,
    CompareOp.LE: CompareOp.GE,
    CompareOp.GT: CompareOp.LT,
    CompareOp.LT: CompareOp.GT,
    CompareOp.EQ: CompareOp.EQ,
}
"""The operator that says the same once both sides have the opposite sign."""


class RelationOp(Enum):
    """The operators of a `Relation`: those of the core, and ``!=``."""

    EQ = "=="
    NE = "!="
    GE = ">="
    LE = "<="
    GT = ">"
    LT = "<"


@frozen
class Node:
    """A part of a query. Its span says where it was written, and does not matter for equality."""

    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class Sugar(Node):
    """A condition that lowering replaces by comparisons."""


@frozen(cache_hash=True)  # passes look the counters of a tree up many times
class Counter:
    """``JOB.CATEGORY``: the number of objects of one category in a job, an integer in 0 … `MAX_COUNT`."""

    job: str
    category: str
    job_span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)
    category_span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class NamePattern:
    """A name with wildcards: the literal pieces between its stars. A single piece is a plain name.

    ``CAT_*`` has the pieces ``("CAT_", "")``; ``*`` has ``("", "")``.
    """

    pieces: tuple[str, ...]


@frozen
class Pattern:
    """``J.CAT_*``, ``*.PERSON``, ``J.*``: the sum of all counters whose names match."""

    job: NamePattern
    category: NamePattern
    job_span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)
    category_span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen(cache_hash=True)  # conditions nest, so each look-up in a dict would hash the whole subtree again
class Filtered(Node):
    """``JOB.CATEGORY[condition]``: the number of objects whose own children satisfy the condition."""

    counter: Counter | Pattern
    condition: "Predicate"


Term: TypeAlias = Counter | Pattern | Filtered
"""Anything that can be counted."""


@frozen
class Comparison(Node):
    """``JOB.CATEGORY.count OP BOUND``: a condition on the number of objects of one category.

    The bound is in -1 … `MAX_COUNT` + 1. `kili_query.ast.build.comparison` maps any number into this range without
    changing the meaning.
    """

    counter: Term
    op: CompareOp
    bound: int


@frozen
class Addend:
    """One counter of a `Linear`, times a coefficient that is not 0."""

    coefficient: int
    counter: Term


@frozen
class Linear(Node):
    """``2 A.count - B.count >= 5``: a weighted sum of counters compared with an integer; the lowered `Relation`."""

    addends: tuple[Addend, ...]
    op: CompareOp
    bound: int


@frozen
class And(Node):
    """All operands hold."""

    operands: tuple["Predicate", ...]


@frozen
class Or(Node):
    """At least one operand holds."""

    operands: tuple["Predicate", ...]


@frozen
class Constant(Node):
    """``TRUE`` or ``FALSE``."""

    value: bool


@frozen
class Not(Sugar):
    """``NOT operand``."""

    operand: "Predicate"


@frozen
class Exists(Sugar):
    """``JOB.CATEGORY`` where a condition is expected."""

    counter: Term


@frozen
class Summand(Node):
    """One part of a `Sum`: a counter or a number, added or subtracted."""

    operand: Term | Number
    negative: bool = False


@frozen
class Sum(Node):
    """One side of a relation as written: ``J.A.count + J.B.count - 2``, or a single counter or number."""

    summands: tuple[Summand, ...]


@frozen
class Relation(Sugar):
    """``2 <= J.C.count < 5``, ``J.A.count > J.B.count``: sums joined by comparison operators."""

    sums: tuple[Sum, ...]
    ops: tuple[RelationOp, ...]


@frozen
class Range:
    """``low..high``, ends included; ``high`` is None if the range is open.

    The ends are integers unless the range belongs to a sum with a fraction.
    """

    low: Number
    high: Number | None


@frozen
class Membership(Sugar):
    """``J.C.count IN {0, 2, 5..9, 20..}`` or ``NOT IN``."""

    sum: Sum
    ranges: tuple[Range, ...]
    negated: bool = False


Predicate: TypeAlias = Comparison | Linear | And | Or | Constant | Not | Exists | Relation | Membership
"""A condition on one label."""
