"""Read the size of an image from the header of its file, however large the image is.

EXIF orientation is not applied: labels refer to the stored pixels, unless the service states another size. The rotation
in a HEIF file is part of the image, and every reader applies it.
"""

import struct
import warnings
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import imagesize  # type: ignore[import-untyped]  # it has no `py.typed`
from PIL import Image, UnidentifiedImageError

from kili_query.errors import SourceError
from kili_query.labels.geometry import Size

_BOX = slice(4, 8)  # the type of the first box of a HEIF, AVIF or MP4 file
_NOT_AN_IMAGE = "it is not an image that can be read"


def image_size(file: Path | bytes) -> Size:
    """Return the size in pixels.

    Args:
        file: the path of the image, or what its file holds.

    Raises:
        SourceError: the size cannot be read; the message says why.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about large images, because nothing is decompressed
            with _opened(file) as stream, Image.open(stream) as image:
                return Size(*image.size)
    except Image.DecompressionBombError:
        return _in_head(file, is_turned=False)
    except UnidentifiedImageError as error:
        with _opened(file) as stream:
            head = stream.read(_BOX.stop)
        if not head:
            raise SourceError("the file is empty") from error
        if head[_BOX] != b"ftyp":
            raise SourceError(_NOT_AN_IMAGE) from error
        return _in_head(file, is_turned=True)
    except (OSError, ValueError, SyntaxError, RuntimeError) as error:
        raise SourceError(f"{_NOT_AN_IMAGE}: {error}") from error


def _opened(file: Path | bytes) -> BinaryIO:
    return BytesIO(file) if isinstance(file, bytes) else file.open("rb")


def _in_head(file: Path | bytes, *, is_turned: bool) -> Size:
    """Read the size from the header of files that Pillow cannot open."""
    try:
        with _opened(file) as stream:
            found = imagesize.get_info(stream, exif_rotation=is_turned, dpi=False, colors=False, channels=False)
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise SourceError(f"its header cannot be read: {error}") from error
    if found.width < 1 or found.height < 1:
        raise SourceError(_NOT_AN_IMAGE)
    return Size(int(found.width), int(found.height))
