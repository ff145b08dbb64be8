"""From a label, as a document or in memory, to its content."""

import json
from collections.abc import Mapping

from kili_query.conversations import ANNOTATIONS, holds_answers, rebuilt
from kili_query.errors import UnknownContentError

CONTENT = "jsonResponse"
"""The field of a label that holds its content."""

_ANSWERS = ("annotations", "categories", "text")
_FIELDS_OF_ASSETS = ("externalId", "jsonContent", "jsonMetadata")
_FIELDS_OF_LABELS = ("labelOf", "labelType", "assetId")

LOOKS_LIKE_ASSET = "this looks like an asset without labels"
_LOOKS_LIKE_COCO = "this looks like COCO: a stream of it is read if its format is named (`--from coco`)"
LOOKS_LIKE_CONTENT = "this looks like the content of a label, without the label"


def content_of(label: dict[str, object], at: str = "jsonResponse") -> object:
    """The content of a label, decoded where it is JSON text.

    Where it is empty or missing and there are ``annotations`` beside ``jsonResponse``, as in some conversations, these
    tell it.

    Args:
        label: the label.
        at: the field that holds the content; empty when the label is the content.

    Raises:
        UnknownContentError: there is none, it is text that is not JSON, or it is in annotations that cannot be read.

    >>> content_of({"id": "a", "jsonResponse": '{"J": {"categories": []}}'})
    {'J': {'categories': []}}
    """
    if not at:
        return label
    if at != CONTENT or not holds_answers(label) or _is_coco(label):
        return _stored(label, at)
    try:
        content = _stored(label, at)
    except UnknownContentError:
        content = {}
    return rebuilt(label[ANNOTATIONS]) if content == {} else content


def _stored(label: dict[str, object], at: str) -> object:
    content = label.get(at)
    if content is None:
        if at in label:
            raise UnknownContentError(f"`{at}` is null")
        looks = mistaken_for_label(label)
        advice = ", which an empty `at` reads" if LOOKS_LIKE_CONTENT in looks else ""
        raise UnknownContentError(f"no `{at}`{looks}{advice}")
    if not isinstance(content, str):
        return content
    if not content or content.isspace():
        raise UnknownContentError(f"`{at}` is an empty text")
    try:
        decoded: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnknownContentError(f"`{at}` is text that is {reason_not_json(error)}") from error
    if decoded is None:
        raise UnknownContentError(f"`{at}` is null")
    return decoded


def mistaken_for_label(label: Mapping[str, object]) -> str:
    """Name what was probably given instead of a label, after a colon; empty if unclear.

    >>> mistaken_for_label({"id": "a", "externalId": "a.png", "content": "a.png"})
    ': this looks like an asset without labels'
    >>> mistaken_for_label({"id": "a", "labelType": "DEFAULT"})
    ''
    >>> mistaken_for_label({"images": [], "annotations": [], "categories": []})
    ': this looks like COCO: a stream of it is read if its format is named (`--from coco`)'
    """
    if _is_coco(label):
        return f": {_LOOKS_LIKE_COCO}"
    if any(field in label for field in _FIELDS_OF_ASSETS) and not any(field in label for field in _FIELDS_OF_LABELS):
        return f": {LOOKS_LIKE_ASSET}"
    responses = list(label.values())
    is_content = all(isinstance(one, dict) for one in responses) and any(
        field in job
        for one in responses
        if isinstance(one, dict)
        for job in (one, *one.values())  # in a video, frames hold the jobs
        if isinstance(job, dict)
        for field in _ANSWERS
    )
    return f": {LOOKS_LIKE_CONTENT}" if is_content else ""


def _is_coco(label: Mapping[str, object]) -> bool:
    return CONTENT not in label and "images" in label and "categories" in label


def reason_not_json(error: ValueError | RecursionError) -> str:
    """Why a text is no JSON, from the error that decoding it raised."""
    match error:
        case json.JSONDecodeError():
            return f"not JSON: {error.msg.lower().rstrip(':')} (at character {error.pos + 1})"
        case UnicodeDecodeError():
            return f"not UTF-8: {error.reason} (at byte {error.start + 1})"
        case RecursionError():
            return "nested too deep to be read"
        case _:
            return "a number too long to be read"
