"""Reading of everything in a label: each attribute of each object, down to the last child job."""

from collections.abc import Iterator
from functools import cache

from kili_query.errors import LabelError
from kili_query.labels import (
    Annotation,
    AnnotationList,
    BoundingPoly,
    BoundingPolyList,
    Category,
    CategoryList,
    FramesList,
    JobPayload,
    ParsedJobs,
    ParsedLabel,
    PosePoint,
    PosePointList,
    VideoJobs,
)

__all__ = ["attributes_of", "read_all"]

_MAPPINGS = (ParsedJobs, VideoJobs)
_LISTS = (AnnotationList, BoundingPolyList, CategoryList, FramesList, PosePointList)
_OBJECTS = (Annotation, BoundingPoly, Category, JobPayload, PosePoint)


@cache
def attributes_of(kind: type) -> list[str]:
    """The names of all that can be read."""
    return sorted(name for name in dir(kind) if isinstance(getattr(kind, name), property) and not name.startswith("_"))


def read_all(label: ParsedLabel) -> list[LabelError]:
    """Read everything; the errors that reading gave, each of them one of ours with a path."""
    errors: list[LabelError] = []
    pending: list[object] = []

    def reach(read: object) -> None:
        try:
            pending.append(read())  # type: ignore[operator]  # a function without arguments
        except LabelError as error:
            errors.append(error)

    reach(lambda: label.jobs)
    assert repr(label)
    while pending:
        for part in _parts(pending.pop()):
            reach(part)
    assert all(error.path.startswith("jsonResponse") for error in errors)
    return errors


def _parts(found: object) -> Iterator[object]:
    if isinstance(found, _MAPPINGS):
        yield lambda: [found[name] for name in found]
        yield lambda: (len(found), bool(found), repr(found), found.to_dict())
        if isinstance(found, VideoJobs):
            yield lambda: found.asset_level
    elif isinstance(found, _OBJECTS):
        yield lambda: repr(found)
        for name in attributes_of(type(found)):
            yield lambda name=name: getattr(found, name)  # type: ignore[misc]  # a default for the loop's name
    elif isinstance(found, _LISTS):
        yield lambda: (len(found), found[::2], found == found, repr(found))
        yield lambda: list(found)
    elif isinstance(found, list | tuple):
        yield from ((lambda entry=entry: entry) for entry in found if isinstance(entry, (*_OBJECTS, *_LISTS)))
