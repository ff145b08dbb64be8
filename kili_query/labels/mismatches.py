"""What in a label is not as its interface says: found and told, never refused."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from typing import TypeAlias

from attrs import frozen

from kili_query.counting import REPEATED_FRAME, repeated_frame
from kili_query.errors import LabelError
from kili_query.labels.attributes import ANNOTATION_ATTRIBUTES, has_tool, is_single
from kili_query.labels.checks import VALUE_CHECKS, check_bounding_poly, check_percent, check_text, missing_name
from kili_query.labels.interface import child_jobs, root_jobs
from kili_query.labels.json_values import kind_of, path_text
from kili_query.labels.structure import is_framed, outside_frames
from kili_query.ontology import Job, Ontology
from kili_query.ontology.job import METADATA_JOBS

Path: TypeAlias = "tuple[Path, str | int] | None"
Kinds: TypeAlias = Mapping[str, tuple[type, str]]

_LIST, _OBJECT, _STRING = (list, "a list"), (dict, "an object"), (str, "a string")
_PAYLOAD_KINDS: Kinds = {
    "text": _STRING,
    "isKeyFrame": (bool, "true or false"),
    "choice": _OBJECT,
    "orders": _LIST,
    "fileId": _STRING,
    "fileName": _STRING,
    "fileMimeType": _STRING,
}
_ANNOTATION_KINDS: Kinds = {"polys": _LIST, "pageNumberArray": _LIST}
_POINT_KINDS: Kinds = {
    "code": _STRING,
    "mid": _STRING,
    "type": _STRING,
    "name": _STRING,
    "jobName": _STRING,
    "point": _OBJECT,
}


class MismatchKind(StrEnum):
    """What kind of problem it is."""

    UNKNOWN_JOB = "unknown job"
    MISPLACED_JOB = "misplaced job"
    UNKNOWN_CATEGORY = "unknown category"
    REPEATED_CATEGORY = "repeated category"
    TOO_MANY_CATEGORIES = "too many categories"
    UNKNOWN_TOOL = "unknown tool"
    BAD_VALUE = "bad value"
    MALFORMED = "malformed"


@frozen
class Mismatch:
    """One finding about a label.

    Attributes:
        kind: what is wrong.
        message: the same in words, with the names.
        path: where in the label, as ``jsonResponse.OBJECTS.annotations[0].categories[0]``.

    >>> str(Mismatch(MismatchKind.UNKNOWN_JOB, "no job `SKI`, did you mean `SKY`?", "jsonResponse.SKI"))
    'no job `SKI`, did you mean `SKY`? (at `jsonResponse.SKI`)'
    """

    kind: MismatchKind
    message: str
    path: str

    def __str__(self) -> str:
        return f"{self.message} (at `{self.path}`)"


def find_mismatches(response: object, ontology: Ontology, root: str) -> Iterator[Mismatch]:
    """All problems of a response, each map of jobs before those below it; ``root`` is the key it stands under.

    >>> interface = {"jobs": {"SKY": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": {
    ...     "BLUE": {"name": "Blue"}}}}}}
    >>> response = {"SKY": {"categories": [{"name": "GREEN"}]}}
    >>> [str(one) for one in find_mismatches(response, Ontology.from_json_interface(interface), "jsonResponse")]
    ['job `SKY` has no category `GREEN` (at `jsonResponse.SKY.categories[0].name`)']
    """
    search = _Search(ontology)
    top: Path = (None, root)
    if response is not None:
        yield from search.response(response, top)
    while search.below:  # a stack of our own, so that no label is too deep for Python's
        jobs, job, path = search.below.pop()
        yield from search.jobs(jobs, child_jobs(job, ontology), path, is_known=job is not None)


def _mismatch(kind: MismatchKind, message: str, path: Path) -> Mismatch:
    return Mismatch(kind, message, _text(path))


def _text(path: Path) -> str:
    steps: list[str | int] = []
    while path is not None:
        path, step = path
        steps.append(step)
    return path_text(reversed(steps))


def _malformed(expected: str, found: object, path: Path) -> Mismatch:
    return _mismatch(MismatchKind.MALFORMED, f"expected {expected}, found {kind_of(found)}", path)


def _checked(check: Callable[[object, str], None], value: object, path: Path) -> Iterator[Mismatch]:
    """What the check of a change says about a value that is there already."""
    try:
        check(value, "")
    except LabelError as error:
        yield Mismatch(MismatchKind.BAD_VALUE, error.message, _text(path) + error.path)
    except RecursionError:
        yield _mismatch(MismatchKind.MALFORMED, "nested too deep to be checked", path)


class _Search:
    """Goes through a label; ``below`` has the maps of child jobs that are still to be searched."""

    def __init__(self, ontology: Ontology) -> None:
        self.ontology = ontology
        self.below: list[tuple[object, Job | None, Path]] = []

    def response(self, response: object, path: Path) -> Iterator[Mismatch]:
        ontology = self.ontology
        listed = root_jobs(ontology)
        is_video = None if ontology.input_type is None else ontology.is_video
        if not isinstance(response, dict) or not is_framed(response, is_video=is_video):
            yield from self.jobs(response, listed, path)
            return
        outside = outside_frames(response)
        if (repeated := repeated_frame(response)) is not None:
            yield _mismatch(MismatchKind.MALFORMED, REPEATED_FRAME, (path, repeated))
        yield from self.jobs(outside, listed, path)
        for key, frame in response.items():
            if key not in outside and frame is not None:
                yield from self.jobs(frame, listed, (path, key))

    def jobs(self, jobs: object, listed: tuple[str, ...], path: Path, *, is_known: bool = True) -> Iterator[Mismatch]:
        if not isinstance(jobs, dict):
            yield _malformed("an object", jobs, path)
            return
        for name, payload in jobs.items():
            if name in METADATA_JOBS:
                continue
            at: Path = (path, name)
            job = self.ontology.jobs.get(name)
            if job is None:
                yield _mismatch(MismatchKind.UNKNOWN_JOB, missing_name("job", str(name), self.ontology.jobs), at)
            elif is_known and name not in listed:
                yield _mismatch(MismatchKind.MISPLACED_JOB, f"job `{name}` does not belong here", at)
            if payload is not None:
                yield from self.payload(payload, job, at)

    def payload(self, payload: object, job: Job | None, path: Path) -> Iterator[Mismatch]:
        if not isinstance(payload, dict):
            yield _malformed("an object", payload, path)
            return
        yield from self.categories(payload, job, path)
        text = payload.get("text")
        if isinstance(text, str) and job is not None:
            yield from _checked(partial(check_text, job), text, (path, "text"))
        yield from self.wrong_kinds(payload, _PAYLOAD_KINDS, path)
        self.push_children(payload, job, path)
        pending = [(payload, path)]
        while pending:  # annotations of PDF documents hold annotations
            holder, above = pending.pop()
            yield from self.wrong_list(holder, "annotations", above)
            for index, annotation in self.entries(holder, "annotations"):
                at: Path = ((above, "annotations"), index)
                if isinstance(annotation, dict):
                    yield from self.annotation(annotation, job, at)
                    pending.append((annotation, at))
                else:
                    yield _malformed("an object", annotation, at)

    def annotation(self, annotation: Mapping[str, object], job: Job | None, path: Path) -> Iterator[Mismatch]:
        yield from self.categories(annotation, job, path)
        tool = annotation.get("type")
        if job is not None and not has_tool(job, tool):
            yield _mismatch(MismatchKind.UNKNOWN_TOOL, f"job `{job.name}` has no tool `{tool}`", (path, "type"))
        for attribute, check in VALUE_CHECKS.items():
            key = ANNOTATION_ATTRIBUTES[attribute].key
            if annotation.get(key) is not None:
                yield from _checked(check, annotation[key], (path, key))
        if annotation.get("boundingPoly") is not None:
            check_rings = partial(check_bounding_poly, tool)
            yield from _checked(check_rings, annotation["boundingPoly"], (path, "boundingPoly"))
        yield from self.wrong_kinds(annotation, _ANNOTATION_KINDS, path)
        yield from self.points(annotation, job, path)
        self.push_children(annotation, job, path)

    def points(self, annotation: Mapping[str, object], job: Job | None, path: Path) -> Iterator[Mismatch]:
        yield from self.wrong_list(annotation, "points", path)
        for index, point in self.entries(annotation, "points"):
            at: Path = ((path, "points"), index)
            if not isinstance(point, dict):
                yield _malformed("an object", point, at)
                continue
            yield from self.wrong_kinds(point, _POINT_KINDS, at)
            yield from self.categories(point, job, at)
            self.push_children(point, job, at)

    def categories(self, holder: Mapping[str, object], job: Job | None, path: Path) -> Iterator[Mismatch]:
        at: Path = (path, "categories")
        seen: set[str] = set()
        for index, category in self.entries(holder, "categories"):
            where: Path = (at, index)
            if not isinstance(category, dict):
                yield _malformed("an object", category, where)
                continue
            yield from self.category(category, job, seen, where)
            self.push_children(category, job, where)
        if job is not None and is_single(job) and len(seen) > 1:
            yield _mismatch(MismatchKind.TOO_MANY_CATEGORIES, f"job `{job.name}` takes one category", at)
        yield from self.wrong_list(holder, "categories", path)

    def category(
        self, category: Mapping[str, object], job: Job | None, seen: set[str], path: Path
    ) -> Iterator[Mismatch]:
        name = category.get("name")
        at: Path = (path, "name")
        if not isinstance(name, str):
            yield _malformed("a string", name, at)
            return
        if job is not None and name not in job.categories:
            missing = missing_name("category", name, job.categories)
            yield _mismatch(MismatchKind.UNKNOWN_CATEGORY, f"job `{job.name}` has {missing}", at)
        if name in seen:
            yield _mismatch(MismatchKind.REPEATED_CATEGORY, f"category `{name}` is there twice", at)
        seen.add(name)
        if category.get("confidence") is not None:
            yield from _checked(check_percent, category["confidence"], (path, "confidence"))

    def push_children(self, holder: Mapping[str, object], job: Job | None, path: Path) -> None:
        if holder.get("children") is not None:
            self.below.append((holder["children"], job, (path, "children")))

    def entries(self, holder: Mapping[str, object], key: str) -> Iterator[tuple[int, object]]:
        listed = holder.get(key)
        return enumerate(listed) if isinstance(listed, list) else iter(())

    def wrong_kinds(self, holder: Mapping[str, object], kinds: Kinds, path: Path) -> Iterator[Mismatch]:
        for key, (kind, expected) in kinds.items():
            if holder.get(key) is not None and not isinstance(holder[key], kind):
                yield _malformed(expected, holder[key], (path, key))

    def wrong_list(self, holder: Mapping[str, object], key: str, path: Path) -> Iterator[Mismatch]:
        if holder.get(key) is not None and not isinstance(holder[key], list):
            yield _malformed("a list", holder[key], (path, key))
