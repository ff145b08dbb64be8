"""The SQL target: a predicate becomes a statement that finds the labels in a database.

Two layouts are read. *Wide* has one table, as `kili_query.frames.count_table` makes it: a row for each label with its
``id``, ``fault`` (null where the counts are known), and one integer column ``JOB/CATEGORY`` for each counter. *Long*
has two: the labels, with ``id`` and ``fault``, and the counts, with ``label_id``, ``job``, ``category`` and ``count``,
where a count without a row is 0.

sqlglot writes the frame of a statement and all names in it. Conditions are put together from these as text: a tree of
sqlglot can neither nest as deep as a query may, nor be written fast enough for one of thousands of comparisons.

INVARIANT: names reach the text only as identifiers and literals that sqlglot quotes.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import starmap
from typing import Literal, TypeAlias, TypeVar, assert_never

from attrs import evolve, frozen
from sqlglot import Dialects, exp

from kili_query.ast import (
    COMPARE,
    MAX_COUNT,
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Linear,
    Or,
    Predicate,
    Sugar,
    counters,
    map_operands,
    without_constants,
)
from kili_query.errors import NotExpressible
from kili_query.syntax import lower
from kili_query.targets.base import COLUMNS, require
from kili_query.targets.column_names import FAULT, column_name, counter_of
from kili_query.targets.deciding import outcome

Layout: TypeAlias = Literal["wide", "long"]
_Column: TypeAlias = Callable[[Counter], exp.Expression]
_Part = TypeVar("_Part")

_MAX_SUM = 2**62
_NO_SQL = frozenset({"dax", "prql"})  # sqlglot writes SQL for them too, which they do not read
_DIALECTS = tuple(sorted({dialect.value for dialect in Dialects if dialect.value} - _NO_SQL))
_MAX_IDENTIFIER_BYTES = {"postgres": 63, "materialize": 63, "redshift": 127, "mysql": 64, "oracle": 128}
_TELL_CASES_APART = frozenset({"postgres", "materialize", "snowflake", "clickhouse", "oracle"})
_SIGNS = {op: op.value for op in CompareOp} | {CompareOp.EQ: "="}
_WIDEST = 100
"""How many operands stand side by side. Databases read ``a OR b OR c`` as one level for each operand, and SQLite and
DuckDB refuse more than 1,000 levels: longer rows are put into groups."""


def to_sql(
    tree: Predicate,
    dialect: str = "duckdb",
    *,
    layout: Layout = "wide",
    table: str = "labels",
    counts_table: str | None = None,
    columns: Collection[str] | None = None,
) -> str:
    """Translate a predicate into a statement that selects the ids of the labels that match.

    Args:
        tree: a predicate, sugar allowed.
        dialect: a dialect of sqlglot, such as ``duckdb``, ``sqlite``, ``postgres``, ``spark``, ``bigquery``,
            ``snowflake``, ``clickhouse`` or ``trino``.
        layout: ``"wide"``, one column for each counter, or ``"long"``, one row for each counter that is not 0.
        table: the table of the labels; dots separate a schema from a table.
        counts_table: of the long layout, the table of the counts; by default the name of the table and ``_counts``.
        columns: of the wide layout, all columns that the table has: a counter without one is 0, and without ``fault``
            a label is left out when all its counts are null. By default the table is taken to have ``fault`` and a
            column for every counter, and the database refuses what it lacks.

    Returns:
        One ``SELECT`` statement without a semicolon. Labels whose counts are null, or which have a ``fault``, are left
        out, whatever the query.

    Raises:
        NotExpressible: the predicate looks inside annotations or holds a pattern that no ontology has expanded; or the
            dialect cannot name a column: it is too long, or two differ in upper and lower case alone.
        ValueError: there is no such dialect or layout.

    >>> from kili_query.syntax import parse_tree
    >>> to_sql(parse_tree("OBJECTS.CAR.count >= 3"))
    'SELECT "labels"."id" FROM "labels" WHERE "labels"."OBJECTS/CAR" >= 3'
    """
    settled = _prepare(tree, dialect, columns if layout == "wide" else None)
    labels = _table(table)
    match layout:
        case "wide":
            _check_columns(settled, dialect)
            where = _wide_condition(settled, labels.name, columns, dialect)
            frame = exp.select(_column("id", labels.name)).from_(labels)
        case "long":
            counts = _table(f"{table}_counts" if counts_table is None else counts_table)
            frame, where = _long_query(settled, labels, counts, dialect)
        case _:
            raise ValueError(f'a layout is "wide" or "long", not {layout!r}')
    return f"{_write(frame, dialect)} WHERE {where}"


def to_sql_condition(
    tree: Predicate, dialect: str = "duckdb", *, table: str = "labels", columns: Collection[str] | None = None
) -> str:
    """The condition of the statement over the wide layout, to stand in a statement of your own.

    >>> from kili_query.syntax import parse_tree
    >>> to_sql_condition(parse_tree("J.A.count >= 3 OR J.B"), "spark")
    '`labels`.`J/A` >= 3 OR `labels`.`J/B` >= 1'
    """
    settled = _prepare(tree, dialect, columns)
    _check_columns(settled, dialect)
    return _wide_condition(settled, _table(table).name, columns, dialect)


def _write(part: exp.Expression | exp.Condition, dialect: str) -> str:
    return part.sql(dialect=dialect, identify=True, copy=False)


def _prepare(tree: Predicate, dialect: str, columns: Collection[str] | None) -> Predicate:
    """The lowered predicate, with constants left at the root alone."""
    if dialect not in _DIALECTS:
        raise ValueError(f"unknown SQL dialect {dialect!r}: choose one of {', '.join(_DIALECTS)}")
    lowered = lower(tree)
    require(lowered, COLUMNS, "SQL")
    return without_constants(lowered if columns is None else _without(lowered, frozenset(columns)))


def _without(tree: Predicate, columns: frozenset[str]) -> Predicate:
    """The predicate where counters that have no column are 0."""
    match tree:
        case Comparison(Counter() as counter, op, bound) if not _is_in(counter, columns):
            return Constant(COMPARE[op](0, bound))
        case Linear(addends, op, bound):
            left = tuple(addend for addend in addends if _is_in(addend.counter, columns))
            return evolve(tree, addends=left) if left else Constant(COMPARE[op](0, bound))
        case _:
            return map_operands(lambda operand: _without(operand, columns), tree)


def _is_in(counter: object, columns: frozenset[str]) -> bool:
    return isinstance(counter, Counter) and column_name(counter.job, counter.category) in columns


def _check_columns(tree: Predicate, dialect: str) -> None:
    """Refuse columns that the database would cut, or take for one another."""
    names = [column_name(counter.job, counter.category) for counter in counters(tree)]
    most = _MAX_IDENTIFIER_BYTES.get(dialect)
    for name in names:
        if most is not None and len(name.encode()) > most:
            raise NotExpressible(
                f"{dialect} cannot express the column `{name}`: its names have {most} bytes at most; "
                "use the long layout"
            )
    if dialect in _TELL_CASES_APART:
        return
    first: dict[str, str] = {}
    for name in names:
        if (other := first.setdefault(name.casefold(), name)) != name:
            raise NotExpressible(
                f"{dialect} cannot express both columns `{other}` and `{name}`: they differ in case alone; "
                "use the long layout"
            )


def _wide_condition(tree: Predicate, table: str, columns: Collection[str] | None, dialect: str) -> str:
    if not isinstance(tree, Constant):
        return _Writer.of(lambda counter: _column(column_name(counter.job, counter.category), table), dialect)(tree)
    if not tree.value:
        return _write(exp.false(), dialect)
    signs = [_write(sign, dialect) for sign in _signs_of_counts(table, columns)]
    return _joined(signs, "OR") if signs else _write(exp.true(), dialect)


def _signs_of_counts(table: str, columns: Collection[str] | None) -> Iterator[exp.Condition]:
    """Conditions of which one at least holds for a label whose counts are known; none where no column shows it."""
    if columns is None or FAULT in columns:
        yield exp.Is(this=_column(FAULT, table), expression=exp.null())
        return
    for name in columns:
        if counter_of(name) is not None:
            yield exp.Not(this=exp.Is(this=_column(name, table), expression=exp.null()))


def _long_query(tree: Predicate, labels: exp.Table, counts: exp.Table, dialect: str) -> tuple[exp.Select, str]:
    """The labels, joined with one row for each that sums the counts that are asked for; and the condition on both."""
    wanted = list(dict.fromkeys(counters(tree)))
    for counter in wanted:
        _check_text(counter.job)
        _check_text(counter.category)
    known = _write(exp.Is(this=_column(FAULT, "l"), expression=exp.null()), dialect)
    query = exp.select(_column("id", "l")).from_(exp.alias_(labels, "l", table=True, quoted=True), copy=False)
    if not wanted:
        return query, known if tree == Constant(True) else _joined([known, _write(exp.false(), dialect)], "AND")
    names = {counter: f"n{number}" for number, counter in enumerate(wanted)}
    sums = [exp.alias_(_sum_of(counter), name, quoted=True, copy=False) for counter, name in names.items()]
    by_job: dict[str, list[str]] = {}
    for counter in wanted:
        by_job.setdefault(counter.job, []).append(counter.category)
    are_wanted = _in_groups(
        list(starmap(_is_among, by_job.items())), lambda group: exp.or_(*group, copy=False), exp.paren
    )
    totals = (
        exp.select(_column("label_id", "c"), *sums, copy=False)
        .from_(exp.alias_(counts, "c", table=True, quoted=True), copy=False)
        .where(are_wanted, copy=False)
        .group_by(_column("label_id", "c"), copy=False)
    )
    by_id = exp.EQ(this=_column("label_id", "n"), expression=_column("id", "l"))
    join = exp.Join(this=totals.subquery("n", copy=False), side="LEFT", on=by_id)  # `join_type="left"` would be parsed
    joined = query.join(join, copy=False)
    condition = _Writer.of(lambda counter: _or_zero(_column(names[counter], "n")), dialect)
    return joined, _joined([known, *_enclose([tree], [condition(tree)])], "AND")


def _check_text(name: str) -> None:
    if "\0" in name or any("\ud800" <= char <= "\udfff" for char in name):
        raise NotExpressible(f"SQL cannot express a name that is not text: {name!r}")


def _is_counter(counter: Counter) -> exp.Condition:
    job = exp.EQ(this=_column("job", "c"), expression=exp.Literal.string(counter.job))
    category = exp.EQ(this=_column("category", "c"), expression=exp.Literal.string(counter.category))
    return exp.and_(job, category, copy=False)


def _is_among(job: str, categories: list[str]) -> exp.Condition:
    if len(categories) == 1:
        return _is_counter(Counter(job, categories[0]))
    listed = exp.In(this=_column("category", "c"), expressions=list(map(exp.Literal.string, categories)))
    return exp.and_(exp.EQ(this=_column("job", "c"), expression=exp.Literal.string(job)), listed, copy=False)


def _sum_of(counter: Counter) -> exp.Expression:
    case = (
        exp.Case()
        .when(_is_counter(counter), _column("count", "c"), copy=False)
        .else_(exp.Literal.number(0), copy=False)
    )
    return exp.Sum(this=case)


def _or_zero(column: exp.Expression) -> exp.Expression:
    return exp.Coalesce(this=column, expressions=[exp.Literal.number(0)])


@frozen
class _Writer:
    """Writes conditions: of each counter the column, plain and as an integer of 64 bits, and what joins them."""

    column: Callable[[Counter], str]
    wide_column: Callable[[Counter], str]

    @classmethod
    def of(cls, column: _Column, dialect: str) -> "_Writer":
        def plain(counter: Counter) -> str:
            return _write(column(counter), dialect)

        def wide(counter: Counter) -> str:
            return _write(exp.cast(column(counter), exp.DataType.Type.BIGINT), dialect)

        return cls(cache(plain), cache(wide))

    def __call__(self, tree: Predicate) -> str:
        match tree:
            case Comparison(Counter() as counter, op, bound):
                return _compared(self.column(counter), op, bound)
            case Linear():
                return self._sum(tree)
            case And(operands):
                return _joined(_enclose(operands, list(map(self, operands))), "AND")
            case Or(operands):
                return _joined(_enclose(operands, list(map(self, operands))), "OR")
            case Comparison() | Constant() | Sugar():
                raise AssertionError("not lowered, not settled or not checked")
            case _:
                assert_never(tree)

    def _sum(self, tree: Linear) -> str:
        reach = sum(abs(addend.coefficient) for addend in tree.addends) * (MAX_COUNT + 1)
        if reach > _MAX_SUM:
            raise NotExpressible("SQL cannot express a sum that needs more than 64 bits")
        weighted: list[str] = []
        for addend in tree.addends:
            assert isinstance(addend.counter, Counter)  # other terms were refused
            weighted.append(f"{self.wide_column(addend.counter)} * {_number(addend.coefficient)}")
        bound = max(-reach, min(tree.bound, reach))
        return f"{_joined(weighted, '+')} {_SIGNS[tree.op]} {_number(bound)}"


def _enclose(operands: Iterable[Predicate], texts: Iterable[str]) -> list[str]:
    return [
        f"({text})" if isinstance(operand, And | Or) else text for operand, text in zip(operands, texts, strict=True)
    ]


def _compared(column: str, op: CompareOp, bound: int) -> str:
    """No bound leaves the range of counts; what is always or never true is so of known counts alone."""
    decided = outcome(op, bound)
    if decided.is_exact:
        return f"{column} {_SIGNS[CompareOp.EQ]} {_number(decided.stop - 1)}"
    return f"{column} {_SIGNS[CompareOp.GE if decided.at_stop else CompareOp.LT]} {_number(decided.stop)}"


def _number(value: int) -> str:
    return f"({value})" if value < 0 else str(value)


def _joined(texts: Sequence[str], joint: str) -> str:
    return _in_groups(texts, f" {joint} ".join, "({})".format)


def _in_groups(
    parts: Sequence[_Part], join: Callable[[Sequence[_Part]], _Part], enclose: Callable[[_Part], _Part]
) -> _Part:
    """Join parts, in groups where they are many."""
    while len(parts) > _WIDEST:
        groups = [parts[start : start + _WIDEST] for start in range(0, len(parts), _WIDEST)]
        parts = [enclose(join(group)) for group in groups]
    return join(parts)


def _column(name: str, table: str) -> exp.Column:
    return exp.Column(this=_identifier(name), table=_identifier(table))


def _identifier(name: str) -> exp.Identifier:
    return exp.Identifier(this=name, quoted=True)


def _table(table: str) -> exp.Table:
    """A table as written, ``schema.table``; each part is a name, never SQL."""
    *qualifiers, name = table.split(".")
    if not all([*qualifiers, name]) or len(qualifiers) > 2:
        raise ValueError(f"not the name of a table: {table!r}")
    database = [_identifier(part) for part in qualifiers]
    return exp.Table(
        this=_identifier(name),
        db=database[-1] if database else None,
        catalog=database[0] if len(database) > 1 else None,
    )
