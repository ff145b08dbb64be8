"""Execution that reads the plain fields of rows directly: they are most of what an answer takes."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias, cast

from attrs import frozen
from graphql import GraphQLObjectType, Undefined, is_leaf_type, is_non_null_type
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path

__all__ = ["PlainFieldsExecutor"]


@frozen
class _Plain:
    """A field that is a value of its row, under a key.

    Attributes:
        key: its name in the schema.
        coerce: gives the value as it is sent, or raises.
        is_nullable: None is sent as it is.
    """

    key: str
    coerce: Callable[[object], object]
    is_nullable: bool


_Planned: TypeAlias = tuple[str, FieldDetailsList, _Plain | None]


class PlainFieldsExecutor(Executor[Any]):
    """Gives the same answers as its base, to which it leaves all other fields, and whatever is wrong with a plain one.

    The context, where there is one, is told how many fields are asked of each object, and refuses too many.

    A field is plain that has no resolver and no arguments, and whose value is a scalar or an enum. Of such fields the
    base finds anew for every row what holds for all.
    """

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: object,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any | None,
    ) -> Any:
        """The fields of one object."""
        if not isinstance(source_value, dict):
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        results: dict[str, object] = {}
        planned = self._plan(parent_type, grouped_field_set)
        if self.context_value is not None:
            self.context_value.spend_values(len(planned))
        for name, details, plain in planned:
            value = _read(source_value, plain) if plain else Undefined
            if value is Undefined:
                at = Path(path, name, parent_type.name)
                value = self.execute_field(parent_type, source_value, details, at, position_context)
            if value is not Undefined:
                results[name] = value
        return results

    @cached_property
    def _plans(self) -> dict[int, tuple[GroupedFieldSet, list[_Planned]]]:
        """What is known of fields, by the identity of their set, which is kept so that no other takes it."""
        return {}

    def _plan(self, parent_type: GraphQLObjectType, fields: GroupedFieldSet) -> list[_Planned]:
        known = self._plans.get(id(fields))
        if known is None:
            planned = [(name, details, self._plain(parent_type, details)) for name, details in fields.items()]
            known = self._plans[id(fields)] = fields, planned
        return known[1]

    def _plain(self, parent_type: GraphQLObjectType, details: FieldDetailsList) -> _Plain | None:
        key = details[0].node.name.value
        field = self.schema.get_field(parent_type, key)
        if field is None or field.resolve is not None or field.args:
            return None
        is_nullable = not is_non_null_type(field.type)
        type_ = field.type if is_nullable else cast("Any", field.type).of_type
        return _Plain(key, type_.coerce_output_value, is_nullable) if is_leaf_type(type_) else None


def _read(row: dict[str, object], plain: _Plain) -> object:
    """The value as it is sent; Undefined where the base is to say what is wrong with it."""
    value = row.get(plain.key)
    if value is None:
        return None if plain.is_nullable else Undefined
    try:
        coerced = plain.coerce(value)
    except Exception:
        return Undefined
    return Undefined if coerced is None else coerced
