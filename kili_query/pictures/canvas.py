"""Drawing: shapes on an image, names beside them, answers below."""

import os
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from math import ceil, floor
from typing import assert_never

from PIL import Image, ImageDraw

from kili_query.labels.colors import Color, color_of
from kili_query.labels.drawn import Drawing, DrawnShape, shown_name
from kili_query.labels.geometry import BoundingBox, Box, Line, Marker, Point, Pose, Region, Size, bounds, parts, scaled
from kili_query.ontology import Ontology, OntologySource
from kili_query.pictures.drawing import drawing_of
from kili_query.pictures.images import BLANK, LONGEST_PX, as_rgb, opened_image
from kili_query.pictures.lettering import MORE, MOST_LINES, Lettering, answer_lines, clean, missing_characters
from kili_query.wording import shortened

_BLANK_SIZE = Size(640, 480)
_LEAST_PX = 8
_LEAST_FOR_LINES_PX = 200
_MARGIN_PX = 4
_NAME_CHARACTERS = 40
_FILL_ALPHA = 70
_TEXT = (32, 32, 32)
_ON_COLOR = ((255, 255, 255), (0, 0, 0))
_BRIGHT = 150  # of 255: dark text is better on it


def draw_label(
    label: Mapping[str, object],
    *,
    ontology: OntologySource | None = None,
    image: "Image.Image | str | os.PathLike[str] | None" = None,
    size: Size | tuple[int, int] | None = None,
    view: int | None = None,
    font: str | os.PathLike[str] | None = None,
) -> Image.Image:
    """Draw a label.

    What the characters of a name or an answer are is told below it where no font has them.

    Args:
        label: with its content under ``jsonResponse``.
        ontology: gives names, colours, and whether it is a video's.
        image: what was labeled, or its file; without one the canvas is blank.
        size: what the service says of the image, width and height in pixels: that of the blank canvas. An image in a
            file whose EXIF orientation gives it these sides is turned. Pictures have at most 2048 pixels a side.
        view: the frame of a video or the page of a PDF; by default the one with most shapes.
        font: a file of a font (TrueType or OpenType), which is used for what it has; for the rest, the font that comes
            with the package and those of the system are.

    Returns:
        An RGB image: the canvas, and below it the answers that have no place in it.

    Raises:
        LabelError: the label has no content, or it is no object.
        SourceError: the file is not an image, or not a font.

    >>> corners = [{"x": 0.25, "y": 0.75}, {"x": 0.25, "y": 0.25}, {"x": 0.75, "y": 0.25}, {"x": 0.75, "y": 0.75}]
    >>> box = {"type": "rectangle", "categories": [{"name": "CAR"}], "boundingPoly": [{"normalizedVertices": corners}]}
    >>> picture = draw_label({"jsonResponse": {"OBJECTS": {"annotations": [box]}}}, size=(200, 100))
    >>> picture.width, picture.getpixel((5, 5)), picture.getpixel((50, 50)) == color_of("OBJECTS", "CAR")
    (200, (246, 246, 246), True)
    """
    opened = opened_image(image, size) if isinstance(image, str | os.PathLike) else image
    known = Ontology.if_given(ontology)
    return draw(drawing_of(label, ontology=known, view=view), known, opened, size, font)


def draw(
    drawing: Drawing,
    ontology: Ontology | None,
    image: Image.Image | None,
    size: Size | tuple[int, int] | None,
    font: str | os.PathLike[str] | None = None,
) -> Image.Image:
    """Draw a drawing."""
    canvas = _canvas(image, size)
    letters = Lettering.of(_letters_px(canvas.size), font)
    for shape in drawing.shapes:
        _tint(canvas, shape, color_of(shape.job, shape.category, ontology))
    pen = ImageDraw.Draw(canvas)
    for shape in drawing.shapes:
        _outline(pen, shape, Size(*canvas.size), color_of(shape.job, shape.category, ontology))
    for shape in drawing.shapes:
        _name(pen, shape, canvas, ontology, letters)
    width = max(canvas.width, _LEAST_FOR_LINES_PX)
    lines = _lines(drawing, letters, width - 2 * _MARGIN_PX)
    names = dict.fromkeys(_shown(shape, ontology) for shape in drawing.shapes)
    note = missing_characters([*names, *lines], font) or ""
    return _with_lines(canvas, width, [*lines, *letters.wrapped(note, width - 2 * _MARGIN_PX)], letters)


