"""One websocket connection to the service: opened, let in, subscribed, read until it is lost."""

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from inspect import signature
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from attrs import frozen
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Response
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from kili_query.client.answers import Reply, read_answer, told, without_key
from kili_query.client.headers import plain_headers
from kili_query.client.retries import BROKEN, KEY_IN_DOUBT, REFUSED, SLOW, UNREACHED, Clock, Failure
from kili_query.client.settings import LARGER_ANSWERS, Settings
from kili_query.client.subscription.frames import PONG, Kind, Protocol, ServiceFrame, failure_in, read_frame, spoken
from kili_query.errors import ArgumentError

_OPEN_TIMEOUT_S = 10.0
_ACK_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 1.0
_KEEPALIVE_S = 30.0
"""After such a silence the service is pinged; after another one the connection is given up."""
_KEY_REFUSED_CODES = (4401, 4403)
_TOO_LARGE_CODE = 1009
_LONGEST_EXCERPT = 80

_TLS = "ssl" if "ssl" in signature(connect).parameters else "ssl_context"
"""The names of this error in websockets; the second is that of releases before 13, which the official client needs."""

_SILENT = logging.Logger("kili_query.client.websocket", logging.CRITICAL)
"""Apart from all other loggers: that of the library would write every frame, and so the key."""
_SILENT.addHandler(logging.NullHandler())


class Lost(Exception):  # noqa: N818 - no error: connections end
    """A connection has ended, or was never made."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@frozen
class Dial:
    """How the service is called.

    Attributes:
        settings: where, and as whom.
        protocols: which ones are offered.
        tls: how its certificate is checked.
        clock: what tells the date.
    """

    settings: Settings
    protocols: tuple[Protocol, ...]
    tls: ssl.SSLContext | None
    clock: Clock

    @contextmanager
    def connected(self) -> Iterator["Channel"]:
        """A connection, for as long as it lasts.

        Raises:
            Lost: it cannot be made, or has ended; the reason does not hold the key.
        """
        try:
            with connect(
                self.settings.websocket_url,
                **{_TLS: self.tls},  # type: ignore[arg-type]  # a context, as the library says
                subprotocols=[Subprotocol(protocol.name) for protocol in self.protocols],
                user_agent_header=plain_headers()["User-Agent"],
                open_timeout=_OPEN_TIMEOUT_S,
                close_timeout=_CLOSE_TIMEOUT_S,
                max_size=self.settings.max_answer_bytes,  # once inflated
                logger=_SILENT,
                create_connection=_Direct,
            ) as websocket:
                spoken_by_both = spoken(websocket.subprotocol, self.protocols)
                yield Channel(websocket, spoken_by_both, self.settings, self.clock, uuid4().hex)
        except Lost as lost:
            raise Lost(without_key(lost.failure, self.settings)) from None
        except (OSError, EOFError, WebSocketException, _NotOpened) as error:
            raise Lost(without_key(self._failure_of(error), self.settings)) from None

    def _failure_of(self, error: Exception) -> Failure:
        match error:
            case ConnectionClosed():
                return _failure_of_close(error, self.settings)
            case _NotOpened():
                return _failure_of_response(error.response, self.settings, self.clock)
            case ssl.SSLCertVerificationError():
                reason = error.verify_message or str(error)
                return Failure(
                    f"the certificate is not trusted: {reason}; `verify` takes the path of an authority", REFUSED
                )
            case _:
                parts = urlsplit(self.settings.websocket_url)
                reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
                return Failure(f"no connection to `{parts.scheme}://{parts.netloc}`: {reason}", UNREACHED)


class _NotOpened(Exception):  # noqa: N818 - it is caught within this module
    """The service answered otherwise than by opening a websocket."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class _Direct(ClientConnection):
    """A connection that follows no redirect: the key would go wherever it leads."""

    def handshake(self, *arguments: object, **options: object) -> None:
        """Open the websocket."""
        try:
            super().handshake(*arguments, **options)  # type: ignore[arg-type]  # passed on as they come
        except InvalidStatus as error:
            raise _NotOpened(error.response) from None


