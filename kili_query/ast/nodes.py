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
class Filtered:
    """``JOB.CATEGORY[condition]``: the number of objects whose own children satisfy the condition."""

    counter: Counter | Pattern
    condition: "Predicate"
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


Term: TypeAlias = Counter | Pattern | Filtered
"""Anything that can be counted."""


@frozen
class Comparison:
    """``JOB.CATEGORY.count OP BOUND``: a condition on the number of objects of one category.

    The bound is in -1 … `MAX_COUNT` + 1. `kili_query.ast.build.comparison` maps any number into this range without
    changing the meaning.
    """

    counter: Term
    op: CompareOp
    bound: int
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class Addend:
    """One counter of a `Linear`, times a coefficient that is not 0."""

    coefficient: int
    counter: Term


@frozen
class Linear:
    """``2 A.count - B.count >= 5``: a weighted sum of counters compared with an integer; the lowered `Relation`."""

    addends: tuple[Addend, ...]
    op: CompareOp
    bound: int
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class And:
    """All operands hold."""

    operands: tuple["Predicate", ...]
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class Or:
    """At least one operand holds."""

    operands: tuple["Predicate", ...]
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class Constant:
    """``TRUE`` or ``FALSE``."""

    value: bool
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class Not:
    """Sugar: ``NOT operand``."""

    operand: "Predicate"
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class Exists:
    """Sugar: ``JOB.CATEGORY`` where a condition is expected."""

    counter: Term
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class Summand:
    """One part of a `Sum`: a counter or a number, added or subtracted."""

    operand: Term | Number
    negative: bool = False
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class Sum:
    """One side of a relation as written: ``J.A.count + J.B.count - 2``, or a single counter or number."""

    summands: tuple[Summand, ...]
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class Relation:
    """Sugar: ``2 <= J.C.count < 5``, ``J.A.count > J.B.count``: sums joined by comparison operators."""

    sums: tuple[Sum, ...]
    ops: tuple[RelationOp, ...]
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


@frozen
class Range:
    """``low..high``, ends included; ``high`` is None if the range is open.

    The ends are integers unless the range belongs to a sum with a fraction.
    """

    low: Number
    high: Number | None


@frozen
class Membership:
    """Sugar: ``J.C.count IN {0, 2, 5..9, 20..}`` or ``NOT IN``."""

    sum: Sum
    ranges: tuple[Range, ...]
    negated: bool = False
    span: Span = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


Predicate: TypeAlias = Comparison | Linear | And | Or | Constant | Not | Exists | Relation | Membership
"""A condition on one label."""
