"""Rules for changes. A check raises `InvalidMutationError` with the path of the fault, and changes nothing."""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import Any, TypeGuard

from kili_query.labels.attributes import ANNOTATION_ATTRIBUTES, can_have, has_tool, is_single
from kili_query.labels.errors import InvalidMutationError
from kili_query.labels.interface import child_jobs
from kili_query.labels.json_values import kind_of, path_text
from kili_query.ontology import Job, Ontology
from kili_query.ontology.did_you_mean import nearest
from kili_query.ontology.job import METADATA_JOBS

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_RECTANGLE_VERTICES = 4
_POLYGON_VERTICES = 3
_PERCENT = 100
_WITHOUT_ANNOTATIONS = frozenset({"CLASSIFICATION", "TRANSCRIPTION", "COMPARISON", "RANKING", "FILE"})


def missing_name(what: str, name: str, names: Collection[str]) -> str:
    """The message for a name that is none of those there are."""
    near = nearest(name, names)
    return f"no {what} `{name}`" + (f", did you mean `{near}`?" if near is not None else "")


def known_job(job: Job | None, path: str) -> Job:
    """The job, where the interface has it."""
    if job is None:
        raise InvalidMutationError("the interface has no such job, so its answers can be read but not changed", path)
    return job


def check_categories(job: Job, names: Collection[object], path: str) -> None:
    """The categories of one answer or annotation: known ones, each once, and not more than the input takes."""
    seen: set[str] = set()
    for name in names:
        if not isinstance(name, str):
            raise InvalidMutationError(f"a category is named by a string, not by {kind_of(name)}", path)
        if name not in job.categories:
            missing = missing_name("category", name, job.categories)
            raise InvalidMutationError(f"job `{job.name}` has {missing}", path)
        if name in seen:
            raise InvalidMutationError(f"category `{name}` is there already", path)
        seen.add(name)
    if is_single(job) and len(seen) > 1:
        raise InvalidMutationError(f"job `{job.name}` takes one category (its input is `{job.input}`)", path)


def check_confidence(value: object, path: str) -> None:
    """A number; mostly from 0 to 100, but some models have their own scales."""
    if not _is_number(value):
        raise InvalidMutationError("expected a number", path)


def check_percent(value: object, path: str) -> None:
    """From 0 to 100."""
    if not _is_number(value) or not 0 <= value <= _PERCENT:
        raise InvalidMutationError("expected a number from 0 to 100", path)


def check_text(job: Job, value: object, path: str) -> None:
    """A transcription: for the inputs `date` and `number` the text of one, as in 2024-06-30 and -1.5."""
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
    """The vertices of a ring, or of the list of rings of a PDF: four for a rectangle, three or more for a polygon."""
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
        raise InvalidMutationError(f"a polygon has 3 vertices at least, not {size}", path)


def check_bounding_poly(tool: object, value: object, path: str, *, first: int = 0) -> None:
    """A list of rings; ``first`` is the index of its first one in the label."""
    for index, poly in enumerate(_items(value, path), start=first):
        at = f"{path}[{index}]"
        if isinstance(poly, list | tuple):  # an object in several parts, each with rings of its own
            check_bounding_poly(tool, poly, at)
            continue
        ring = _object(poly, at)
        if "normalizedVertices" not in ring:
            raise InvalidMutationError("`normalizedVertices` is missing", at)
        check_rings(ring["normalizedVertices"], tool, f"{at}.normalizedVertices")


def has_annotations(job: Job) -> bool:
    """Whether answers to a job are annotations."""
    return job.ml_task not in _WITHOUT_ANNOTATIONS


def check_annotation(job: Job, annotation: Mapping[str, object], ontology: Ontology, path: str) -> None:
    """An annotation that shall be added to a job."""
    if not has_annotations(job):
        raise InvalidMutationError(f"job `{job.name}` is of task {job.ml_task}, it has no annotations", path)
    if not annotation:
        raise InvalidMutationError("an annotation cannot be empty", path)
    tool = annotation.get("type")
    _check_tool(job, tool, path)
    for attribute, key, value in _held(annotation):
        if not can_have(attribute, job, tool, is_pdf=True):
            drawn = "" if tool is None else f" drawn as `{tool}`"
            raise InvalidMutationError(f"an annotation of job `{job.name}`{drawn} has no `{key}`", f"{path}.{key}")
        if (check := VALUE_CHECKS.get(attribute)) is not None:
            check(value, f"{path}.{key}")
    _check_parts(job, annotation, ontology, tool, path)


def _held(annotation: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    for attribute, row in ANNOTATION_ATTRIBUTES.items():
        if annotation.get(row.key) is not None:
            yield attribute, row.key, annotation[row.key]


def _check_tool(job: Job, tool: object, path: str) -> None:
    if not has_tool(job, tool):
        allowed = ", ".join(f"`{one}`" for one in job.tools)
        raise InvalidMutationError(f"job `{job.name}` has no tool `{tool}`, but {allowed}", f"{path}.type")


def _check_parts(job: Job, annotation: Mapping[str, object], ontology: Ontology, tool: object, path: str) -> None:
    begin, end = annotation.get("beginOffset"), annotation.get("endOffset")
    if isinstance(begin, int) and isinstance(end, int) and end < begin:
        raise InvalidMutationError("the entity ends before it begins", f"{path}.endOffset")
    if (categories := annotation.get("categories")) is not None:
        _check_category_entries(job, categories, ontology, f"{path}.categories")
    if (polys := annotation.get("boundingPoly")) is not None:
        check_bounding_poly(tool, polys, f"{path}.boundingPoly")
    if (children := annotation.get("children")) is not None:
        check_children(job, children, ontology, f"{path}.children")


def _check_category_entries(job: Job, value: object, ontology: Ontology, path: str) -> None:
    names: list[object] = []
    for index, item in enumerate(_items(value, path)):
        at = f"{path}[{index}]"
        entry = _object(item, at)
        if entry.get("confidence") is not None:
            check_confidence(entry["confidence"], f"{at}.confidence")
        if entry.get("children") is not None:
            check_children(job, entry["children"], ontology, f"{at}.children")
        names.append(entry.get("name"))
    check_categories(job, names, path)


def check_children(job: Job, value: object, ontology: Ontology, path: str) -> None:
    """The child jobs below an answer to a job: those that the job lists, each with an answer of its kind."""
    value = _object(value, path)
    allowed = child_jobs(job, ontology)
    for name, payload in value.items():
        at = path_text((name,), path)
        if not isinstance(name, str) or (name not in allowed and name not in METADATA_JOBS):
            missing = missing_name("child job", str(name), allowed)
            raise InvalidMutationError(f"job `{job.name}` has {missing}", at)
        if name in allowed and payload is not None:
            _check_payload(ontology.jobs[name], payload, ontology, at)


def _check_payload(job: Job, payload: object, ontology: Ontology, path: str) -> None:
    payload = _object(payload, path)
    if payload.get("categories") is not None:
        _check_category_entries(job, payload["categories"], ontology, f"{path}.categories")
    if payload.get("text") is not None:
        check_text(job, payload["text"], f"{path}.text")
    if payload.get("annotations"):
        for index, annotation in enumerate(_items(payload["annotations"], f"{path}.annotations")):
            at = f"{path}.annotations[{index}]"
            check_annotation(job, _object(annotation, at), ontology, at)
    if payload.get("children") is not None:
        check_children(job, payload["children"], ontology, f"{path}.children")
