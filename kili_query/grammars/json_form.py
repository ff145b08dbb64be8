"""Queries as JSON: the schema of what a model may write for one ontology, and the query that such a document means."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kili_query.ast import MAX_COUNT
from kili_query.errors import ArgumentError
from kili_query.grammars.names import Scope, SpelledNames
from kili_query.ontology.did_you_mean import spell
from kili_query.syntax import DEFAULT_LIMITS, print_name
from kili_query.syntax.parser import spellings_of

Schema: TypeAlias = dict[str, object]

_JOINTS = {"and": "AND", "or": "OR"}
_LEVELS_OF_WHERE = 2


def json_schema(names: SpelledNames, depth: int) -> Schema:
    """Return the schema of a document that holds one query; it fits the strict mode of structured outputs.

    Args:
        names: of the ontology.
        depth: how many levels of `and`, `or` and `not` a query may nest; `where` takes two.
    """
    writer = _SchemaWriter(names)
    root = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_object(query=writer.condition(None, depth))}
    return {**root, "$defs": dict(reversed(writer.definitions.items()))}


class _SchemaWriter:
    """Defines once for each place what a condition may be: by scope, and by the levels that are left."""

    def __init__(self, names: SpelledNames) -> None:
        self.names = names
        self.scopes: dict[Scope, str] = {None: ""}
        self.definitions: dict[str, Schema] = {}
        self.lists: dict[tuple[str, ...], str] = {}
        count = {"type": "integer", "minimum": 0, "maximum": MAX_COUNT}
        self.compared: Schema = {"op": {"enum": list(spellings_of("OP", names.dialect))}, "count": count}

    def condition(self, scope: Scope, depth: int) -> Schema:
        """Return a reference to what a condition may be at a place."""
        own = f"condition{self.scopes.setdefault(scope, f'_below_{len(self.scopes)}')}_{depth}"
        if own not in self.definitions:
            joined = self.joined(scope, depth) if depth > 0 else ()
            self.definitions[own] = {"anyOf": [*joined, *self.comparisons(scope, depth)]}
        return {"$ref": f"#/$defs/{own}"}

    def one_of(self, keys: tuple[str, ...]) -> Schema:
        """Return a reference to some keys, which are listed once."""
        own = self.lists.setdefault(keys, f"categories_{len(self.lists) + 1}")
        self.definitions.setdefault(own, {"enum": list(keys)})
        return {"$ref": f"#/$defs/{own}"}

    def joined(self, scope: Scope, depth: int) -> Iterator[Schema]:
        """Yield what holds other conditions."""
        inner = self.condition(scope, depth - 1)
        for joint in _JOINTS:
            yield _object(**{joint: {"type": "array", "items": inner, "minItems": 1}})
        if self.names.dialect == "extended":
            yield _object(**{"not": inner})

    def comparisons(self, scope: Scope, depth: int) -> Iterator[Schema]:
        """Yield the comparisons of each job."""
        for job, keys in self.names.pairs_at(scope):
            yield _object(job={"const": job.name}, category=self.one_of(keys), **self.compared)
        if depth >= _LEVELS_OF_WHERE:
            for inside, job, keys in self.names.parents_at(scope):
                where = self.condition(inside, depth - _LEVELS_OF_WHERE)
                yield _object(job={"const": job.name}, category=self.one_of(keys), where=where, **self.compared)
        if self.names.dialect == "extended":
            yield _object(job={"enum": [job.name for job, _ in self.names.pairs_at(scope)]}, **self.compared)


def _object(**properties: object) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def query_text(document: object) -> str:
    """Return the query that a document of `json_schema` means, as text.

    >>> lit = {"job": "LIT", "op": ">", "count": 0}
    >>> query_text({"query": {"and": [{"job": "BOXES", "category": "CAR", "op": ">=", "count": 3},
    ...     {"not": {"job": "BOXES", "category": "CAR", "where": lit, "op": ">", "count": 1}}]}})
    'BOXES.CAR.count >= 3 AND NOT BOXES.CAR[LIT.count > 0].count > 1'

    Raises:
        ArgumentError: it has another shape; the message says where.
    """
    match document:
        case {"query": condition, **rest} if not rest:
            return _condition(condition, ("query",))
        case _:
            raise _wrong("the document", "an object with the key `query` alone")


def _condition(value: object, path: tuple[str, ...]) -> str:
    if len(path) > DEFAULT_LIMITS.depth:
        raise ArgumentError(f"`{'.'.join(path[:3])}…` is nested deeper than {DEFAULT_LIMITS.depth} levels")
    match value:
        case {"and": [_, *_] as operands, **others} if not others:
            return _joined("and", operands, path)
        case {"or": [_, *_] as operands, **others} if not others:
            return _joined("or", operands, path)
        case {"not": operand, **others} if not others:
            return f"NOT {_operand(operand, (*path, 'not'))}"
        case {"job": str(job), "op": str(op), "count": int() | float() as count, **others}:
            return f"{_counter(job, others, path)}.count {_op(op, path)} {_count(count, path)}"
        case _:
            raise _wrong(f"`{'.'.join(path)}`", "`and`, `or` or `not`, or a comparison with `job`, `op` and `count`")


def _joined(joint: str, operands: list[object], path: tuple[str, ...]) -> str:
    texts = [_operand(one, (*path, joint, str(place))) for place, one in enumerate(operands)]
    return f" {_JOINTS[joint]} ".join(texts)


def _operand(value: object, path: tuple[str, ...]) -> str:
    text = _condition(value, path)
    return f"({text})" if isinstance(value, Mapping) and not _JOINTS.keys().isdisjoint(value) else text


def _counter(job: str, others: Mapping[object, object], path: tuple[str, ...]) -> str:
    match others:
        case {"category": str(category), "where": condition, **rest} if not rest:
            return f"{print_name(job)}.{spell(category)}[{_condition(condition, (*path, 'where'))}]"
        case {"category": str(category), **rest} if not rest:
            return f"{print_name(job)}.{print_name(category)}"
        case {**rest} if not rest:
            return print_name(job)
    raise _wrong(f"`{'.'.join(path)}`", "a comparison with `job`, `op`, `count`, maybe `category`, and no other key")


def _op(op: str, path: tuple[str, ...]) -> str:
    known = spellings_of("OP", "extended")
    if op not in known:
        raise _wrong(f"`{'.'.join(path)}.op`", f"one of {', '.join(f'`{one}`' for one in known)}")
    return op


def _count(count: float, path: tuple[str, ...]) -> int:
    if isinstance(count, bool) or not 0 <= count <= MAX_COUNT or int(count) != count:
        raise _wrong(f"`{'.'.join(path)}.count`", f"a whole number from 0 to {MAX_COUNT}")
    return int(count)


def _wrong(what: str, wanted: str) -> ArgumentError:
    return ArgumentError(f"{what} must be {wanted}")
