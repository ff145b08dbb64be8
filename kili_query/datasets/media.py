"""Where the images of a dataset are: formats name them, and do not say in which folder they are."""

import posixpath
from collections.abc import Iterator

from attrs import define, field

from kili_query.datasets.files import Files
from kili_query.errors import MalformedLabelError, MissingExtraError, SourceError
from kili_query.extras import load
from kili_query.labels.geometry import Size

SPLITS = ("train", "val", "valid", "test")
"""The names of folders that are splits."""

IMAGE_SUFFIXES = frozenset(
    {
        ".avif",
        ".bmp",
        ".dng",
        ".gif",
        ".heic",
        ".jp2",
        ".jpeg",
        ".jpg",
        ".mpo",
        ".pfm",
        ".png",
        ".tif",
        ".tiff",
        ".webp",
    }
)

_FOLDERS = ("", "images", "data", "JPEGImages")


@define
class MediaFinder:
    """Finds files by their names, in the folders where tools put them.

    Attributes:
        files: of the dataset.
    """

    files: Files
    _folders: dict[tuple[str, str | None], list[str]] = field(factory=dict, init=False)

    def find(self, name: str, near: str = "", split: str | None = None) -> str | None:
        """Return the path of a file inside the dataset; None if it is not there.

        Args:
            name: as the dataset writes it.
            near: the path of the file that names it.
            split: the name of its split, which may be the name of a folder too.
        """
        is_plain = name and "/" not in name and "\\" not in name and name[0] != "."
        given = name if is_plain else posixpath.normpath(name.replace("\\", "/")) if name else ".."
        if given.startswith(("/", "..")) or "\0" in given:
            return None
        folders = self._folders.get((near, split))
        if folders is None:
            possible = dict.fromkeys(_folders(near, split))
            folders = self._folders[near, split] = [one for one in possible if self.files.has_folder(one)]
        for index, folder in enumerate(folders):
            if self.files.holds(folder + given):
                folders.insert(0, folders.pop(index))  # where one image lies, the next ones do
                return folder + given
        return None

    def size(self, name: str, near: str = "", split: str | None = None) -> Size | None:
        """Return the size of an image, read from its file; None if it is not there.

        Raises:
            MalformedLabelError: it cannot be read.
        """
        found = self.find(name, near, split)
        if found is None:
            return None
        try:
            return _size(self.files, found)
        except SourceError as error:
            path = self.files.local(found) or self.files.full_name(found)
            raise MalformedLabelError(f"the size of the image `{path}` cannot be read: {error}") from error


def size_of_image(files: Files, name: str) -> Size | None:
    """Return the size of an image of a dataset; None where it cannot be read, which whoever needs it reports."""
    try:
        return _size(files, name)
    except (MissingExtraError, SourceError):
        return None


def _size(files: Files, name: str) -> Size | None:
    """Return the size of an image; None if it is not there.

    Raises:
        SourceError: it cannot be read.
    """
    path = files.local(name)
    if path is None and not files.holds(name):
        return None
    image_size = load("kili_query.labels.image_size", "sizes of images", "export").image_size
    size: Size = image_size(files.read(name) if path is None else path)
    return size


def _folders(near: str, split: str | None) -> Iterator[str]:
    """Yield folders in which an image may lie, each with a slash at its end.

    >>> list(_folders("annotations/instances_val.json", "val"))[:4]
    ['annotations/', 'annotations/val/', 'annotations/images/', 'annotations/images/val/']
    """
    own = posixpath.dirname(near)
    for root in dict.fromkeys((own, posixpath.dirname(own), "")):
        for folder in _FOLDERS:
            for last in ("",) if split is None else ("", split):
                path = posixpath.join(root, folder, last)
                yield f"{path.rstrip('/')}/" if path else ""
