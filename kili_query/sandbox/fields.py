"""The fields of a JSON object in a file, read with errors that say where."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum

from attrs import frozen

from kili_query.errors import DataError
from kili_query.sandbox.values import is_text, read_time
from kili_query.sandbox.workflow import unknown_key
from kili_query.scanning import Place


@frozen
class Fields:
    """A JSON object and its place."""

    values: Mapping[str, object]
    place: Place

    def text(self, key: str) -> str | None:
        """A string, or None for null and absent.

        >>> Fields({"id": 3}, Place("assets.ndjson", 7)).text("id")
        Traceback (most recent call last):
            ...
        kili_query.errors.DataError: assets.ndjson:7: `id`: expected a string, found 3
        """
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.fault(key, "a string")
        if not is_text(value):
            raise self.fault(key, "a string of characters")
        return value

    def name(self, key: str) -> str | None:
        """A string that is not empty, or None."""
        return self.text(key) or None

    def word(self, key: str, words: type[StrEnum]) -> str | None:
        """A member of an enum, or None."""
        value = self.text(key)
        if value is not None and value not in {str(word) for word in words}:
            raise self.fault(key, f"one of {', '.join(words)}")
        return value

    def number(self, key: str) -> float | None:
        """A number, or None."""
        value = self.values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self.fault(key, "a number")
        if isinstance(value, int) and abs(value) > 2**53:
            raise self.fault(key, "a smaller number")
        return value

    def flag(self, key: str) -> bool | None:
        """True or false, or None."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.fault(key, "true or false")
        return value

    def time(self, key: str) -> str | None:
        """A time, or None."""
        value = self.values.get(key)
        try:
            return None if value in (None, "") else read_time(value)
        except ValueError as error:
            raise self.fault(key, "a time as of ISO 8601") from error

    def json_text(self, key: str) -> str | None:
        """The JSON text of any value; text is taken for JSON text already; None for null and absent."""
        value = self.values.get(key)
        return self.text(key) if value is None or isinstance(value, str) else json.dumps(value)

    def sizes(self, key: str) -> str | None:
        """The JSON text of an object of numbers, or of a list of these; None for null and absent."""
        value = self.values.get(key)
        if isinstance(value, list | tuple):
            if not all(isinstance(one, Mapping) for one in value):
                raise self.fault(key, "objects in a list")
            numbers = [Fields(one, self.place) for one in value]
        else:
            numbers = [self.inner(key)]
        for one in numbers:
            for name in one.values:
                one.number(name)
        return self.json_text(key)

    def inner(self, key: str) -> "Fields":
        """An object, empty for null and absent."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, Mapping):
            raise self.fault(key, "an object")
        path = f"{self.place.path}.{key}" if self.place.path else key
        return Fields(value or {}, self.place._replace(path=path))

    def check_keys(self, known: Sequence[str]) -> None:
        """Refuse an object with a key that is not known.

        >>> Fields({"nmae": "Label"}, Place("assets.ndjson", 7, "currentStep")).check_keys(["name", "status"])
        Traceback (most recent call last):
            ...
        kili_query.errors.DataError: assets.ndjson:7: currentStep.nmae: unknown key: did you mean `name`?
        """
        for key in self.values:
            if key not in known:
                place = self.place._replace(path=f"{self.place.path}.{key}" if self.place.path else key)
                raise DataError(f"{place}: {unknown_key(key, known)}")

    def objects(self, key: str) -> "list[Fields]":
        """The objects of a list, which is empty for null and absent."""
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            raise self.fault(key, "objects in a list")
        path = f"{self.place.path}.{key}" if self.place.path else key
        return [Fields(one, self.place._replace(path=f"{path}[{number}]")) for number, one in enumerate(value)]

    def fault(self, key: str, expected: str) -> DataError:
        """The error of a value of the wrong shape."""
        found = json.dumps(self.values.get(key), default=str)
        shown = found if len(found) <= 60 else f"{found[:60]}…"
        return DataError(f"{self.place}: `{key}`: expected {expected}, found {shown}")
