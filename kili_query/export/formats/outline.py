"""Annotations of one part that lie on the image. Needs msgspec, which lets nothing through that is anything else."""

from collections.abc import Mapping
from operator import mul
from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, MsgspecError, Struct, UnsetType, convert, field
from msgspec.json import Decoder

from kili_query.export.formats.drawn import Drawn, is_upright
from kili_query.export.formats.rings import LEAST_AREA, Numbers, extents
from kili_query.export.text_jobs import TextJobs

__all__ = ["Outline", "read_outlines"]

_Fraction: TypeAlias = Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)]  # 0 stays 0, is not 0.0


class _Corner(Struct, gc=False):
    x: _Fraction
    y: _Fraction


class _Ring(Struct, gc=False):
    corners: Annotated[list[_Corner], Meta(min_length=3)] = field(name="normalizedVertices")


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


class _Response(Struct, gc=False):
    annotations: list[Outline]


_TEXT = Decoder(_Response)


def read_outlines(jobs: Mapping[str, object], name: str, path: str) -> list[Drawn] | None:
    """Return what the response of a job draws; None when it holds anything else, or might, or what has no area.

    Args:
        jobs: job name to job response.
        name: of the job.
        path: of its response, as a JSON path.
    """
    try:
        response = _TEXT.decode(jobs.texts[name]) if isinstance(jobs, TextJobs) else convert(jobs[name], _Response)
    except (MsgspecError, ValueError, RecursionError):  # a ValueError where a text has a lone surrogate
        return None
    found = [_drawn(one, f"{path}.annotations[{index}]") for index, one in enumerate(response.annotations)]
    drawn = [one for one in found if one is not None]
    return drawn if len(drawn) == len(found) and _have_area([one for one in drawn if len(one.parts[0]) > 1]) else None


def _drawn(outline: Outline, path: str) -> Drawn | None:
    """What it draws; None when the outline may fill nothing, or is a rectangle that does not stand upright."""
    measured = [_numbers(ring) for ring in outline.rings]
    part = [numbers for numbers, _ in measured]
    is_box = outline.type == "rectangle"
    group = outline.mid if outline.type == "semantic" else None
    drawn = Drawn(outline.categories[0].name, is_box, [part], path, group)
    has_area = measured[0][1] > LEAST_AREA and (not is_box or (len(part) == 1 and is_upright(drawn)))
    return drawn if has_area else None


def _numbers(ring: _Ring) -> tuple[Numbers, float]:
    """Its corners, and the area within, unless it crosses itself."""
    xs, ys = [corner.x for corner in ring.corners], [corner.y for corner in ring.corners]
    numbers = xs + ys
    numbers[::2], numbers[1::2] = xs, ys
    twice: float = sum(map(mul, xs, ys[1:])) - sum(map(mul, ys, xs[1:])) + xs[-1] * ys[0] - ys[-1] * xs[0]
    return numbers, abs(twice) / 2


def _have_area(holed: list[Drawn]) -> bool:
    return all(extent.area > LEAST_AREA for extent in extents([one.parts for one in holed]))
