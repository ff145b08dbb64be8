"""The check at the start of a client: the key is accepted, and does not expire soon."""

import logging
import math
from collections.abc import Callable
from datetime import UTC, datetime

from kili_query.client.request import Request, Service
from kili_query.client.settings import Settings
from kili_query.client.warning import warn
from kili_query.errors import AuthenticationFailed, GraphQLError, ServiceError
from kili_query.protocol import API_KEYS, ME, read_instant

CHECK_TIMEOUT_S = 15.0
WARNED_BEFORE_DAYS = 30
_LONGEST_EXCERPT = 60

_log = logging.getLogger("kili_query.client")


def check_key(
    service: Service,
    settings: Settings,
    *,
    utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    timeout_s: float = CHECK_TIMEOUT_S,
) -> None:
    """Check that the service accepts the key, and warn if it expires soon.

    This takes two calls, `me` and `apiKeys`; none with ``KILI_SDK_SKIP_CHECKS``. If the expiry is unknown, this is only
    logged, because it keeps nobody from working.

    Args:
        service: the service.
        settings: the key, and whether it is checked.
        utc_now: the date and time.
        timeout_s: seconds that each call waits for its answer, at most 15.

    Raises:
        AuthenticationFailed: the service does not accept the key.
        TransportError: the service cannot be reached.
    """
    if settings.skips_checks:
        return
    timeout_s = min(timeout_s, CHECK_TIMEOUT_S)
    try:
        owner = service.ask(Request(ME, timeout_s=timeout_s))
    except GraphQLError as error:
        message = f"the service does not accept the API key: {error.message}"
        raise AuthenticationFailed(message, operation=error.operation, request_id=error.request_id) from error
    if not (isinstance(owner, dict) and _is_text(owner.get("id")) and _is_text(owner.get("email"))):
        raise AuthenticationFailed("the service does not say whose the API key is", operation=ME.name)
    expiry = _expiry(service, settings, timeout_s)
    if expiry is not None:
        _warn_of_expiry(expiry, utc_now())


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _expiry(service: Service, settings: Settings, timeout_s: float) -> datetime | None:
    """Return when the key expires; None if it does not, or the service does not say."""
    variables = {"where": {"key": settings.api_key}, "first": 1, "skip": 0}
    try:
        keys = service.ask(Request(API_KEYS, variables, timeout_s=timeout_s))
    except ServiceError as error:
        _log.warning("when the API key expires cannot be told: %s", error)
        return None
    first = keys[0] if isinstance(keys, list) and keys else None
    text = first.get("expiryDate") if isinstance(first, dict) else None
    if not isinstance(text, str):
        return None
    try:
        return read_instant(text)
    except ValueError:
        _log.warning(
            "when the API key expires cannot be told: its expiry is `%s`", settings.excerpt(text, _LONGEST_EXCERPT)
        )
        return None


def _warn_of_expiry(expiry: datetime, now: datetime) -> None:
    days = (expiry - now).total_seconds() / 86_400
    if days >= WARNED_BEFORE_DAYS:
        return
    date = expiry.astimezone(UTC).date().isoformat()
    left = f"expires on {date}, in {math.ceil(days)} days" if days > 0 else f"expired on {date}"
    warn(f"the API key {left}: make a new one in the settings of your account")
