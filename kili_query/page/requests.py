"""Reading of requests: each field must have the right type, and unknown fields are errors."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from attrs import define

from kili_query.syntax.parse import DEFAULT_LIMITS
from kili_query.wording import shape_of, shortened

_MOST = 2**31

_Choice = TypeVar("_Choice", bound=str)


class BadRequest(Exception):  # noqa: N818 - it is an answer, not a failure
    """A request that cannot be answered.

    Attributes:
        status: the HTTP status of the answer.
    """

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@define(init=False)
class RequestFields:
    """The fields of a request.

    >>> RequestFields({"query": "J.A", "start": 3}, "query", "start").number("start")
    3
    """

    _given: Mapping[str, object]

    def __init__(self, given: Mapping[str, object], *known: str) -> None:
        """Check that there are no unknown fields.

        Raises:
            BadRequest: names one.
        """
        self._given = given
        for name in given:
            if name not in known:
                raise BadRequest(f"there is no field `{shortened(name, 80)}`: there are {', '.join(known)}")

    @property
    def query(self) -> str:
        """The text of the query."""
        text = self.text("query")
        if text is None:
            raise BadRequest("`query` is missing: give a text, which may be empty")
        return text

    def text(self, name: str) -> str | None:
        """Return a text, or None if it is missing or null. It may be as long as a query."""
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise BadRequest(f"`{name}` must be a text, not {shape_of(value)}")
        if len(value) > DEFAULT_LIMITS.length:
            raise BadRequest(f"`{name}` has {len(value)} characters: {DEFAULT_LIMITS.length} are allowed")
        return value

    def number(self, name: str) -> int | None:
        """Return a whole number from 0; None if it is missing or null."""
        value = self._given.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST:
            raise BadRequest(f"`{name}` must be a whole number from 0 to {_MOST - 1}")
        return value

    def choice(self, name: str, choices: Sequence[_Choice]) -> _Choice:
        """Return one of the choices; the first if it is missing or null."""
        value = self._given.get(name)
        if value is None:
            return choices[0]
        found = next((one for one in choices if one == value), None)
        if found is None:
            raise BadRequest(f"`{name}` must be one of {', '.join(choices)}")
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a flag; the default if it is missing or null."""
        value = self._given.get(name)
        if value is not None and not isinstance(value, bool):
            raise BadRequest(f"`{name}` must be true or false, not {shape_of(value)}")
        return default if value is None else value
