"""Drawing: shapes on an image, names beside them, answers below."""

import os
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import assert_never

from PIL import Image, ImageDraw, ImageFont

from kili_query.errors import SourceError
from kili_query.labels.geometry import Bounds, Box, Line, Marker, Part, Point, Pose, Region, Size, bounds, parts, scaled
from kili_query.ontology import Ontology
from kili_query.pictures.colors import Color, color_of
from kili_query.pictures.found import Drawing, DrawnShape, drawing_of, shown_name

__all__ = ["draw", "draw_label", "opened_image"]

_BLANK_SIZE = Size(640, 480)
_BLANK = (246, 246, 246)
_LONGEST_PX = 2048
_LEAST_PX = 8
_FILL_ALPHA = 70
_TEXT = (32, 32, 32)


def draw_label(
    label: Mapping[str, object],
    *,
    ontology: Ontology | None = None,
    image: "Image.Image | str | os.PathLike[str] | None" = None,
    size: Size | tuple[int, int] | None = None,
    view: int | None = None,
) -> Image.Image:
    """A picture of a label.

    Args:
        label: with its content under ``jsonResponse``.
        ontology: gives names, colours, and whether it is a video's.
        image: what was labeled, or its file; without one the canvas is blank.
        size: of the blank canvas, width and height in pixels. Pictures have 2048 pixels at most on either side.
        view: the frame of a video or the page of a PDF; by default the one with most shapes.

    Returns:
        An RGB image: the canvas, and below it the answers that have no place in it.

    Raises:
        LabelError: the label has no content, or it is no object.
        SourceError: the file is no image.

    >>> corners = [{"x": 0.25, "y": 0.75}, {"x": 0.25, "y": 0.25}, {"x": 0.75, "y": 0.25}, {"x": 0.75, "y": 0.75}]
    >>> box = {"type": "rectangle", "categories": [{"name": "CAR"}], "boundingPoly": [{"normalizedVertices": corners}]}
    >>> picture = draw_label({"jsonResponse": {"OBJECTS": {"annotations": [box]}}}, size=(200, 100))
    >>> picture.width, picture.getpixel((5, 5)), picture.getpixel((50, 50)) == color_of("OBJECTS", "CAR")
    (200, (246, 246, 246), True)
    """
    opened = opened_image(image) if isinstance(image, str | os.PathLike) else image
    return draw(drawing_of(label, ontology=ontology, view=view), ontology, opened, size)


def opened_image(path: str | os.PathLike[str]) -> Image.Image:
    """The image in a file.

    Raises:
        SourceError: there is none, or not one that Pillow reads.
    """
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no image that can be read"
        raise SourceError(f"{os.fspath(path)}: {reason.lower()}") from error


def draw(
    drawing: Drawing, ontology: Ontology | None, image: Image.Image | None, size: Size | tuple[int, int] | None
) -> Image.Image:
    """The picture of a drawing."""
    canvas = _canvas(image, size)
    for shape in drawing.shapes:
        canvas = _with_areas(canvas, shape, color_of(shape.job, shape.category, ontology))
    pen = ImageDraw.Draw(canvas)
    for shape in drawing.shapes:
        _outline(pen, shape, Size(*canvas.size), color_of(shape.job, shape.category, ontology))
    for shape in drawing.shapes:
        _name(pen, shape, canvas, ontology)
    return _with_lines(canvas, drawing)


def _canvas(image: Image.Image | None, size: Size | tuple[int, int] | None) -> Image.Image:
    width, height = image.size if image is not None else size or _BLANK_SIZE
    shrink = min(1.0, _LONGEST_PX / max(width, height, 1))
    wanted = (max(_LEAST_PX, round(width * shrink)), max(_LEAST_PX, round(height * shrink)))
    if image is None:
        return Image.new("RGB", wanted, _BLANK)
    return image.convert("RGB") if image.size == wanted else image.convert("RGB").resize(wanted)


