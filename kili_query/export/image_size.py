"""The size of an image, from the head of its file. EXIF orientation is not applied: labels are not turned by it."""

from pathlib import Path

from PIL import Image, UnidentifiedImageError

from kili_query.labels.geometry import Size

__all__ = ["image_size"]


def image_size(path: Path) -> Size | None:
    """The size in pixels; None for what is no image that Pillow reads."""
    try:
        with Image.open(path) as image:
            return Size(*image.size)
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError):
        return None
