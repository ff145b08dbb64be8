"""Decode ordinary annotations: one part, on the image. Needs msgspec, which rejects anything else."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias, TypeVar

from msgspec import UNSET, Meta, MsgspecError, Struct, UnsetType, convert, field
from msgspec.json import Decoder

from kili_query.export.decoding import TextJobs
from kili_query.export.formats.rings import LEAST_AREA, NUMBERS_OF_BOX, Drawn, Edges, Numbers, extents, upright

_T = TypeVar("_T")

_Fraction: TypeAlias = Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)]  # 0 stays 0, is not 0.0


class Corner(Struct, gc=False):
    """A point of a ring, as fractions of the image."""

    x: _Fraction
    y: _Fraction


class _Ring(Struct, gc=False):
    corners: Annotated[list[Corner], Meta(min_length=3)] = field(name="normalizedVertices")


class _Category(Struct, gc=False):
    name: str


class Outline(Struct, gc=False):
    """An annotation as the platform writes it, with one category and one part, and without other geometry."""

    type: Literal["rectangle", "polygon", "semantic"]
    categories: tuple[_Category]
    rings: Annotated[list[_Ring], Meta(min_length=1)] = field(name="boundingPoly")
    mid: str | None = None
    points: UnsetType = UNSET
    polyline: UnsetType = UNSET
    point: UnsetType = UNSET

    @property
    def category(self) -> str:
        """The name of its category."""
        return self.categories[0].name

    @property
    def outer(self) -> list[Corner]:
        """The corners of its outer ring."""
        return self.rings[0].corners


class _Response(Struct, gc=False):
    annotations: list[Outline]


class _FourCorners(Struct, gc=False):
    corners: tuple[Corner, Corner, Corner, Corner] = field(name="normalizedVertices")


class _Rectangle(Struct, gc=False):
    """An `Outline` with one ring of four corners."""

    type: Literal["rectangle"]
    categories: tuple[_Category]
    rings: tuple[_FourCorners] = field(name="boundingPoly")
    points: UnsetType = UNSET
    polyline: UnsetType = UNSET
    point: UnsetType = UNSET


class _Rectangles(Struct, gc=False):
    annotations: list[_Rectangle]


_TEXT = Decoder(_Response)
_TEXT_OF_RECTANGLES = Decoder(_Rectangles)


def read_boxes(jobs: Mapping[str, object], name: str) -> list[tuple[str, Edges]] | None:
    """Return the category and the edges of each annotation of a job; None if any is not an upright rectangle.

    Args:
        jobs: job name to job response.
        name: the name of the job.
    """
    response = _read(_TEXT_OF_RECTANGLES, jobs, name)
    if response is None:
        return None
    found = []
    for one in response.annotations:
        a, b, c, d = one.rings[0].corners
        edges = upright(a.x, a.y, b.x, b.y, c.x, c.y, d.x, d.y)
        if edges is None:
            return None
        found.append((one.categories[0].name, edges))
    return found


def read_outlines(jobs: Mapping[str, object], name: str, path: str) -> list[Drawn] | None:
    """Return the shapes of a job; None if any annotation is not ordinary or may have no area.

    Args:
        jobs: job name to job response.
        name: the name of the job.
        path: the JSON path of its response.
    """
    response = _read(_TEXT, jobs, name)
    return None if response is None else _all_drawn(response.annotations, path)


def read_rings(jobs: Mapping[str, object], name: str) -> list[Outline] | None:
    """Return the annotations of a job whose outer rings are all that is needed; None where `read_outlines` is None.

    Args:
        jobs: job name to job response.
        name: the name of the job.
    """
    response = _read(_TEXT, jobs, name)
    if response is None:
        return None
    others = []
    for one in response.annotations:
        if len(one.rings) > 1 or one.type == "rectangle":
            others.append(one)
        elif _area(one.outer) <= LEAST_AREA:
            return None
    return None if _all_drawn(others) is None else response.annotations


def _all_drawn(outlines: Sequence[Outline], path: str = "") -> list[Drawn] | None:
    found = [_drawn(one, f"{path}.annotations[{index}]") for index, one in enumerate(outlines)]
    drawn = [one for one in found if one is not None]
    return drawn if len(drawn) == len(found) and _have_area([one for one in drawn if len(one.parts[0]) > 1]) else None


def _read(decoder: Decoder[_T], jobs: Mapping[str, object], name: str) -> _T | None:
    """Decode the response of a job; None if it has another structure."""
    try:
        return decoder.decode(jobs.texts[name]) if isinstance(jobs, TextJobs) else convert(jobs[name], decoder.type)
    except (MsgspecError, ValueError, RecursionError):  # a ValueError where a text has a lone surrogate
        return None


def _drawn(outline: Outline, path: str) -> Drawn | None:
    """Return the shape; None if it may have no area, or is a rectangle that is not upright."""
    category = outline.category
    if outline.type == "rectangle":
        return _rectangle(outline, category, path)
    (outer, area), *holes = map(_measured, outline.rings)
    group = outline.mid if outline.type == "semantic" else None
    return Drawn(category, False, [[outer, *[hole for hole, _ in holes]]], path, group) if area > LEAST_AREA else None


def _rectangle(outline: Outline, category: str, path: str) -> Drawn | None:
    ring = [number for corner in outline.outer for number in (corner.x, corner.y)]
    edges = upright(*ring) if len(outline.rings) == 1 and len(ring) == NUMBERS_OF_BOX else None
    return None if edges is None else Drawn(category, True, [[ring]], path, None, None, edges)


def _measured(ring: _Ring) -> tuple[Numbers, float]:
    """Return the corners of a ring, and its area if it does not cross itself."""
    numbers: Numbers = []
    add = numbers.append  # this loop takes a tenth of an export: `+=` would be slower
    twice, before_x, before_y = 0.0, ring.corners[-1].x, ring.corners[-1].y
    for corner in ring.corners:
        x, y = corner.x, corner.y
        add(x)
        add(y)
        twice += before_x * y - x * before_y
        before_x, before_y = x, y
    return numbers, abs(twice) / 2


def _area(corners: Sequence[Corner]) -> float:
    """Return the area of a ring if it does not cross itself."""
    twice, before = 0.0, corners[-1]
    for corner in corners:
        twice += before.x * corner.y - corner.x * before.y
        before = corner
    return abs(twice) / 2


def _have_area(holed: list[Drawn]) -> bool:
    return all(extent.area > LEAST_AREA for extent in extents([one.parts for one in holed]))
