"""Access control of the sandbox: besides what every local server checks, each request must have the key."""

import hmac
import json
from collections.abc import Collection

from starlette.types import ASGIApp, Scope

from kili_query.protocol import authorization
from kili_query.sandbox.values import error_answer
from kili_query.serving import BODY_TIMEOUT_S, Gate, NotAdmitted

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Maximum size of a request, compressed and decompressed; the official client sends batches of at most 10 MB."""


def is_authorized(value: str | bytes | None, api_key: str) -> bool:
    """Return whether an ``Authorization`` value holds the key, compared in constant time.

    `Guard` checks HTTP requests. A websocket carries the key in the payload of its first message, ``connection_init``,
    so the handler of websockets checks it again.

    >>> is_authorized("X-API-Key: secret", "secret"), is_authorized("X-API-Key: other", "secret")
    (True, False)
    >>> is_authorized("secret", "secret"), is_authorized(None, "secret")
    (False, False)
    """
    given = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value or b""
    return hmac.compare_digest(given, authorization(api_key).encode())


class Guard(Gate):
    """The gate of the sandbox: refuses requests without the key with 401, and all in the form of GraphQL errors.

    Args:
        app: the application that answers.
        api_key: what ``Authorization`` must hold, after ``X-API-Key: ``.
        hosts: the names and addresses, without ports, by which the server may be called.
        max_body_bytes: the maximum size of a body, compressed and decompressed.
        body_timeout_s: seconds in which a body must arrive.
        open_prefix: paths with this prefix need no key, because they hold a token; none if empty.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        api_key: str,
        hosts: Collection[str],
        max_body_bytes: int = MAX_BODY_BYTES,
        body_timeout_s: float = BODY_TIMEOUT_S,
        open_prefix: str = "",
    ) -> None:
        super().__init__(app, hosts=hosts, max_body_bytes=max_body_bytes, body_timeout_s=body_timeout_s)
        self._api_key = api_key
        self._open_prefix = open_prefix

    def check(self, scope: Scope) -> None:
        """Check the key."""
        path: str = scope["path"]
        if self._open_prefix and path.startswith(self._open_prefix) and ".." not in path.split("/"):
            return
        match [value for name, value in scope["headers"] if name == b"authorization"]:
            case []:
                raise NotAdmitted(401, f"no API key: send the header `Authorization: {authorization('<key>')}`")
            case [value] if is_authorized(value, self._api_key):
                return
            case _:
                raise NotAdmitted(
                    401, f"wrong API key: `Authorization` must be `{authorization('')}` and the key of this sandbox"
                )

    def refusal(self, message: str) -> bytes:
        """Return a GraphQL error."""
        return errors_body(message)


def errors_body(message: str) -> bytes:
    """Return a GraphQL error as JSON."""
    return json.dumps(error_answer(message)).encode()
