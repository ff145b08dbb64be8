"""Calls of tools: what a tool takes, how its arguments are checked, and how long it may take."""

import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import TypeAlias

from attrs import define, field, frozen

from kili_query.diagnostics import Diagnostic, Severity
from kili_query.errors import ArgumentError, KiliQueryError, QueryError
from kili_query.mcp.answers import Answer, failure, rejected
from kili_query.mcp.files import ServedFiles
from kili_query.ontology import Ontology
from kili_query.query import Query, check, parse

Arguments: TypeAlias = Mapping[str, object]


class OutOfTimeError(Exception):
    """Work was stopped: it took too long, or nobody waits for it any more."""


@define
class Patience:
    """How long a call may take; whatever reads labels asks it now and then.

    Attributes:
        seconds: the limit.
    """

    seconds: float
    _start: float = field(factory=time.monotonic, init=False)
    _is_over: Event = field(factory=Event, init=False)

    def end(self) -> None:
        """Let the call end as soon as it can."""
        self._is_over.set()

    def check(self, *_: object) -> None:
        """Raise if the time is over.

        Raises:
            OutOfTimeError: it is.
        """
        if self._is_over.is_set() or time.monotonic() - self._start > self.seconds:
            raise OutOfTimeError


@frozen
class Parameter:
    """One argument of a tool.

    Attributes:
        name: of the argument.
        kind: `str` or `int`.
        about: what it is.
        is_needed: whether a call must have it.
        among: the texts that it may be; any for none.
        least: the smallest number.
        most: the largest number.
    """

    name: str
    kind: type[str] | type[int]
    about: str
    is_needed: bool = False
    among: tuple[str, ...] = ()
    least: int = 0
    most: int = 10**9

    def schema(self) -> dict[str, object]:
        """Return its JSON Schema."""
        if self.kind is int:
            return {"type": "integer", "minimum": self.least, "maximum": self.most, "description": self.about}
        choice = {"enum": list(self.among)} if self.among else {}
        return {"type": "string", "description": self.about, **choice}

    def refuse(self, value: object) -> None:
        """Refuse a value of the wrong type or size.

        Raises:
            ArgumentError: it is.
        """
        if not isinstance(value, self.kind) or isinstance(value, bool):
            what = "a whole number" if self.kind is int else "a string"
            raise ArgumentError(f"`{self.name}` must be {what}, not {_kind_of(value)}")
        if isinstance(value, int) and not self.least <= value <= self.most:
            raise ArgumentError(f"`{self.name}` must be from {self.least} to {self.most}")
        if self.among and value not in self.among:
            raise ArgumentError(f"`{self.name}` must be one of {', '.join(f'`{one}`' for one in self.among)}")


@frozen
class Tool:
    """One tool.

    Attributes:
        name: what calls name.
        about: what it does, for the model.
        parameters: what it takes.
        run: what answers a call.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    run: "Callable[[Call], Answer]"

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of its arguments."""
        return {
            "type": "object",
            "properties": {one.name: one.schema() for one in self.parameters},
            "required": [one.name for one in self.parameters if one.is_needed],
            "additionalProperties": False,
        }

    def call(self, arguments: Arguments, files: ServedFiles, patience: Patience) -> Answer:
        """Answer a call. Whatever is wrong with it is an answer too.

        Raises:
            OutOfTimeError: it took too long.
        """
        try:
            self._refuse(arguments)
            answer = self.run(Call(arguments, files, patience))
        except QueryError as error:
            answer = rejected(error.diagnostics)
        except KiliQueryError as error:
            kind = "argument" if isinstance(error, ArgumentError) else "file"
            answer = failure(files.hide_paths(str(error)), kind)
        return answer.limited()

    def _refuse(self, arguments: Arguments) -> None:
        known = {one.name: one for one in self.parameters}
        for name, value in arguments.items():
            if name not in known:
                takes = ", ".join(f"`{one}`" for one in known) or "no arguments"
                raise ArgumentError(f"`{self.name}` has no argument `{name[:40]}`: it takes {takes}")
            known[name].refuse(value)
        missing = [one.name for one in self.parameters if one.is_needed and one.name not in arguments]
        if missing:
            raise ArgumentError(f"`{missing[0]}` is missing")


@frozen
class Call:
    """A call of a tool, whose arguments were checked."""

    arguments: Arguments
    files: ServedFiles
    patience: Patience

    def text(self, name: str) -> str:
        """Return an argument that is a text; empty if it was not given."""
        return str(self.arguments.get(name, ""))

    def number(self, name: str, otherwise: int) -> int:
        """Return an argument that is a number."""
        value = self.arguments.get(name, otherwise)
        assert isinstance(value, int)
        return value

    @property
    def file_name(self) -> str | None:
        """The name of the file, if one was given."""
        return self.text("file") or None

    @property
    def ontology(self) -> Ontology | None:
        """The ontology of the file that was named, or of the server."""
        return self.files.ontology_for(self.file_name)

    def query(self, ontology: Ontology | None) -> tuple[Query, list[Diagnostic]]:
        """Return the query and its warnings.

        Raises:
            QueryError: it has errors.
        """
        query = parse(self.text("query"))
        found = check(query, ontology)
        if any(one.severity is Severity.ERROR for one in found):
            raise QueryError(found)
        return query, found


def _kind_of(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"
