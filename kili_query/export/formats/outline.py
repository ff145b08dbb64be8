"""An annotation of one ring that lies on the image. Needs msgspec, which lets nothing through that is anything else."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, MsgspecError, Struct, UnsetType, convert, field
from msgspec.json import Decoder

from kili_query.export.text_jobs import TextJobs

__all__ = ["Outline", "read_outlines"]

_CORNERS_OF_BOX = 4
_Fraction: TypeAlias = Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)]  # 0 stays 0, is not 0.0


class _Corner(Struct, gc=False):
    x: _Fraction
    y: _Fraction


class _Ring(Struct, gc=False):
    corners: Annotated[list[_Corner], Meta(min_length=3)] = field(name="normalizedVertices")


class _Category(Struct, gc=False):
    name: str


class Outline(Struct, gc=False):
    """An annotation as the platform writes it, with one category and one ring, and without other geometry."""

    type: Literal["rectangle", "polygon", "semantic"]
    categories: tuple[_Category]
    rings: tuple[_Ring] = field(name="boundingPoly")
    points: UnsetType = UNSET
    polyline: UnsetType = UNSET
    point: UnsetType = UNSET

    @property
    def category(self) -> str:
        """The name of its category."""
        return self.categories[0].name

    @property
    def is_box(self) -> bool:
        """Whether it is a rectangle."""
        return self.type == "rectangle"

    @property
    def numbers(self) -> list[float]:
        """The corners: x and y of each, in fractions of the width and the height."""
        return [number for corner in self.rings[0].corners for number in (corner.x, corner.y)]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        corners = self.rings[0].corners
        if self.is_box:
            a, b, c, d = corners
            if a.x == b.x < c.x == d.x and b.y == c.y < a.y == d.y:  # as nearly all are drawn
                return a.x, b.y, c.x, a.y
        xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
        return min(xs), min(ys), max(xs), max(ys)


class _Response(Struct, gc=False):
    annotations: list[Outline]


_TEXT = Decoder(_Response)


def read_outlines(jobs: Mapping[str, object], name: str) -> list[Outline] | None:
    """The outlines in the response of a job; None when it holds anything else, or might."""
    try:
        response = _TEXT.decode(jobs.texts[name]) if isinstance(jobs, TextJobs) else convert(jobs[name], _Response)
    except (MsgspecError, ValueError, RecursionError):  # a ValueError where a text has a lone surrogate
        return None
    found = response.annotations
    return found if all(len(one.rings[0].corners) == _CORNERS_OF_BOX for one in found if one.is_box) else None
