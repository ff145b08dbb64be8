"""What label files are called where readers look for them by the name of their image.

A reader that has ``images/d1/pier.png`` opens ``labels/d1/pier.txt`` or ``labels/d1/pier.xml``: the extension goes.
"""

from kili_query.export.naming import split_extension

__all__ = ["without_image_extension"]

_EXTENSIONS = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".ico", ".jfif", ".jp2", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
)


def without_image_extension(name: str) -> str:
    """A name without the extension of an image, if it has one.

    >>> [without_image_extension(name) for name in ("d1/pier.png", "A.JPG", "v1.2", "clip.mp4", ".png")]
    ['d1/pier', 'A', 'v1.2', 'clip.mp4', '.png']
    """
    stem, extension = split_extension(name)
    return stem if extension.lower() in _EXTENSIONS else name
