"""Reading HTTP answers: the value that was asked for, or the error, in the service's own words."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import cast

from attrs import evolve, field, frozen
from requests.structures import CaseInsensitiveDict

from kili_query.client.retries import (
    BROKEN,
    FAULTY,
    KEY_IN_DOUBT,
    REFUSED,
    TRANSIENT,
    UNUSABLE,
    Failure,
    Success,
    Treatment,
    retry_after_s,
    treatment_of_status,
)
from kili_query.client.settings import Settings
from kili_query.protocol import decode_body
from kili_query.wording import shortened

_LONGEST_EXCERPT = 300
_LONGEST_PAGE = 20 * _LONGEST_EXCERPT
_DEEPEST_ERROR = 40
_PASSING_MESSAGES = ("Invalid request made to Flagsmith API", "Failed to fetch data connection")
"""GraphQL errors of the service that are gone when the call is sent again."""


@frozen
class Reply:
    """An HTTP answer that arrived whole.

    Attributes:
        status: the HTTP status.
        headers: the headers, found whatever their case.
        body: the body, no longer compressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def read_answer(reply: Reply, now: datetime, *, is_key_known: bool = False) -> Success | Failure:
    """The value of the root field, which every operation names ``data``.

    Args:
        reply: the answer to a GraphQL call.
        now: the date and time.
        is_key_known: the service accepted the key before.

    >>> from datetime import UTC
    >>> read_answer(Reply(200, {}, b'{"data": {"data": 3}}'), datetime.now(UTC))
    Success(value=3)
    """
    if reply.status == HTTPStatus.UNAUTHORIZED:
        treatment = KEY_IN_DOUBT if is_key_known else REFUSED
        return _failure(reply, f"the API key is refused: {_said(reply)}", treatment, now, is_key_refused=True)
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or _is_redirect(reply):
        return _failure_of_status(reply, now)
    answer = _object(reply.body)
    if errors := _errors(answer):
        return _refusal(reply, errors, answer, now)
    if reply.status >= HTTPStatus.BAD_REQUEST:
        return _failure_of_status(reply, now)
    if answer is None or "data" not in answer:
        return _failure(reply, f"the answer is not a GraphQL answer: {_excerpt(reply)}", BROKEN, now)
    data = answer["data"]
    if not isinstance(data, dict) or data.get("data") is None:
        return _failure(reply, "the answer holds neither a value nor an error", UNUSABLE, now)
    return Success(data["data"])


def read_payload(reply: Reply, now: datetime) -> Success | Failure:
    """The JSON value of a plain answer, such as the content of a label."""
    if reply.status != HTTPStatus.OK:
        return _failure_of_status(reply, now)
    try:
        return Success(decode_body(reply.body))
    except ValueError as error:
        return _failure(reply, f"the answer is not JSON: {error}", BROKEN, now)


def read_errors(errors: object, now: datetime) -> Failure:
    """Return the text of GraphQL errors that came without data, in whatever shape."""
    found = _errors({"errors": errors})
    return _refusal(Reply(HTTPStatus.OK, {}, b""), found, None, now)


