"""Requests as data: an operation and its variables; and the limits of what is sent and received."""

import json
from collections.abc import Mapping
from typing import Protocol

from attrs import evolve, field, frozen

from kili_query.protocol import Operation

DEFAULT_TIMEOUT_S = 60.0
CALLS_PER_MINUTE = 500
"""The limit of the service for one key."""

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""How much an answer may hold, once it is inflated: a page of a hundred labels seldom has a tenth of that."""


@frozen
class Request:
    """One call of an operation.

    Attributes:
        operation: what is called.
        variables: its variables, as JSON.
        selection: what is asked of each object; by default that of the operation.
        timeout_s: seconds to wait for the answer.
    """

    operation: Operation
    variables: Mapping[str, object] = field(factory=dict)
    selection: str = ""
    timeout_s: float = DEFAULT_TIMEOUT_S

    @property
    def is_mutation(self) -> bool:
        """It may change something, so that it must not be sent twice."""
        return self.operation.kind == "mutation"

    def body(self) -> bytes:
        """The JSON body of the call."""
        envelope: dict[str, object] = {"query": self.operation.document(self.selection)}
        if self.variables:
            envelope["variables"] = dict(self.variables)
        return json.dumps(envelope, allow_nan=False).encode()


class Service(Protocol):
    """Answers requests: the transport, or a replacement in tests."""

    def ask(self, request: Request) -> object:
        """The value of the root field.

        Raises:
            ServiceError: it was refused, or not answered.
        """

    def get_json(self, url: str) -> object:
        """The JSON that a URL holds, such as the content of a label.

        Raises:
            ServiceError: it cannot be fetched.
        """


@frozen
class PatientService:
    """A service that is given as much time as the user says; calls that wait for less than others still do."""

    service: Service
    timeout_s: float | None

    def ask(self, request: Request) -> object:
        if self.timeout_s is not None:
            is_hasty = request.timeout_s < DEFAULT_TIMEOUT_S
            most_s = min(self.timeout_s, request.timeout_s) if is_hasty else self.timeout_s
            request = evolve(request, timeout_s=most_s)
        return self.service.ask(request)

    def get_json(self, url: str) -> object:
        return self.service.get_json(url)
