"""The structure of a label: maps of jobs and where they stand, read with care.

Only what is read is checked. `null` is read as a missing key everywhere; any other wrong shape is malformed. The order
of reading is part of the definition, because it decides which fault is met first: the root (in a video the numbers of
its frames, then the root jobs without a frame, then frames and `assetLevel` as they come); in a map of jobs the jobs
as they come; in a job its `categories`, its `children`, its `annotations`; in an annotation its `children`, those of
its `categories`, those of its `points`.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple, TypeAlias

from kili_query.counting.policy import Rules
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology.job import METADATA_JOBS

REPEATED_FRAME = "a frame that is there twice, under another spelling of its number"

MAX_NESTING = 200
"""How many levels of child jobs a label may have; deeper ones are malformed."""

_ASSET_LEVEL = "assetLevel"
_CONTENT = "jsonResponse"
_NOTHING: tuple[object, ...] = (None, {})

Map: TypeAlias = dict[object, object]
_Place: TypeAlias = tuple[object, ...]
Path: TypeAlias = "tuple[Path, object] | None"


class _Part(Enum):
    """Markers in a place, distinct from all names and ids."""

    CHOICE = "choice"
    PAYLOAD = "payload"
    POINT = "point"


class Holder(NamedTuple):
    """An owner of `children`: an annotation, a category, a point, a job response."""

    content: Map
    place: _Place
    path: Path
    is_key: bool


class Site(NamedTuple):
    """A map of jobs and where it stands.

    Attributes:
        jobs: job name to job response.
        place: the chain of parent objects and choices, outermost first and nested; empty at the root.
        path: where in the document, for messages.
        frame: the video frame, or None where frames play no part.
        is_key: whether the parent has a key frame here.
        depth: levels of child jobs above; 0 at the root.
    """

    jobs: Map
    place: _Place
    path: Path
    frame: str | None
    is_key: bool
    depth: int


def _malformed(message: str, path: Path) -> MalformedLabelError:
    """The error for a wrong shape at a path."""
    steps: list[str] = []
    while path is not None:
        path, step = path
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return MalformedLabelError(message, "".join(reversed(steps)).removeprefix("."))


def checked_root(json_response: object) -> Map:
    """The response itself, once it is known to be there and to be an object.

    Raises:
        UnknownContentError: there is none.
        MalformedLabelError: it is no JSON object.
    """
    if json_response is None:
        raise UnknownContentError("the content of the label is unknown")
    return _map(json_response, "the content of the label", None)


def is_video(response: Map | Mapping[str, object], rules: Rules) -> bool:
    """Whether root keys are frames: as the ontology says, or else by the shape of the response."""
    if rules.is_video is not None:
        return rules.is_video
    found = False
    for key, value in response.items():
        if key in METADATA_JOBS:
            continue
        if not (is_frame_key(key) or key == _ASSET_LEVEL) or not (value is None or isinstance(value, dict)):
            return False
        found = True
    return found


def is_frame_key(key: object) -> bool:
    """Whether a key at the root of a response is the number of a frame."""
    return isinstance(key, str) and key.isascii() and key.isdigit()


def repeated_frame(keys: Iterable[object]) -> str | None:
    """The first key that is the number of a frame which an earlier key already is.

    >>> repeated_frame(["7", "8", "007"]), repeated_frame(["7", "08"])
    ('007', None)
    """
    numbered = [key for key in keys if isinstance(key, str) and is_frame_key(key)]
    if not any(key[0] == "0" and len(key) > 1 for key in numbered):
        return None  # as nearly always
    seen: set[str] = set()
    for key in numbered:
        number = key.lstrip("0")
        if number in seen:
            return key
        seen.add(number)
    return None


def root_sites(response: Map, rules: Rules) -> Iterator[Site]:
    """The root of a response, or, of a video, its root jobs and then each frame."""
    if not is_video(response, rules):
        yield Site(response, (), None, None, False, 0)
        return
    if (repeated := repeated_frame(response)) is not None:
        raise _malformed(REPEATED_FRAME, (None, repeated))
    frames = {key: value for key, value in response.items() if is_frame_key(key) or key == _ASSET_LEVEL}
    if len(frames) < len(response):
        ordinary = {key: value for key, value in response.items() if key not in frames}
        yield Site(ordinary, (), None, None, False, 0)
    for key, value in frames.items():
        if value is not None:
            jobs = _map(value, "a frame", (None, key))
            yield Site(jobs, (), (None, key), None if key == _ASSET_LEVEL else str(key), False, 0)


def jobs_of(site: Site) -> Iterator[tuple[str, Map]]:
    """The jobs of a map that hold something, metadata left out."""
    for name in site.jobs:
        if not isinstance(name, str):
            raise _malformed("a job name must be a string", (site.path, name))
        payload = payload_at(site, name)
        if payload:
            yield name, payload


def payload_at(site: Site, job: str) -> Map | None:
    """The response of one job; None where it is missing or null, and for metadata."""
    payload = site.jobs.get(job)
    if payload is None or job in METADATA_JOBS:
        return None
    if not isinstance(payload, dict) and _CONTENT in site.jobs:
        raise _malformed(f"this is a label, not the content of one: give its `{_CONTENT}`", (site.path, job))
    return _map(payload, "a job response", (site.path, job))


def entries(holder: Map, key: str, path: Path) -> Iterator[tuple[Map, Path]]:
    """The objects of a list such as ``annotations``, each with its path."""
    listed = holder.get(key)
    if listed is None:
        return
    path = (path, key)
    if not isinstance(listed, list | tuple):
        raise _malformed(f"`{key}` must be a list", path)
    for index, entry in enumerate(listed):
        at = (path, index)
        yield _map(entry, "an entry", at), at


def read_categories(holder: Map, path: Path) -> Iterator[tuple[str, Map, Path]]:
    """Name, object and path of each category."""
    for category, at in entries(holder, "categories", path):
        name = category.get("name")
        if not isinstance(name, str):
            message = "a category has no name" if name is None else "a category name must be a string"
            raise _malformed(message, (at, "name"))
        yield name, category, at


def nested_sites(site: Site) -> Iterator[Site]:
    """The maps of child jobs directly below, in the order of reading."""
    return child_sites(_holders(site), site.frame, site.depth + 1)


def child_sites(holders: Iterable[Holder], frame: str | None, depth: int) -> Iterator[Site]:
    """The `children` of each holder that has some."""
    for content, place, path, is_key in holders:
        children = content.get("children")
        if children is None:
            continue
        at = (path, "children")
        jobs = _map(children, "`children`", at)
        if not jobs:
            continue
        if depth > MAX_NESTING:
            raise _malformed(f"child jobs are nested deeper than {MAX_NESTING} levels", at)
        yield Site(jobs, place, at, frame, is_key, depth)


def _holders(site: Site) -> Iterator[Holder]:
    for job, payload in jobs_of(site):
        beside = payload_holder(site, job, payload)
        for name, category, at in read_categories(payload, beside.path):
            if _has_children(category):
                yield choice_holder(site, job, name, category, at, beside.is_key)
        if _has_children(payload):
            yield beside
        for annotation, at in entries(payload, "annotations", beside.path):
            yield from _holders_in_annotation(site, job, annotation, at, beside.is_key)


def _holders_in_annotation(site: Site, job: str, annotation: Map, path: Path, is_key: bool) -> Iterator[Holder]:
    part = None  # most annotations have no children, and their ids are not read
    if _has_children(annotation):
        part = annotation_holder(site, job, annotation, path, is_key)
        yield part
    for name, category, at in read_categories(annotation, path):
        if _has_children(category):
            part = part or annotation_holder(site, job, annotation, path, is_key)
            yield category_holder(part, name, category, at)
    if "points" not in annotation:
        return
    for index, (point, at) in enumerate(entries(annotation, "points", path)):
        if _has_children(point):
            part = part or annotation_holder(site, job, annotation, path, is_key)
            yield _point_holder(part, point, index, at)


def _has_children(content: Map) -> bool:
    """Whether there is anything under `children`, be it of the right shape or not."""
    return content.get("children") not in _NOTHING


def payload_holder(site: Site, job: str, payload: Map) -> Holder:
    """A job response: its `children` stand beside `categories`."""
    return Holder(payload, (site.place, job, _Part.PAYLOAD), (site.path, job), _is_key_frame(payload, site.is_key))


def choice_holder(site: Site, job: str, name: str, category: Map, path: Path, is_key: bool) -> Holder:
    """A category chosen in a classification."""
    return Holder(category, (site.place, job, _Part.CHOICE, name), path, is_key)


def annotation_holder(site: Site, job: str, annotation: Map, path: Path, is_key: bool) -> Holder:
    """An annotation: one part of the object whose `mid` it bears."""
    mid = _id(annotation, path)
    place = (site.place, job, object() if mid is None else mid)  # without `mid` it is an object of its own
    return Holder(annotation, place, path, _is_key_frame(annotation, is_key))


def category_holder(annotation: Holder, name: str, category: Map, path: Path) -> Holder:
    """A category that an annotation has."""
    return Holder(category, (annotation.place, _Part.CHOICE, name), path, annotation.is_key)


def point_holders(annotation: Holder) -> Iterator[Holder]:
    """The points of a pose that have children."""
    for index, (point, at) in enumerate(entries(annotation.content, "points", annotation.path)):
        if _has_children(point):
            yield _point_holder(annotation, point, index, at)


def _point_holder(annotation: Holder, point: Map, index: int, path: Path) -> Holder:
    return Holder(point, (annotation.place, _Part.POINT, *_point_id(point, index, path)), path, annotation.is_key)


def _id(content: Map, path: Path) -> object:
    mid = content.get("mid")
    if mid is not None and (isinstance(mid, bool) or not isinstance(mid, str | int | float)):
        raise _malformed("a `mid` must be a string or a number", (path, "mid"))
    return mid


def _point_id(point: Map, index: int, path: Path) -> tuple[str, object]:
    mid, code = _id(point, path), point.get("code")
    if mid is not None:
        return "mid", mid
    return ("code", code) if isinstance(code, str) else ("index", index)


def _is_key_frame(content: Map, inherited: bool) -> bool:
    flag = content.get("isKeyFrame")
    return inherited if flag is None else flag is True


def _map(value: object, what: str, path: Path) -> Map:
    if not isinstance(value, dict):
        raise _malformed(f"{what} must be an object", path)
    return value
