"""Contact sheets: many pictures in a grid, with a line below each."""

import os
from collections.abc import Iterable
from math import ceil

from attrs import frozen
from PIL import Image, ImageDraw

from kili_query.pictures.lettering import Lettering
from kili_query.wording import shortened

_GAP_PX = 8
_CAPTION_PX = 16
_LETTERS_PX = 12
_CAPTION_CHARACTERS = 500
_MOST_COLUMNS = 4


@frozen
class Tile:
    """A picture and what it is called."""

    picture: Image.Image
    caption: str


def contact_sheet(
    tiles: Iterable[Tile],
    *,
    columns: int | None = None,
    tile_px: int = 320,
    font: str | os.PathLike[str] | None = None,
) -> Image.Image:
    """Put all pictures into one, row by row.

    Args:
        tiles: the pictures; each is shrunk to its place.
        columns: pictures in a row; by default at most 4.
        tile_px: the sides of a place, in pixels.
        font: a file of a font for captions, as in `draw_label`.

    Raises:
        ValueError: there is no picture, or a number is not above 0.
        SourceError: the file is not a font.

    >>> red = Tile(Image.new("RGB", (100, 50), "red"), "red")
    >>> contact_sheet([red, red, red], columns=2, tile_px=64).size
    (152, 184)
    """
    shown = [(_thumbnail(tile.picture, tile_px), tile.caption) for tile in tiles]
    if not shown or tile_px < 1 or (columns is not None and columns < 1):
        raise ValueError("a contact sheet needs at least one picture, and columns and sizes above 0")
    across = min(len(shown), columns or min(_MOST_COLUMNS, ceil(len(shown) ** 0.5)))
    down = ceil(len(shown) / across)
    step = (tile_px + _GAP_PX, tile_px + _CAPTION_PX + _GAP_PX)
    sheet = Image.new("RGB", (_GAP_PX + across * step[0], _GAP_PX + down * step[1]), "white")
    pen, letters = ImageDraw.Draw(sheet), Lettering.of(_LETTERS_PX, font)
    for number, (picture, whole) in enumerate(shown):
        x, y = _GAP_PX + number % across * step[0], _GAP_PX + number // across * step[1]
        sheet.paste(picture, (x + (tile_px - picture.width) // 2, y + (tile_px - picture.height) // 2))
        caption = letters.cut(shortened(whole, _CAPTION_CHARACTERS), tile_px)
        letters.draw(pen, (x, y + tile_px + 1), caption, (32, 32, 32))
    return sheet


def _thumbnail(picture: Image.Image, tile_px: int) -> Image.Image:
    small = picture.copy()
    small.thumbnail((tile_px, tile_px))
    return small