@frozen
class Channel:
    """An open connection.

    Attributes:
        websocket: the connection itself.
        protocol: what is spoken.
        settings: how large a message may be, and what excerpts of messages leave out.
        clock: the time.
        id: the id of the subscription, new for each connection.
    """

    websocket: ClientConnection
    protocol: Protocol
    settings: Settings
    clock: Clock
    id: str

    def subscribe(self, api_key: str, document: str, variables: dict[str, object]) -> None:
        """Wait until the service lets the client in, and ask it for the subscription.

        Raises:
            Lost: it does not let the client in.
        """
        self.websocket.send(self.protocol.init_frame(api_key))
        self._await_acknowledgement()
        self.websocket.send(self.protocol.start_frame(self.id, document, variables))

    def payloads(self) -> Iterator[dict[str, object]]:
        """Yield the contents of the frames of the subscription, until it is lost.

        Raises:
            Lost: in the end, always.
        """
        while True:
            frame = self._receive_alive()
            match frame.kind:
                case Kind.DATA if frame.id == self.id and isinstance(frame.payload, dict):
                    if "data" not in frame.payload:  # the older servers tell so of what they refuse
                        raise Lost(failure_in(frame.payload.get("errors")))
                    yield frame.payload
                case Kind.ERROR:
                    raise Lost(failure_in(frame.payload))
                case Kind.COMPLETE:
                    raise Lost(Failure("the service ended the subscription", BROKEN))
                case Kind.ALIVE | Kind.PING | Kind.ACKNOWLEDGED:
                    pass
                case _:
                    raise self._out_of_place(frame)

    def close(self) -> None:
        """End the subscription and the connection; from any thread."""
        with suppress(OSError, WebSocketException):  # lost already
            self.websocket.send(self.protocol.stop_frame(self.id))
            self.websocket.close()

    def _await_acknowledgement(self) -> None:
        end_s = self.clock.monotonic_s() + _ACK_TIMEOUT_S
        while True:
            try:
                frame = self._receive(max(0.0, end_s - self.clock.monotonic_s()))
            except TimeoutError:
                raise Lost(Failure(f"the service did not answer within {_ACK_TIMEOUT_S:.0f} s", SLOW)) from None
            match frame.kind:
                case Kind.ACKNOWLEDGED:
                    return
                case Kind.ALIVE | Kind.PING:
                    pass
                case Kind.REFUSED | Kind.ERROR:
                    failure = failure_in(frame.payload)
                    raise Lost(Failure(f"the API key is refused: {failure.message}", KEY_IN_DOUBT, is_key_refused=True))
                case _:
                    raise self._out_of_place(frame)

    def _receive_alive(self) -> ServiceFrame:
        """The next frame, however long it takes; but a connection over which nothing comes has to answer pings.

        A network that forgot the connection, or a machine that is gone, sends no end of it. Newer releases of the
        library notice that by themselves; those that the official client keeps to do not.
        """
        pong = None
        while True:
            try:
                return self._receive(_KEEPALIVE_S)
            except TimeoutError:
                if pong is not None and not pong.is_set():
                    waited_s = 2 * _KEEPALIVE_S
                    raise Lost(Failure(f"nothing came for {waited_s:g} s, not even a pong", BROKEN)) from None
                pong = self.websocket.ping()

    def _receive(self, timeout_s: float) -> ServiceFrame:
        text = self.websocket.recv(timeout_s)
        try:
            frame = read_frame(text)
        except ValueError as error:
            shown = self.settings.excerpt(repr(text), _LONGEST_EXCERPT)
            raise Lost(Failure(f"the service sent something that is not a frame, {shown}: {error}", BROKEN)) from None
        if frame.kind is Kind.PING:
            self.websocket.send(PONG)
        return frame

    def _out_of_place(self, frame: ServiceFrame) -> Lost:
        shown = self.settings.excerpt(frame.type, _LONGEST_EXCERPT)
        return Lost(Failure(f"the service sent a frame of type `{shown}` out of place", BROKEN))


def _failure_of_close(error: ConnectionClosed, settings: Settings) -> Failure:
    if error.sent is not None and int(error.sent.code) == _TOO_LARGE_CODE and error.rcvd_then_sent is not True:
        return Failure(f"a message is larger than {settings.max_answer_bytes} bytes: {LARGER_ANSWERS}", BROKEN)
    if error.rcvd is None:
        return Failure("the connection broke", BROKEN)
    code, reason = int(error.rcvd.code), error.rcvd.reason
    said = f"code {code}" + (f", {reason}" if reason else "")
    if code in _KEY_REFUSED_CODES:
        return Failure(f"the API key is refused: {said}", KEY_IN_DOUBT, is_key_refused=True)
    return Failure(f"the service closed the connection: {said}", BROKEN)


def _failure_of_response(response: Response, settings: Settings, clock: Clock) -> Failure:
    headers = CaseInsensitiveDict(response.headers.raw_items())
    reply = Reply(response.status_code, headers, bytes(response.body or b""))
    if reply.status == HTTPStatus.OK:
        return Failure("the service answered HTTP 200 in place of a websocket; is the endpoint right?", REFUSED)
    found = told(reply, partial(read_answer, now=clock.utc_now()), settings)
    return found if isinstance(found, Failure) else Failure(f"the service answered HTTP {reply.status}", REFUSED)


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """How the service's certificate is checked: as ``verify`` says, and by default against what requests trusts.

    Returns:
        None where the endpoint is not secure.

    Raises:
        ArgumentError: the authorities that ``verify`` names cannot be read.
    """
    if urlsplit(settings.endpoint).scheme != "https":
        return None
    found = requests.Session().merge_environment_settings(settings.endpoint, {}, None, settings.verify, None)
    if not found["verify"]:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    trusted = Path(DEFAULT_CA_BUNDLE_PATH if found["verify"] is True else found["verify"])
    try:
        is_folder = trusted.is_dir()
        return ssl.create_default_context(
            cafile=None if is_folder else str(trusted), capath=str(trusted) if is_folder else None
        )
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ArgumentError(f"`verify`: no certificate authority can be read from `{trusted}`: {reason}") from error
