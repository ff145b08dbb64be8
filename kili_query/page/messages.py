"""The five calls as messages, for workers and notebooks, which have no server; one more message asks for an image.

A message is ``{"id": …, "call": …, "request": {…}}``, its answer ``{"id": …, "status": …, "answer": {…}}``. The call
``image`` has the request ``{"url": …}``, a URL that another answer named; the bytes come beside the answer, which says
their type.
"""

import re
from collections.abc import Mapping
from typing import Any

from kili_query.page.calls import error_answer, respond
from kili_query.page.pictures import image_of
from kili_query.page.source import PageSource

Json = dict[str, Any]

_IMAGE = "image"
_URL = re.compile(r"media/(\d{1,15})")


def reply(source: PageSource, message: Mapping[str, object]) -> tuple[Json, bytes | None]:
    """Return the answer to a message, and the bytes of an image if that was asked for.

    >>> from kili_query.page.plain import PlainSource
    >>> reply(PlainSource.of([]), {"id": 1, "call": "format", "request": {"query": "J.A.count>3"}})
    ({'id': 1, 'status': 200, 'answer': {'query': 'J.A.count > 3'}}, None)
    """
    call, request = message.get("call"), message.get("request")
    if call == _IMAGE:
        status, answer, data = _image(source, request)
    else:
        status, answer = respond(source, str(call), request)
        data = None
    return {"id": message.get("id"), "status": status, "answer": answer}, data


def _image(source: PageSource, request: object) -> tuple[int, Json, bytes | None]:
    url = request.get("url") if isinstance(request, dict) else None
    named = _URL.fullmatch(url) if isinstance(url, str) else None
    found = None if named is None else image_of(source, int(named[1]))
    if found is None:
        return 404, error_answer("there is no such image"), None
    kind, data = found
    return 200, {"type": kind}, data
