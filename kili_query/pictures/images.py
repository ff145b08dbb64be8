"""Images as they are drawn upon: in eight bits of red, green and blue, turned as the labels are."""

import os
import struct
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from kili_query.errors import SourceError

BLANK = (246, 246, 246)
LONGEST_PX = 2048
_ORIENTATION = 0x0112  # the tag of EXIF
_MIDDLE = 128
_MOST_PIXELS = 2 * 89_478_485  # what Pillow opens
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, RuntimeError, struct.error)  # by Pillow


def opened_image(path: str | os.PathLike[str], size: tuple[int, int] | None = None) -> Image.Image:
    """Open the image in a file, in eight bits of red, green and blue; of several images, the first.

    Args:
        path: the file.
        size: what the service says of its width and height. Where these are the sides of the image turned by its EXIF
            orientation, it is turned; else it is as it is stored.

    Raises:
        SourceError: there is none, or not one that can be drawn upon.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of many pixels, which are bounded, and of damage that does no harm
            with Image.open(path) as image:
                is_turned = size is not None and tuple(size) == image.size[::-1] != image.size
                image.draft(image.mode, (LONGEST_PX, LONGEST_PX))  # of a huge JPEG, what is drawn is enough
                return as_rgb(ImageOps.exif_transpose(image) if is_turned and _turns(image) else image)
    except FileNotFoundError as error:
        raise SourceError.of(os.fspath(path), error) from error
    except Image.DecompressionBombError as error:
        reason = f"has more than {_MOST_PIXELS:,} pixels, which is the most that is drawn upon: shrink it first"
        raise SourceError(f"`{os.fspath(path)}` {reason}") from error
    except UnidentifiedImageError as error:
        raise SourceError(f"`{os.fspath(path)}` is not an image that can be read") from error
    except _BROKEN as error:
        raise SourceError.of(os.fspath(path), error) from error


def _turns(image: Image.Image) -> bool:
    """Whether its EXIF orientation exchanges its sides."""
    return image.getexif().get(_ORIENTATION) in (5, 6, 7, 8)


def as_rgb(image: Image.Image) -> Image.Image:
    """Convert an image to eight bits of red, green and blue. Greys of more bits fill the whole range; what can be seen
    through lies on the canvas.

    >>> deep = Image.new("I;16", (2, 1), 1000)
    >>> deep.putpixel((1, 0), 5000)
    >>> as_rgb(deep).getpixel((0, 0)), as_rgb(deep).getpixel((1, 0))
    ((0, 0, 0), (255, 255, 255))
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _scaled(image).convert("RGB")
    if image.has_transparency_data:
        above = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, (*BLANK, 255)), above).convert("RGB")
    return image.convert("RGB")


def _scaled(image: Image.Image) -> Image.Image:
    """Scale an image of one channel, so that its least value is black and its greatest white."""
    values = np.asarray(image, dtype=np.float32)
    known = values[np.isfinite(values)]
    least, most = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if most <= least:
        return Image.new("L", image.size, _MIDDLE)
    spread = (np.nan_to_num(values, nan=least, posinf=most, neginf=least) - least) / (most - least)
    return Image.fromarray(np.round(spread * 255).astype(np.uint8))
