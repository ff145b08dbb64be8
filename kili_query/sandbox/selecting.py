# ruff: noqa: S608 - the parts of a statement are constants of this module; what comes from outside is bound
"""From the filters of a request to SQL: which labels, which assets.

Null, absent, an empty text, list or object: each is no filter, so that clients which send all their filters, wanted or
not, get what they mean. What the sandbox has none of is refused and never passed over.

Longer than most files: one function for each kind of filter, and the tables that name them.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TypeAlias, cast

from attrs import evolve, frozen

from kili_query.ast import And, Comparison, Constant, Counter, Or, Predicate
from kili_query.diagnostics import Severity
from kili_query.diagnostics.render import render_line
from kili_query.errors import QueryError
from kili_query.planning.bounds import lower_bound, upper_bound
from kili_query.sandbox.feed import event_number
from kili_query.sandbox.misbehaviour import Misbehaviour, misread
from kili_query.sandbox.project import ORGANIZATION_ID, ServedProject
from kili_query.sandbox.values import Refused, is_text, read_moment
from kili_query.sandbox.workflow import current_status

Where: TypeAlias = Mapping[str, object]
_Value: TypeAlias = str | int | float

_MAX_NESTING = 4
_UNKNOWN_OF_PROJECTS = frozenset(
    {"createdAtGte", "createdAtLte", "organizationId", "tagIds", "updatedAtGte", "updatedAtLte"}
)


@frozen
class Statement:
    """A statement or a part of one, with its values."""

    text: str
    values: tuple[_Value, ...] = ()


_NOTHING = Statement("FALSE")


@frozen
class Selector:
    """Reads filters over one project.

    Attributes:
        project: the project.
        misbehaves: how category searches are misread.
        nesting: how many filters of labels and assets stand around.
    """

    project: ServedProject
    misbehaves: Collection[Misbehaviour] = ()
    nesting: int = 0

    def labels(self, where: Where) -> Statement:
        """The numbers of the labels, in the order of the pages.

        Raises:
            Refused: a filter is wrong, or of something that the sandbox has not.
        """
        return _ordered("SELECT l.number FROM labels AS l", self._all(where, _LABEL), "l")

    def assets(self, where: Where) -> Statement:
        """The numbers of the assets, in the order of the pages.

        Raises:
            Refused: a filter is wrong, or of something that the sandbox has not.
        """
        return _ordered("SELECT a.number FROM assets AS a", self._all(where, _ASSET), "a")

    def events(self, where: Where, window: Where, *, is_descending: bool = False) -> Statement:
        """The numbers of the events, in the order of the pages.

        Raises:
            Refused: a filter is wrong, or an end of the window cannot be the id of an event.
        """
        ends = {key: value for key, value in window.items() if key in _EVENT}
        conditions = self._all({**where, **ends}, _EVENT)
        return _ordered("SELECT e.number FROM events AS e", conditions, "e", is_descending=is_descending)

    def has_project(self, where: Where) -> bool:
        """Whether the project is among those that are asked for."""
        for key, value in _given(where):
            match key, value:
                case "id", _ if value != self.project.id:
                    return False
                case (("archived" | "starred"), True):
                    return False
                case "searchQuery", str() if value.casefold() not in self.project.title.casefold():
                    return False
                case _ if key in _UNKNOWN_OF_PROJECTS:
                    raise _unsupported(f"project.{key}")
        return True

    def _all(self, where: Where, filters: Mapping[str, "_Filter"]) -> list[Statement]:
        if self.nesting > _MAX_NESTING:
            raise Refused("filters of labels and assets are nested too deep")
        return [one for key, value in _given(where) for one in filters[key](self, value)]

    def of_project(self, where: Where) -> Iterator[Statement]:
        if not self.has_project(where):
            yield _NOTHING

    def of_assets(self, where: Where) -> Iterator[Statement]:
        conditions = evolve(self, nesting=self.nesting + 1)._all(where, _ASSET)
        if conditions:
            yield _inside("l.asset IN (SELECT a.number FROM assets AS a WHERE {})", conditions)

    def of_labels(self, where: Where) -> Iterator[Statement]:
        conditions = evolve(self, nesting=self.nesting + 1)._all(where, _LABEL)
        if conditions:
            yield _inside("a.number IN (SELECT l.asset FROM labels AS l WHERE {})", conditions)

    def of_users(self, where: Where) -> Iterator[Statement]:
        conditions = self._all(where, _USER)
        if conditions:
            yield _inside("l.author IN (SELECT u.number FROM users AS u WHERE {})", conditions)


_Filter: TypeAlias = Callable[[Selector, object], Iterator[Statement]]


def _given(where: Where) -> Iterator[tuple[str, object]]:
    return ((key, value) for key, value in where.items() if value is not None and value not in ("", [], {}))


def _joined(word: str, conditions: Iterable[Statement]) -> Statement:
    texts, values = zip(*((one.text, one.values) for one in conditions), strict=True)
    return Statement(f"({word.join(texts)})", tuple(chain.from_iterable(values)))


def _inside(text: str, conditions: Sequence[Statement]) -> Statement:
    joined = _joined(" AND ", conditions)
    return Statement(text.format(joined.text), joined.values)


def _ordered(select: str, conditions: Sequence[Statement], table: str, *, is_descending: bool = False) -> Statement:
    chosen = _inside(" WHERE {}", conditions) if conditions else Statement("")
    direction = " DESC" if is_descending else ""
    return Statement(f"{select}{chosen.text} ORDER BY {table}.number{direction}", chosen.values)


def _compares(condition: str) -> _Filter:
    """A condition with one place for the value."""

    def build(_: Selector, value: object) -> Iterator[Statement]:
        yield Statement(condition, (_bindable(value),))

    return build


def _among(condition: str) -> _Filter:
    """A condition with one place for a list, which SQL reads from its JSON: however long, it is one value."""

    def build(_: Selector, value: object) -> Iterator[Statement]:
        yield Statement(condition, (_json_of(value),) * condition.count("?"))

    return build


def _is_event(condition: str) -> _Filter:
    """A condition with one place for the number of an event."""

    def build(_: Selector, value: object) -> Iterator[Statement]:
        yield Statement(condition, (event_number(value),))

    return build


def _is_the(constant: Callable[[Selector], str]) -> _Filter:
    """A condition on what all rows have in common."""

    def build(selector: Selector, value: object) -> Iterator[Statement]:
        if value != constant(selector):
            yield _NOTHING

    return build


def _at_step(condition_of: Callable[[Selector, Sequence[object]], Statement], *, negated: bool) -> _Filter:
    """A condition on the step that an asset is in; an asset without a step meets none, and so each negated one."""
    word = "NOT IN" if negated else "IN"

    def build(selector: Selector, value: object) -> Iterator[Statement]:
        found = condition_of(selector, cast("Sequence[object]", value))
        yield Statement(f"a.number {word} (SELECT asset FROM asset_steps WHERE {found.text})", found.values)

    return build


def _has_step(_: Selector, ids: Sequence[object]) -> Statement:
    return Statement("step IN (SELECT value FROM json_each(?))", (_json_of(ids),))


def _has_status(_: Selector, statuses: Sequence[object]) -> Statement:
    current = [current_status(str(one)) for one in statuses]
    return Statement("status IN (SELECT value FROM json_each(?))", (_json_of(current),))


def _is_in_group(selector: Selector, names: Sequence[object]) -> Statement:
    return _has_step(selector, selector.project.workflow.steps_in([str(one) for one in names]))


def _has_step_and_status(_: Selector, pairs: Sequence[object]) -> Statement:
    """One of the pairs; what a pair leaves open may be anything."""
    wanted = [
        {"step": pair.get("stepId"), "status": current_status(str(pair["status"])) if pair.get("status") else None}
        for pair in cast("Sequence[Where]", pairs)
    ]
    text = (
        "EXISTS (SELECT 1 FROM json_each(?) AS pair WHERE coalesce(json_extract(pair.value, '$.step'), step) = step"
        " AND coalesce(json_extract(pair.value, '$.status'), status) = status)"
    )
    return Statement(text, (_json_of(wanted),))


def _is_time(condition: str) -> _Filter:
    """A condition on the beginning of a time: a day stands for all of it, at both ends."""

    def build(_: Selector, value: object) -> Iterator[Statement]:
        try:
            moment = read_moment(str(value))
        except ValueError as error:
            raise Refused(f"not a time: write `{value}` like `2024-02-01` or `2024-02-01T09:30:00Z`") from error
        yield Statement(condition, (len(moment), moment))

    return build


def _flag(condition: str) -> _Filter:
    def build(_: Selector, value: object) -> Iterator[Statement]:
        yield Statement(condition if value else f"NOT ({condition})")

    return build


def _nested(method: Callable[[Selector, Where], Iterator[Statement]]) -> _Filter:
    return lambda selector, value: method(selector, cast("Where", value))


def _is_searched(selector: Selector, value: object) -> Iterator[Statement]:
    yield Statement("l.fault IS NULL")
    yield _found(_read(str(value), tuple(selector.misbehaves)))


def _found(tree: Predicate) -> Statement:
    """Which labels a category search finds; a label without a count of a category has 0."""
    match tree:
        case And(operands):
            return _joined(" AND ", map(_found, operands))
        case Or(operands):
            return _joined(" OR ", map(_found, operands))
        case Comparison(Counter(job, category)):
            counts = "(SELECT label FROM counts WHERE job = ? AND category = ? AND count"
            low, high = lower_bound(tree), upper_bound(tree)
            if low > 0:
                return Statement(f"l.number IN {counts} BETWEEN ? AND ?)", (job, category, low, high))
            return Statement(f"l.number NOT IN {counts} > ?)", (job, category, high)) if high >= 0 else _NOTHING
        case Constant(is_true):
            return Statement(str(is_true))
        case _:
            raise TypeError(f"a category search has no {type(tree).__name__}")


def _has_none(_: Selector, where: object) -> Iterator[Statement]:
    """The sandbox keeps no issues: asked for one, it finds no asset."""
    if any(True for _ in _given(cast("Where", where))):
        yield _NOTHING


def _no_organization(_: Selector, where: object) -> Iterator[Statement]:
    """Clients send the filter with nothing in it."""
    if any(True for _ in _given(cast("Where", where))):
        raise _unsupported("user.organization")
    return iter(())


def _refuse(key: str) -> _Filter:
    def build(_: Selector, value: object) -> Iterator[Statement]:
        raise _unsupported(key)

    return build


def _unsupported(key: str) -> Refused:
    return Refused(f"the filter `{key}` is unsupported: the sandbox keeps nothing that it could select by")


def _metadata(_: Selector, where: object) -> Iterator[Statement]:
    if not isinstance(where, dict):
        raise Refused('`metadata` must be an object, such as {"city": ["Oslo", "Rome"]}')
    for key, wanted in _given(where):
        has = "EXISTS (SELECT 1 FROM json_each(a.json_metadata) AS m WHERE m.key = ? AND {})"
        match wanted:
            case [int() | float() as low, int() | float() as high] if not isinstance(low, bool):
                bounds = (_bindable(low), _bindable(high))
                yield Statement(has.format("m.value BETWEEN ? AND ?"), (_bindable(key), *bounds))
            case list():
                among = has.format("m.value IN (SELECT value FROM json_each(?))")
                yield Statement(among, (_bindable(key), _json_of(wanted)))
            case _:
                yield Statement(has.format("m.value = ?"), (_bindable(key), _bindable(wanted)))


def _json_of(values: object) -> str:
    """The JSON text of a list, as SQL reads it."""
    try:
        return json.dumps(values, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise Refused(f"not a list to select by: {error}") from error


def _bindable(value: object) -> _Value:
    match value:
        case str() if is_text(value):
            return value
        case int() if abs(value) < 2**63:
            return value
        case float():
            return value
        case _:
            raise Refused(f"not a value to select by: {json.dumps(value, default=str)[:60]}")


@lru_cache(maxsize=512)
def _read(search: str, misbehaves: tuple[Misbehaviour, ...]) -> Predicate:
    try:
        return misread(search, misbehaves)
    except QueryError as error:
        found = next(one for one in error.diagnostics if one.severity is Severity.ERROR)
        raise Refused(f"bad category search: {render_line(found)}") from error


def _names(columns: str) -> str:
    """Users whose first name, last name or both together are in a list."""
    return (
        f"{columns} IN (SELECT u.number FROM users AS u JOIN json_each(?) AS given ON given.value IN"
        " (u.firstname, u.lastname, u.firstname || ' ' || u.lastname) WHERE given.value <> '')"
    )


_PEOPLE = (
    "(SELECT u.number FROM users AS u JOIN json_each(?) AS given ON"
    " given.value IN (u.id, u.email, u.firstname, u.lastname, u.firstname || ' ' || u.lastname))"
)
"""Users by name, address or id."""

_ASSIGNED = f"(SELECT asset FROM assignees WHERE user IN {_PEOPLE})"


def _has_person(kind: str) -> str:
    """A label of a kind by one of these people."""
    return f"(l.label_type = '{kind}' AND l.author IN {_PEOPLE})"


_STARTS = "substr({column}, 1, ?) {op} ?"


def _times(name: str, column: str) -> dict[str, _Filter]:
    return {
        f"{name}Gte": _is_time(_STARTS.format(column=column, op=">=")),
        f"{name}Lte": _is_time(_STARTS.format(column=column, op="<=")),
    }


def _marks(table: str, *names: str) -> dict[str, _Filter]:
    operators = {"Gte": ">=", "Lte": "<="}
    return {
        f"{name}Mark{end}": _compares(f"{table}.{name}_mark {op} ?") for name in names for end, op in operators.items()
    }


_LABEL: dict[str, _Filter] = {
    "id": _compares("l.id = ?"),
    "idIn": _among("l.id IN (SELECT value FROM json_each(?))"),
    "typeIn": _among("l.label_type IN (SELECT value FROM json_each(?))"),
    "project": _nested(Selector.of_project),
    "asset": _nested(Selector.of_assets),
    "user": _nested(Selector.of_users),
    "search": _is_searched,
    "authorIn": _among(_names("l.author")),
    "labelerIn": _among(_has_person("DEFAULT")),
    "labelerNotIn": _among(f"NOT {_has_person('DEFAULT')}"),
    "reviewerIn": _among(_has_person("REVIEW")),
    "reviewerNotIn": _among(f"NOT {_has_person('REVIEW')}"),
    "createdAt": _is_time(_STARTS.format(column="l.created_at", op="=")),
    **_times("createdAt", "l.created_at"),
    **_marks("l", "consensus", "honeypot"),
}

_ASSET: dict[str, _Filter] = {
    "id": _compares("a.id = ?"),
    "idIn": _among("a.id IN (SELECT value FROM json_each(?))"),
    "idNotIn": _among("a.id NOT IN (SELECT value FROM json_each(?))"),
    "externalIdStrictlyIn": _among("a.external_id IN (SELECT value FROM json_each(?))"),
    "externalIdIn": _among("EXISTS (SELECT 1 FROM json_each(?) WHERE instr(a.external_id, value))"),
    "statusIn": _among("a.status IN (SELECT value FROM json_each(?))"),
    "project": _nested(Selector.of_project),
    "label": _nested(Selector.of_labels),
    "issue": _has_none,
    "metadata": _metadata,
    "skipped": _flag("a.skipped"),
    **_times("createdAt", "a.created_at"),
    **_times("updatedAt", "coalesce(a.updated_at, a.created_at)"),
    **_marks("a", "consensus", "honeypot", "inference"),
    "assigneeIn": _among(f"a.number IN {_ASSIGNED}"),
    "assigneeNotIn": _among(f"a.number NOT IN {_ASSIGNED}"),
    **{
        f"{name}{ending}": _at_step(condition, negated=ending == "NotIn")
        for name, condition in (
            ("stepId", _has_step),
            ("stepStatus", _has_status),
            ("stepIdAndStatus", _has_step_and_status),
            ("groupName", _is_in_group),
        )
        for ending in ("In", "NotIn")
    },
}

_EVENT: dict[str, _Filter] = {
    "projectId": _is_the(lambda selector: selector.project.id),
    "organizationId": _is_the(lambda _: ORGANIZATION_ID),
    "userId": _compares("e.user = (SELECT u.number FROM users AS u WHERE u.id = ?)"),
    "event": _compares("e.name = ?"),
    **_times("createdAt", "e.created_at"),
    "fromEventId": _is_event("e.number >= ?"),
    "untilEventId": _is_event("e.number <= ?"),
}

_USER: dict[str, _Filter] = {
    "id": _compares("u.id = ?"),
    "idIn": _among("u.id IN (SELECT value FROM json_each(?))"),
    "email": _compares("u.email = ?"),
    "activated": _flag("TRUE"),
    "apiKey": _refuse("user.apiKey"),
    "organization": _no_organization,
}
