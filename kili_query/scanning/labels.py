"""From a JSON text to the labels in it."""

import json
from collections.abc import Callable, Iterator

from kili_query.counting.label import reason_not_json
from kili_query.places import Place, Problem, ProblemKind, Record
from kili_query.scanning.split import JsonText

LABEL_FIELDS = ("latestLabel", "latestLabels", "labels")
"""The fields of an asset, in a raw export, that hold its labels."""


LOOKS_LIKE_PROJECT = "not a label: it looks like a project"


def _read_strictly(data: bytes) -> object:
    value: object = json.loads(str(data, "utf-8"))  # given bytes, it would guess their encoding
    return value


def decode(text: JsonText, read: Callable[[bytes], object] = _read_strictly) -> object:
    """Return the JSON value, or the problem with it.

    As in the official client, ``NaN`` and ``Infinity`` are read, and of a key given twice the last counts.

    Args:
        text: what should be JSON.
        read: gives the value; may raise what `json.loads` does.
    """
    try:
        return read(text.data)
    except (ValueError, RecursionError) as error:
        return Problem(text.place, ProblemKind.BROKEN, reason_not_json(error))


def is_project(value: dict[str, object]) -> bool:
    """Whether a JSON object is a project or its interface, which people take for labels by mistake.

    >>> is_project({"id": "p", "jsonInterface": {"jobs": {}}}), is_project({"jobs": {"J": {"mlTask": "COMPARISON"}}})
    (True, True)
    >>> is_project({"jobs": {"categories": [{"name": "A"}]}})  # a content with a job of that name
    False
    """
    if "jsonInterface" in value:
        return True
    jobs = value.get("jobs")
    return isinstance(jobs, dict) and any(isinstance(job, dict) and "mlTask" in job for job in jobs.values())


def mistaken_asset(value: dict[str, object]) -> str | None:
    """Return what a value is that was given as an asset but is not one, in words; None for what may be one.

    >>> mistaken_asset({"id": "l", "jsonResponse": {}}), mistaken_asset({"jobs": {}, "jsonInterface": {}})
    ('labels', 'a project')
    >>> mistaken_asset({"id": "a", "externalId": "a.png"})
    """
    if is_project(value):
        return "a project"
    return "labels" if "jsonResponse" in value and not any(field in value for field in LABEL_FIELDS) else None


def labels_in(value: object, place: Place, at: str = "jsonResponse") -> Iterator[Record | Problem]:
    """Return the labels in a JSON value: itself, or those of an asset as a raw export holds it.

    Args:
        value: a label has the field ``at``; an asset has one of ``latestLabel``, ``latestLabels``, ``labels``.
        place: where the value stands.
        at: the field of a label that holds its content; empty when the value is the content.
    """
    if not isinstance(value, dict):
        yield Problem(place, ProblemKind.BROKEN, "not a label: it must be a JSON object")
    elif at and at not in value and is_project(value):
        yield Problem(place, ProblemKind.BROKEN, LOOKS_LIKE_PROJECT)
    elif not at or at in value or not any(field in value for field in LABEL_FIELDS):
        yield Record(value, place)
    else:
        owner = {key: value[key] for key in ("id", "externalId") if key in value}
        for one in labels_of_asset(value, place):
            yield one if isinstance(one, Problem) else Record({"labelOf": owner, **one.label}, one.place)


def labels_of_asset(asset: dict[str, object], place: Place) -> Iterator[Record | Problem]:
    """Return the labels in the fields of an asset, each once, as they stand there."""
    given: list[object] = []
    for field in LABEL_FIELDS:
        if field not in asset:
            continue
        entries = _entries(asset[field], place, field)
        for label, here in entries:
            if not isinstance(label, dict):
                yield Problem(here, ProblemKind.BROKEN, "not a label: it must be a JSON object")
            elif _identity(label) not in given:  # the latest label may stand among all labels once more
                yield Record(label, here)
        given += [_identity(label) for label, _ in entries]


def _entries(value: object, place: Place, field: str) -> list[tuple[object, Place]]:
    """Return the labels in a field of an asset; null stands for none, here or at one step."""
    path = f"{place.path}.{field}" if place.path else field
    if not isinstance(value, list):
        return [] if value is None else [(value, Place(place.file, place.line, path))]
    listed = enumerate(value)
    return [(label, Place(place.file, place.line, f"{path}[{index}]")) for index, label in listed if label is not None]


def _identity(label: object) -> object:
    return label.get("id", label) if isinstance(label, dict) else label