def _with_areas(canvas: Image.Image, shape: DrawnShape, color: Color) -> Image.Image:
    """The canvas with the areas of a shape tinted, their holes left out."""
    found = parts(scaled(shape.shape, Size(*canvas.size)))
    if not found:
        return canvas
    mask = Image.new("L", canvas.size, 0)
    pen = ImageDraw.Draw(mask)
    for part in found:
        _fill(pen, part)
    return Image.composite(Image.new("RGB", canvas.size, color), canvas, mask)


def _fill(pen: ImageDraw.ImageDraw, part: Part) -> None:
    pen.polygon(_flat(part.outer), fill=_FILL_ALPHA)
    for hole in part.holes:
        pen.polygon(_flat(hole), fill=0)


def _outline(pen: ImageDraw.ImageDraw, drawn: DrawnShape, size: Size, color: Color) -> None:
    width = max(2, round(max(size) / 400))
    shape = scaled(drawn.shape, size)
    match shape:
        case Box() | Region():
            for part in parts(shape):
                for ring in part.rings:
                    pen.line(_flat((*ring, ring[0])), fill=color, width=width, joint="curve")
        case Line(points):
            pen.line(_flat(points), fill=color, width=width, joint="curve")
        case Marker(point):
            _dot(pen, point, 2 * width, color)
        case Pose(points):
            for one in points:
                _dot(pen, one.point, 2 * width, color)
        case _:
            assert_never(shape)


def _dot(pen: ImageDraw.ImageDraw, point: Point, radius: int, color: Color) -> None:
    x, y = _within(point)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color, outline=(255, 255, 255))


def _name(pen: ImageDraw.ImageDraw, drawn: DrawnShape, canvas: Image.Image, ontology: Ontology | None) -> None:
    text = shown_name(drawn.job, drawn.category, ontology)[:40]
    if not text:
        return
    font = _font(canvas.size)
    box: Bounds = bounds(scaled(drawn.shape, Size(*canvas.size)))
    height = _line_height(font)
    x, y = _within(Point(box.left, box.top - height))
    x, y = min(max(x, 0), canvas.width - 1), min(max(y, 0), max(canvas.height - height, 0))
    pen.rectangle(
        (x, y, x + pen.textlength(text, font=font) + 4, y + height), fill=color_of(drawn.job, drawn.category, ontology)
    )
    pen.text((x + 2, y), text, fill=(255, 255, 255), font=font)


def _with_lines(canvas: Image.Image, drawing: Drawing) -> Image.Image:
    """The canvas, and the answers below it."""
    view = () if drawing.view is None else (f"frame or page {drawing.view}",)
    font = _font(canvas.size)
    per_line = max(12, int(canvas.width / max(font.getlength("n"), 1)))
    lines = [part for line in (*view, *drawing.lines) for part in wrap(line, per_line)]
    if not lines:
        return canvas
    height = _line_height(font)
    whole = Image.new("RGB", (canvas.width, canvas.height + height * len(lines) + 6), (255, 255, 255))
    whole.paste(canvas, (0, 0))
    pen = ImageDraw.Draw(whole)
    for number, line in enumerate(lines):
        pen.text((4, canvas.height + 3 + number * height), line, fill=_TEXT, font=font)
    return whole


def _font(size: tuple[int, int]) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(10, round(max(size) / 55)))


def _line_height(font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> int:
    _, top, _, bottom = font.getbbox("Ag|")
    return round(bottom + max(top, 0) * 0.3) + 3


def _flat(points: Sequence[Point]) -> list[tuple[float, float]]:
    return [_within(point) for point in points]


def _within(point: Point) -> tuple[float, float]:
    """The point, brought near where it lies far outside: the library draws with 32 bits."""
    limit = 4.0 * _LONGEST_PX
    return min(max(point.x, -limit), limit), min(max(point.y, -limit), limit)
