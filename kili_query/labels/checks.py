"""Check single values of a label. A check raises `InvalidMutationError` with the path of the fault."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, TypeGuard

from kili_query.labels.errors import InvalidMutationError
from kili_query.near_names import nearest
from kili_query.ontology import Job
from kili_query.ontology.decode import kind_of

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_RECTANGLE_VERTICES = 4
_POLYGON_VERTICES = 3
_PERCENT = 100


def missing_name(what: str, name: str, names: Collection[str]) -> str:
    """Return the message for a name that is not among the known ones."""
    near = nearest(name, names)
    return f"no {what} `{name}`" + (f", did you mean `{near}`?" if near is not None else "")


def known_job(job: Job | None, path: str) -> Job:
    """Return the job, if the interface has it."""
    if job is None:
        raise InvalidMutationError("the interface has no such job, so its answers can be read but not changed", path)
    return job


def check_category(job: Job, name: object, path: str) -> None:
    """Check that a job has a category."""
    if not isinstance(name, str):
        raise InvalidMutationError(f"the name of a category must be a string, not {kind_of(name)}", path)
    if name not in job.categories:
        raise InvalidMutationError(f"job `{job.name}` has {missing_name('category', name, job.categories)}", path)


def check_confidence(value: object, path: str) -> None:
    """Check that a value is a number; most are from 0 to 100, but some models have their own scales."""
    if not _is_number(value):
        raise InvalidMutationError("expected a number", path)


def check_percent(value: object, path: str) -> None:
    """Check that a value is a number from 0 to 100."""
    if not _is_number(value) or not 0 <= value <= _PERCENT:
        raise InvalidMutationError("expected a number from 0 to 100", path)


def check_text(job: Job, value: object, path: str) -> None:
    """Check a transcription: for the inputs `date` and `number` it must be one, as in 2024-06-30 and -1.5."""
    if not isinstance(value, str):
        raise InvalidMutationError(f"expected a string, found {kind_of(value)}", path)
    if job.input == "number" and _NUMBER.fullmatch(value) is None:
        raise InvalidMutationError(f"job `{job.name}` takes a number, not `{value}`", path)
    if job.input == "date" and not _is_date(value):
        raise InvalidMutationError(f"job `{job.name}` takes a date as YYYY-MM-DD, not `{value}`", path)


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _expect(is_right: bool, expected: str, value: object, path: str) -> None:
    if not is_right:
        raise InvalidMutationError(f"expected {expected}, found {kind_of(value)}", path)


def _check_string(value: object, path: str) -> None:
    _expect(isinstance(value, str), "a string", value, path)


def _check_flag(value: object, path: str) -> None:
    _expect(isinstance(value, bool), "true or false", value, path)


def _check_mid(value: object, path: str) -> None:
    _check_string(value, path)
    if not value:
        raise InvalidMutationError("an id cannot be empty", path)


def _check_offset(value: object, path: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidMutationError("expected a whole number, 0 or more", path)


def _check_point(value: object, path: str) -> None:
    value = _object(value, path)
    for axis in ("x", "y"):
        if not _is_number(value.get(axis)):
            raise InvalidMutationError(f"a point needs a number `{axis}`", path)


def _check_points(value: object, path: str) -> None:
    for index, point in enumerate(_items(value, path)):
        _check_point(point, f"{path}[{index}]")


def _check_references(value: object, path: str) -> None:
    for index, entry in enumerate(_items(value, path)):
        at = f"{path}[{index}]"
        _check_mid(_object(entry, at).get("mid"), f"{at}.mid")


def _object(value: object, path: str) -> Mapping[Any, object]:
    _expect(isinstance(value, Mapping), "an object", value, path)
    assert isinstance(value, Mapping)
    return value


def _items(value: object, path: str) -> list[object] | tuple[object, ...]:
    _expect(isinstance(value, list | tuple), "a list", value, path)
    assert isinstance(value, list | tuple)
    return value


VALUE_CHECKS: Mapping[str, Callable[[object, str], None]] = {
    "mid": _check_mid,
    "type": _check_string,
    "kind": _check_string,
    "content": _check_string,
    "begin_offset": _check_offset,
    "end_offset": _check_offset,
    "score": check_percent,
    "is_key_frame": _check_flag,
    "point": _check_point,
    "polyline": _check_points,
    "start_entities": _check_references,
    "end_entities": _check_references,
    "start_objects": _check_references,
    "end_objects": _check_references,
}
"""For the attributes of an annotation that hold a plain value."""


def check_rings(value: object, tool: object, path: str) -> None:
    """Check the vertices of a ring, or of each ring of a PDF: four for a rectangle, three or more for a polygon."""
    items = _items(value, path)
    if items and isinstance(items[0], list | tuple):
        for index, ring in enumerate(items):
            _check_ring(ring, tool, f"{path}[{index}]")
    else:
        _check_ring(items, tool, path)


def _check_ring(value: object, tool: object, path: str) -> None:
    _check_points(value, path)
    size = len(_items(value, path))
    if tool == "rectangle" and size != _RECTANGLE_VERTICES:
        raise InvalidMutationError(f"a rectangle has 4 vertices, not {size}", path)
    if tool == "polygon" and size < _POLYGON_VERTICES:
        raise InvalidMutationError(f"a polygon has at least 3 vertices, not {size}", path)


def check_bounding_poly(tool: object, value: object, path: str, *, first: int = 0) -> None:
    """Check a list of rings; ``first`` is the index of its first one in the label."""
    for index, poly in enumerate(_items(value, path), start=first):
        at = f"{path}[{index}]"
        if isinstance(poly, list | tuple):  # an object in several parts, each with rings of its own
            check_bounding_poly(tool, poly, at)
            continue
        ring = _object(poly, at)
        if "normalizedVertices" not in ring:
            raise InvalidMutationError("`normalizedVertices` is missing", at)
        check_rings(ring["normalizedVertices"], tool, f"{at}.normalizedVertices")
