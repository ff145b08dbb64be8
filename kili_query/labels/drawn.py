"""Find what to draw of a label: shapes with their categories, and the answers that have no place in the picture."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager

from attrs import frozen

from kili_query.ast import NamePattern
from kili_query.counting import Site, Wanted, find
from kili_query.counting.label import CONTENT, content_of
from kili_query.counting.objects import EVERYTHING
from kili_query.errors import LabelError, MalformedLabelError
from kili_query.labels.geometry import Point, Shape, bounds, mapped, shape_of, unrotated
from kili_query.labels.structure import (
    Frame,
    annotations_of,
    first_category,
    frames_of,
    is_framed,
    rotation_of,
)
from kili_query.ontology import Ontology, OntologySource
from kili_query.ontology.job import METADATA_JOBS

_FARTHEST_FRACTION = 2.0
"""Larger coordinates cannot be fractions of an image: they are taken for positions on a map."""


@frozen
class DrawnShape:
    """A shape of the picture.

    Attributes:
        job: its job.
        category: its first category; empty where it has none.
        shape: in fractions of width and height from the top left.
        view: the frame of a video, from 0, or the page of a PDF, from 1; None for an image.
    """

    job: str
    category: str
    shape: Shape
    view: int | None = None


@frozen
class Drawing:
    """The parts of a label that are drawn.

    Attributes:
        shapes: those of the view that is shown, in the order of the label.
        view: the frame or page that is shown; None for an image.
        lines: answers in words: choices, texts, and how many objects of which category, as queries count them.
        problems: what could not be drawn, and why.
        views: the frames or pages that hold shapes, ascending.
    """

    shapes: tuple[DrawnShape, ...]
    view: int | None
    lines: tuple[str, ...]
    problems: tuple[str, ...]
    views: tuple[int, ...] = ()


def drawn_of(
    label: Mapping[str, object], *, ontology: OntologySource | None = None, view: int | None = None
) -> Drawing:
    """Find what is drawn of a label.

    A shape that cannot be read is a problem and not drawn; the others are. Coordinates on a map are fitted into the
    picture, north at the top.

    Args:
        label: with its content under ``jsonResponse``, decoded or as JSON text.
        ontology: tells whether it is a video's, and the names that people see.
        view: the frame of a video, or the page of a PDF; by default the one with most shapes.

    Raises:
        UnknownContentError: it has no content.
        MalformedLabelError: its content is not an object.
        LabelError: ``view`` is given, and the label has neither frames nor pages.

    >>> point = {"type": "marker", "categories": [{"name": "BOLT"}], "point": {"x": 0.5, "y": 0.25}}
    >>> drawn_of({"jsonResponse": {"BOLTS": {"annotations": [point]}, "NOTE": {"text": "loose"}}}).lines
    ('BOLTS: 1 BOLT', 'NOTE: loose')
    """
    response = content_of(dict(label), CONTENT)
    if not isinstance(response, Mapping):
        raise MalformedLabelError("the content of the label must be an object", CONTENT)
    ontology = Ontology.if_given(ontology)
    problems: list[str] = []
    frames: tuple[Frame, ...] = (Frame(None, response, CONTENT),)
    rotation = 0
    if is_framed(response, is_video=None if ontology is None or ontology.input_type is None else ontology.is_video):
        frames = frames_of(response)
    else:
        with _told(problems):
            rotation = rotation_of(response)
    found = [shape for frame in frames for shape in _shapes(frame, rotation, problems)]
    jobs_of = {frame.number: frame.jobs for frame in frames}
    has_views = None not in jobs_of or any(shape.view is not None for shape in found)
    if view is not None and not has_views and not (ontology is not None and ontology.input_type == "PDF"):
        raise LabelError("the label has neither frames nor pages: leave out `view`")
    shown = _busiest(found) if view is None else view
    shapes = tuple(shape for shape in found if shape.view in (shown, None))
    lines = tuple(_lines(jobs_of.get(shown, response), ontology))
    views = tuple(sorted({shape.view for shape in found if shape.view is not None}))
    return Drawing(_fitted(shapes), shown, lines, tuple(problems), views)


def _busiest(shapes: list[DrawnShape]) -> int | None:
    counted = Counter(shape.view for shape in shapes if shape.view is not None)
    return min(counted, key=lambda view: (-counted[view], view)) if counted else None


def _shapes(frame: Frame, rotation_degrees: int, problems: list[str]) -> Iterator[DrawnShape]:
    for job, answer in frame.jobs.items():
        if job in METADATA_JOBS:
            continue
        listed: list[object] = []
        with _told(problems):
            listed = annotations_of(answer, f"{frame.path}.{job}")
        for index, annotation in enumerate(listed):
            path = f"{frame.path}.{job}.annotations[{index}]"
            with _told(problems):
                for shape, page in _shapes_of(annotation, path):
                    turned = unrotated(shape, rotation_degrees)
                    yield DrawnShape(job, _category(annotation), turned, frame.number if page is None else page)


@contextmanager
def _told(problems: list[str]) -> Iterator[None]:
    """List what cannot be read, and go on."""
    try:
        yield
    except LabelError as error:
        problems.append(str(error))


def _shapes_of(annotation: object, path: str) -> Iterator[tuple[Shape, int | None]]:
    """Return the shapes of an annotation, each with its page where it stands in a PDF."""
    if not isinstance(annotation, Mapping):
        raise MalformedLabelError("an annotation must be an object", path)
    inner = annotation.get("annotations")
    if not isinstance(inner, list):
        shape = shape_of(annotation, path)
        if shape is not None:
            yield shape, None
        return
    for index, one in enumerate(inner):
        if isinstance(one, Mapping):
            yield from _shapes_on_pages(one, f"{path}.annotations[{index}]")


def _shapes_on_pages(inner: Mapping[str, object], path: str) -> Iterator[tuple[Shape, int | None]]:
    pages, holders = inner.get("pageNumberArray"), inner.get("boundingPoly")
    for index, holder in enumerate(holders if isinstance(holders, list) else ()):
        listed = holder.get("normalizedVertices") if isinstance(holder, Mapping) else None
        rings = listed if isinstance(listed, list) and listed and isinstance(listed[0], list) else [listed]
        where = f"{path}.boundingPoly[{index}]"
        parts = [shape_of({"boundingPoly": [{"normalizedVertices": ring}]}, where) for ring in rings]
        page = pages[index] if isinstance(pages, list) and index < len(pages) else None
        yield from ((part, page if isinstance(page, int) else 1) for part in parts if part is not None)


def _category(annotation: object) -> str:
    """Return the first category; empty where there is none."""
    try:
        return first_category(annotation, "")
    except MalformedLabelError:
        return ""


def _lines(jobs: Mapping[str, object], ontology: Ontology | None) -> Iterator[str]:
    for job, answer in jobs.items():
        if not isinstance(answer, Mapping) or job in METADATA_JOBS:
            continue
        words = [*_words(job, answer, ontology)]
        if words:
            yield f"{job}: {', '.join(words)}"


def _words(job: str, answer: Mapping[str, object], ontology: Ontology | None) -> Iterator[str]:
    if isinstance(text := answer.get("text"), str):
        yield text
    if isinstance(chosen := answer.get("categories"), list):
        yield from (
            shown_name(job, name, ontology) for name in map(_category, [{"categories": [one]} for one in chosen])
        )
    if isinstance(listed := answer.get("annotations"), list):
        counted = _counted(job, listed)
        yield from (f"{number} {shown_name(job, name, ontology) or '?'}" for name, number in counted.items())


def _counted(job: str, annotations: list[object]) -> dict[str, int]:
    """Count the objects of each category: annotations that share a ``mid`` are parts of one.

    What has no category that can be read stands under the empty name, each for itself.
    """
    wanted = Wanted(NamePattern((job,)), EVERYTHING.categories, frozenset({job}))
    identities: dict[str, set[Hashable]] = {}
    for annotation in annotations:  # one at a time, so that a broken one does not hide the others
        site = Site({job: {"annotations": [annotation]}}, (), None, None, False, 0)
        try:
            named = [(one.category, one.identity) for one in find([site], wanted)]
        except LabelError:
            named = []
        for category, identity in named or [("", object())]:
            identities.setdefault(category, set()).add(identity)
    return {category: len(distinct) for category, distinct in identities.items()}


def shown_name(job: str, category: str, ontology: Ontology | None) -> str:
    """Return the name of a category that people see: the one in the interface, or else its key."""
    known = None if ontology is None else ontology.jobs.get(job)
    found = None if known is None else known.categories.get(category)
    return category if found is None else found.name


def _fitted(shapes: tuple[DrawnShape, ...]) -> tuple[DrawnShape, ...]:
    """Return the shapes, moved into the picture if they are on a map."""
    boxes = [bounds(shape.shape) for shape in shapes]
    if all(-_FARTHEST_FRACTION < value < _FARTHEST_FRACTION for box in boxes for value in box):
        return shapes
    left, top = min(box.left for box in boxes), max(box.bottom for box in boxes)
    extent = max(max(box.right for box in boxes) - left, top - min(box.top for box in boxes)) or 1.0

    def move(point: Point) -> Point:
        return Point(0.05 + 0.9 * (point.x - left) / extent, 0.05 + 0.9 * (top - point.y) / extent)

    return tuple(DrawnShape(one.job, one.category, mapped(one.shape, move), one.view) for one in shapes)
