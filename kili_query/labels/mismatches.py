"""Find what in a label does not match its interface: reported in labels as they are, refused in changes to them."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from typing import TypeAlias

from attrs import frozen

from kili_query.counting import REPEATED_FRAME, repeated_frame
from kili_query.errors import LabelError
from kili_query.labels.checks import (
    VALUE_CHECKS,
    check_bounding_poly,
    check_confidence,
    check_percent,
    check_text,
    missing_name,
)
from kili_query.labels.errors import InvalidMutationError
from kili_query.labels.interface import (
    ANNOTATION_ATTRIBUTES,
    can_have,
    child_jobs,
    has_annotations,
    has_tool,
    is_single,
    root_jobs,
)
from kili_query.labels.json_values import path_text
from kili_query.labels.structure import is_framed, outside_frames
from kili_query.ontology import Job, Ontology
from kili_query.ontology.decode import kind_of
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
    """The kinds of mismatch."""

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


def find_mismatches(response: object, ontology: Ontology, root: str) -> list[Mismatch]:
    """Find all mismatches of a response, each map of jobs before those below it; ``root`` is the key it stands under.

    >>> interface = {"jobs": {"SKY": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": {
    ...     "BLUE": {"name": "Blue"}}}}}}
    >>> response = {"SKY": {"categories": [{"name": "GREEN"}]}}
    >>> [str(one) for one in find_mismatches(response, Ontology.from_json_interface(interface), "jsonResponse")]
    ['job `SKY` has no category `GREEN` (at `jsonResponse.SKY.categories[0].name`)']
    """
    found: list[Mismatch] = []
    search = _Search(ontology, root, found.append)
    if response is not None:
        search.response(response)
    search.below()
    return found


def check_annotation(job: Job, annotation: dict[str, object], ontology: Ontology, path: str) -> None:
    """Check an annotation that is to be added to a job, at a path.

    Raises:
        InvalidMutationError: the interface forbids it.
    """
    search = _Search(ontology, path, _refuse, is_change=True)
    search.annotation(annotation, job, None)
    search.below()


def check_children(job: Job, children: object, ontology: Ontology, path: str) -> None:
    """Check the child jobs that are to stand below an answer to a job, at a path.

    Raises:
        InvalidMutationError: the interface forbids them.
    """
    search = _Search(ontology, path, _refuse, is_change=True)
    search.pending.append((children, job, None))
    search.below()


def _refuse(mismatch: Mismatch) -> None:
    raise InvalidMutationError(mismatch.message, mismatch.path)


class _Search:
    """Goes through a label, or through what is to be added to one.

    Args:
        ontology: what the interface says.
        start: the path at which the search starts.
        report: called with each mismatch.
        is_change: whether to find what must not be added, even where labels may have it already.
    """

    def __init__(
        self, ontology: Ontology, start: str, report: Callable[[Mismatch], None], *, is_change: bool = False
    ) -> None:
        self.ontology = ontology
        self.start = start
        self.report = report
        self.is_change = is_change
        self.gathers_rounds = ontology.is_conversation and not is_change  # each round may choose again
        self.pending: list[tuple[object, Job | None, Path]] = []  # the child jobs that are still to be searched

    def found(self, kind: MismatchKind, message: str, path: Path, inside: str = "") -> None:
        steps: list[str | int] = []
        while path is not None:
            path, step = path
            steps.append(step)
        self.report(Mismatch(kind, message, path_text(reversed(steps), self.start) + inside))

    def malformed(self, expected: str, found: object, path: Path) -> None:
        self.found(MismatchKind.MALFORMED, f"expected {expected}, found {kind_of(found)}", path)

    def check(self, check: Callable[[object, str], None], value: object, path: Path) -> None:
        """Report what the check of a single value says."""
        try:
            check(value, "")
        except LabelError as error:
            self.found(MismatchKind.BAD_VALUE, error.message, path, error.path)
        except RecursionError:
            self.found(MismatchKind.MALFORMED, "nested too deep to be checked", path)

    def response(self, response: object) -> None:
        ontology = self.ontology
        listed = root_jobs(ontology)
        is_video = None if ontology.input_type is None else ontology.is_video
        if not isinstance(response, dict) or not is_framed(response, is_video=is_video):
            self.jobs(response, listed, None)
            return
        outside = outside_frames(response)
        if (repeated := repeated_frame(response)) is not None:
            self.found(MismatchKind.MALFORMED, REPEATED_FRAME, (None, repeated))
        self.jobs(outside, listed, None)
        for key, frame in response.items():
            if key not in outside and frame is not None:
                self.jobs(frame, listed, (None, key))

    def below(self) -> None:
        while self.pending:  # a stack of our own, so that no label is too deep for Python's
            jobs, job, path = self.pending.pop()
            self.jobs(jobs, None if job is None else child_jobs(job, self.ontology), path, parent=job)

    def jobs(self, jobs: object, listed: tuple[str, ...] | None, path: Path, *, parent: Job | None = None) -> None:
        """Search a map of jobs; ``listed`` are those that may stand there, None where that is not known."""
        if not isinstance(jobs, dict):
            self.malformed("an object", jobs, path)
            return
        for name, payload in jobs.items():
            if name in METADATA_JOBS:
                continue
            at: Path = (path, name)
            job = self.ontology.jobs.get(name)
            if job is None or (listed is not None and name not in listed):
                kind = MismatchKind.UNKNOWN_JOB if job is None else MismatchKind.MISPLACED_JOB
                self.found(kind, self.wrong_job(str(name), listed, parent), at)
            if payload is not None:
                self.payload(payload, job, at)

    def wrong_job(self, name: str, listed: tuple[str, ...] | None, parent: Job | None) -> str:
        if parent is not None and listed is not None:
            return f"job `{parent.name}` has {missing_name('child job', name, listed)}"
        if name in self.ontology.jobs:
            return f"job `{name}` does not belong here"
        return missing_name("job", name, self.ontology.jobs)

    def payload(self, payload: object, job: Job | None, path: Path) -> None:
        if not isinstance(payload, dict):
            self.malformed("an object", payload, path)
            return
        self.categories(payload, job, path)
        text = payload.get("text")
        if isinstance(text, str) and job is not None:
            self.check(partial(check_text, job), text, (path, "text"))
        self.wrong_kinds(payload, _PAYLOAD_KINDS, path)
        self.push_children(payload, job, path)
        holders = [(payload, path)]
        while holders:  # annotations of PDF documents hold annotations
            for annotation, at in self.entries(*holders.pop(), "annotations"):
                self.annotation(annotation, job, at)
                holders.append((annotation, at))

    def annotation(self, annotation: dict[str, object], job: Job | None, path: Path) -> None:
        tool = annotation.get("type")
        if job is not None and not has_tool(job, tool):
            allowed = ", ".join(f"`{one}`" for one in job.tools)
            message = f"job `{job.name}` has no tool `{tool}`, but {allowed}"
            self.found(MismatchKind.UNKNOWN_TOOL, message, (path, "type"))
        if self.is_change and job is not None:
            self.unfit(annotation, job, path)
        for attribute, check in VALUE_CHECKS.items():
            key = ANNOTATION_ATTRIBUTES[attribute].key
            if annotation.get(key) is not None:
                self.check(check, annotation[key], (path, key))
        begin, end = annotation.get("beginOffset"), annotation.get("endOffset")
        if isinstance(begin, int) and isinstance(end, int) and end < begin:
            self.found(MismatchKind.BAD_VALUE, "the entity ends before it begins", (path, "endOffset"))
        self.categories(annotation, job, path)
        if annotation.get("boundingPoly") is not None:
            self.check(partial(check_bounding_poly, tool), annotation["boundingPoly"], (path, "boundingPoly"))
        self.wrong_kinds(annotation, _ANNOTATION_KINDS, path)
        for point, at in self.entries(annotation, path, "points"):
            self.wrong_kinds(point, _POINT_KINDS, at)
            self.categories(point, job, at)
            self.push_children(point, job, at)
        self.push_children(annotation, job, path)

    def unfit(self, annotation: dict[str, object], job: Job, path: Path) -> None:
        """Report what labels may have already, but no change adds."""
        if not has_annotations(job):
            message = f"job `{job.name}` is of task {job.ml_task}, it has no annotations"
            self.found(MismatchKind.BAD_VALUE, message, path)
        if not annotation:
            self.found(MismatchKind.BAD_VALUE, "an annotation cannot be empty", path)
        tool = annotation.get("type")
        drawn = "" if tool is None else f" drawn as `{tool}`"
        for attribute, row in ANNOTATION_ATTRIBUTES.items():
            if annotation.get(row.key) is not None and not can_have(attribute, job, tool, is_pdf=True):
                message = f"an annotation of job `{job.name}`{drawn} has no `{row.key}`"
                self.found(MismatchKind.BAD_VALUE, message, (path, row.key))

    def categories(self, holder: dict[str, object], job: Job | None, path: Path) -> None:
        seen: set[str] = set()
        for category, at in self.entries(holder, path, "categories"):
            self.category(category, job, seen, at)
            self.push_children(category, job, at)
        if job is not None and is_single(job) and len(seen) > 1 and not self.gathers_rounds:
            message = f"job `{job.name}` takes one category (its input is `{job.input}`)"
            self.found(MismatchKind.TOO_MANY_CATEGORIES, message, (path, "categories"))

    def category(self, category: dict[str, object], job: Job | None, seen: set[str], path: Path) -> None:
        name = category.get("name")
        at: Path = (path, "name")
        if not isinstance(name, str):
            self.malformed("a string", name, at)
            return
        if job is not None and name not in job.categories:
            missing = missing_name("category", name, job.categories)
            self.found(MismatchKind.UNKNOWN_CATEGORY, f"job `{job.name}` has {missing}", at)
        if name in seen and not self.gathers_rounds:
            self.found(MismatchKind.REPEATED_CATEGORY, f"category `{name}` is there twice", at)
        seen.add(name)
        if category.get("confidence") is not None:
            check = check_confidence if self.is_change else check_percent
            self.check(check, category["confidence"], (path, "confidence"))

    def push_children(self, holder: dict[str, object], job: Job | None, path: Path) -> None:
        if holder.get("children") is not None:
            self.pending.append((holder["children"], job, (path, "children")))

    def entries(self, holder: dict[str, object], path: Path, key: str) -> Iterator[tuple[dict[str, object], Path]]:
        """Return the objects in a list, each with its path; report what is anything else."""
        listed = holder.get(key)
        if listed is not None and not isinstance(listed, list):
            self.malformed("a list", listed, (path, key))
        for index, entry in enumerate(listed if isinstance(listed, list) else ()):
            at: Path = ((path, key), index)
            if isinstance(entry, dict):
                yield entry, at
            else:
                self.malformed("an object", entry, at)

    def wrong_kinds(self, holder: dict[str, object], kinds: Kinds, path: Path) -> None:
        for key, (kind, expected) in kinds.items():
            if holder.get(key) is not None and not isinstance(holder[key], kind):
                self.malformed(expected, holder[key], (path, key))