def told(reply: Reply, read: Callable[[Reply], Success | Failure], settings: Settings) -> Success | Failure:
    """Return what an answer means, in words that never contain the key, even if the service repeated it.

    The key is removed before excerpts are cut, because a cut in the middle of the key would leave a part of it. How a
    failure is handled depends on the original answer.
    """
    outcome = read(reply)
    if isinstance(outcome, Success):
        return outcome
    headers = CaseInsensitiveDict({name: settings.redacted(value) for name, value in reply.headers.items()})
    body = settings.redacted(reply.body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    again = read(Reply(reply.status, headers, body))
    message = outcome.message if isinstance(again, Success) else again.message
    return without_key(evolve(outcome, message=message), settings)


def without_key(failure: Failure, settings: Settings) -> Failure:
    """A failure whose message and errors do not hold the key."""
    errors = cast("list[Mapping[str, object]]", _mapped(list(failure.errors), settings.redacted))
    return evolve(failure, message=settings.redacted(failure.message), errors=tuple(errors))


def without_secrets(url: str) -> str:
    """A URL as messages show it: without its query, which may sign it, and without a user's password.

    >>> without_secrets("https://ann:secret@files.example/a.json?signature=secret")
    'https://files.example/a.json'
    """
    return re.sub(r"//[^/\\]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0], count=1)


def is_graphql(body: bytes) -> bool:
    """Whether a body is an answer of a GraphQL server, be it an error."""
    answer = _object(body)
    return answer is not None and ("data" in answer or "errors" in answer)


def _object(body: bytes) -> dict[str, object] | None:
    try:
        value = decode_body(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _errors(answer: Mapping[str, object] | None) -> tuple[Mapping[str, object], ...]:
    """The errors of an answer, each an object with a message, whatever shape they came in."""
    errors = (answer or {}).get("errors")
    listed = errors if isinstance(errors, list) else [errors] if errors else []
    # INVARIANT: errors are shallow from here on, whoever writes, pickles or walks them
    return tuple(_with_message(_mapped(error, str)) for error in listed)


def _mapped(value: object, change: Callable[[str], str], levels: int = _DEEPEST_ERROR) -> object:
    """A JSON value with its texts changed, and without what is nested deeper than errors are."""
    match value:
        case str():
            return change(value)
        case list() | dict() if not levels:
            return "[nested too deep]"
        case list():
            return [_mapped(item, change, levels - 1) for item in value]
        case dict():
            return {change(str(name)): _mapped(item, change, levels - 1) for name, item in value.items()}
        case _:
            return value


def _with_message(error: object) -> Mapping[str, object]:
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return error
    rest = error if isinstance(error, dict) else {}
    return {**rest, "message": error if isinstance(error, str) else json.dumps(error)}


def _refusal(
    reply: Reply, errors: tuple[Mapping[str, object], ...], answer: Mapping[str, object] | None, now: datetime
) -> Failure:
    if reply.status > HTTPStatus.BAD_REQUEST:
        return _failure_of_status(reply, now)
    message = _message(errors)
    data = (answer or {}).get("data")
    if isinstance(data, dict) and data.get("data") is not None:
        # a value beside the errors: a query is not whole, and of a mutation something was carried out
        return _failure(reply, f"the service answered in part: {message}", FAULTY, now, errors=errors)
    passes = any(words in str(error["message"]) for error in errors for words in _PASSING_MESSAGES)
    return _failure(reply, message, TRANSIENT if passes else REFUSED, now, errors=errors)


def _failure_of_status(reply: Reply, now: datetime) -> Failure:
    text = reply.body.decode("utf-8", "replace")
    treatment = treatment_of_status(reply.status, text)
    return _failure(reply, _of_status(reply), treatment, now, errors=_errors(_object(reply.body)))


def _of_status(reply: Reply) -> str:
    if _is_redirect(reply):
        target = without_secrets(reply.headers.get("Location", "nowhere"))
        return f"the service answered HTTP {reply.status}: it redirects to `{target}`, where nothing is sent unasked"
    hint = "; is the endpoint right?" if reply.status == HTTPStatus.NOT_FOUND else ""
    return f"the service answered HTTP {reply.status}: {_said(reply)}{hint}"


def _is_redirect(reply: Reply) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST


def _failure(
    reply: Reply,
    message: str,
    treatment: Treatment,
    now: datetime,
    *,
    errors: tuple[Mapping[str, object], ...] = (),
    is_key_refused: bool = False,
) -> Failure:
    wait_s = retry_after_s(reply.headers.get("Retry-After"), now)
    return Failure(message, treatment, reply.status, errors, is_key_refused, wait_s)


def _message(errors: tuple[Mapping[str, object], ...]) -> str:
    rest = len(errors) - 1
    return str(errors[0]["message"]) + (f" (and {rest} more)" if rest else "")


def _said(reply: Reply) -> str:
    """Return the service's message about a failure: that of GraphQL, else the text of the page."""
    errors = _errors(_object(reply.body))
    return _message(errors) if errors else _excerpt(reply)


def _excerpt(reply: Reply) -> str:
    """The beginning of a body as one line, without the markup of a page."""
    start = reply.body[:_LONGEST_PAGE].decode("utf-8", "replace")
    visible = re.sub(r"(?is)<(script|style)\b.*?(</\1>|$)|<[^>]*>", " ", start)
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in visible).split())
    if not line:
        return _reason(reply.status) or "it says nothing"
    return shortened(line, _LONGEST_EXCERPT + 1)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
