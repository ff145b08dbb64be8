"""The words of the two protocols in which GraphQL subscriptions are spoken over websockets."""

import json
from enum import Enum

from attrs import frozen

from kili_query.client.answers import read_errors
from kili_query.client.retries import Clock, Failure
from kili_query.errors import ArgumentError
from kili_query.protocol import authorization, decode_body


@frozen
class Protocol:
    """One of the protocols.

    Attributes:
        name: as the two sides agree on it.
        start: the frame that asks for a subscription.
        stop: the frame that ends it.
    """

    name: str
    start: str
    stop: str

    def init_frame(self, api_key: str) -> str:
        """The first frame, which shows the key where the official client does too."""
        key = authorization(api_key)
        headers = {"Accept": "application/json", "Content-Type": "application/json", "Authorization": key}
        return _frame("connection_init", payload={"headers": headers, "Authorization": key})

    def start_frame(self, key: str, document: str, variables: dict[str, object]) -> str:
        """The frame that asks for a subscription, under an id of its own."""
        return _frame(self.start, id=key, payload={"query": document, "variables": variables})

    def stop_frame(self, key: str) -> str:
        """The frame that ends the subscription with this id."""
        return _frame(self.stop, id=key)


LEGACY = Protocol("graphql-ws", "start", "stop")
CURRENT = Protocol("graphql-transport-ws", "subscribe", "complete")
_PROTOCOLS = (LEGACY, CURRENT)
"""In the order in which they are offered: a server of the older that takes the first, whatever it is, still works."""

PONG = json.dumps({"type": "pong"})
"""The answer to a ping."""


def offered(name: str | None) -> tuple[Protocol, ...]:
    """The protocols to offer: the one that is asked for, or all.

    Raises:
        ArgumentError: there is no such protocol.
    """
    found = tuple(protocol for protocol in _PROTOCOLS if name in (None, protocol.name))
    if not found:
        names = ", ".join(repr(protocol.name) for protocol in _PROTOCOLS)
        raise ArgumentError(f"`protocol` must be {names}, 'events' or None, not {name!r:.80}")
    return found


def spoken(name: str | None, among: tuple[Protocol, ...]) -> Protocol:
    """The protocol that the service picked; where it picked none, the first that was offered."""
    return next((protocol for protocol in among if protocol.name == name), among[0])


class Kind(Enum):
    """The meaning of a frame."""

    ACKNOWLEDGED = "connection_ack"
    REFUSED = "connection_error"
    ALIVE = "ka"
    PING = "ping"
    DATA = "data"
    ERROR = "error"
    COMPLETE = "complete"
    OTHER = ""


_KINDS = {kind.value: kind for kind in Kind if kind is not Kind.OTHER} | {"next": Kind.DATA, "pong": Kind.ALIVE}


@frozen
class ServiceFrame:
    """A frame from the service.

    Attributes:
        kind: what it says.
        id: the subscription that it is of; None where it is of none.
        payload: what else it holds.
        type: its type, as it came.
    """

    kind: Kind
    id: object
    payload: object
    type: str


def read_frame(text: str | bytes) -> ServiceFrame:
    """A frame of either protocol.

    Raises:
        ValueError: it is none.

    >>> read_frame('{"type": "ka"}').kind
    <Kind.ALIVE: 'ka'>
    """
    frame = decode_body(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise ValueError("it is not a JSON object with a `type`")
    kind = _KINDS.get(frame["type"], Kind.OTHER)
    return ServiceFrame(kind, frame.get("id"), frame.get("payload"), frame["type"])


def failure_in(errors: object) -> Failure:
    """Return the text of the errors of a frame, in whatever shape, as for an answer over HTTP."""
    return read_errors(errors or "the service tells no reason", Clock().utc_now())


def _frame(kind: str, **rest: object) -> str:
    return json.dumps({"type": kind, **rest})