def _canvas(image: Image.Image | None, size: Size | tuple[int, int] | None) -> Image.Image:
    width, height = image.size if image is not None else size or _BLANK_SIZE
    shrink = min(1.0, LONGEST_PX / max(width, height, 1))
    wanted = (max(_LEAST_PX, round(width * shrink)), max(_LEAST_PX, round(height * shrink)))
    if image is None:
        return Image.new("RGB", wanted, BLANK)
    return as_rgb(image.copy()) if image.size == wanted else as_rgb(image).resize(wanted)


def _tint(canvas: Image.Image, shape: DrawnShape, color: Color) -> None:
    """Tint the areas of a shape, and leave out their holes."""
    placed = scaled(shape.shape, Size(*canvas.size))
    found = parts(placed)
    box = _pixels(bounds(placed), canvas.size)
    if not found or box is None:
        return
    mask = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
    pen = ImageDraw.Draw(mask)
    for part in found:
        pen.polygon(_flat(part.outer, box), fill=_FILL_ALPHA)
        for hole in part.holes:
            pen.polygon(_flat(hole, box), fill=0)
    canvas.paste(color, box, mask)


def _pixels(box: BoundingBox, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return the pixels of the canvas in a box, as left, top, right and bottom; None where there are none."""
    left, top = max(floor(box.left), 0), max(floor(box.top), 0)
    right, bottom = min(ceil(box.right) + 1, size[0]), min(ceil(box.bottom) + 1, size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


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


def _shown(drawn: DrawnShape, ontology: Ontology | None) -> str:
    return shortened(clean(shown_name(drawn.job, drawn.category, ontology)), _NAME_CHARACTERS)


def _name(
    pen: ImageDraw.ImageDraw, drawn: DrawnShape, canvas: Image.Image, ontology: Ontology | None, letters: Lettering
) -> None:
    """Write the name of a shape above its top left, and within the picture as far as it fits."""
    text = letters.cut(_shown(drawn, ontology), canvas.width - 4)
    if not text:
        return
    box: BoundingBox = bounds(scaled(drawn.shape, Size(*canvas.size)))
    width, height = letters.width_px(text) + 4, letters.line_px
    x, y = min(box.left, canvas.width - width), min(box.top - height, canvas.height - height)
    x, y = max(x, 0), max(y, 0)
    color = color_of(drawn.job, drawn.category, ontology)
    pen.rectangle((x, y, x + width, y + height), fill=color)
    letters.draw(pen, (x + 2, y), text, _ON_COLOR[_brightness(color) > _BRIGHT])


def _brightness(color: Color) -> float:
    red, green, blue = color
    return 0.299 * red + 0.587 * green + 0.114 * blue  # ITU-R BT.601


def _lines(drawing: Drawing, letters: Lettering, width_px: int) -> list[str]:
    """Return the answers of a drawing in lines that fit the width, and no more than can be read."""
    view = () if drawing.view is None else (f"frame or page {drawing.view}",)
    wrapped = (part for line in chain(view, answer_lines(drawing.lines)) for part in letters.wrapped(line, width_px))
    lines = list(islice(wrapped, MOST_LINES + 1))
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], MORE]


def _with_lines(canvas: Image.Image, width_px: int, lines: Sequence[str], letters: Lettering) -> Image.Image:
    """Put lines of text below the canvas."""
    if not lines:
        return canvas
    whole = Image.new("RGB", (width_px, canvas.height + letters.line_px * len(lines) + 6), (255, 255, 255))
    whole.paste(canvas, (0, 0))
    pen = ImageDraw.Draw(whole)
    for number, line in enumerate(lines):
        letters.draw(pen, (_MARGIN_PX, canvas.height + 3 + number * letters.line_px), line, _TEXT)
    return whole


def _letters_px(size: tuple[int, int]) -> int:
    return max(10, min(round(max(size) / 55), size[0] // 16))


def _flat(points: Sequence[Point], box: tuple[int, int, int, int] = (0, 0, 0, 0)) -> list[tuple[float, float]]:
    """Return points counted from the top left of a box."""
    return [(x - box[0], y - box[1]) for x, y in map(_within, points)]


def _within(point: Point) -> tuple[float, float]:
    """Move a point that lies far outside nearer, because the library draws with 32 bits."""
    limit = 4.0 * LONGEST_PX
    return min(max(point.x, -limit), limit), min(max(point.y, -limit), limit)
