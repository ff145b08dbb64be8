"""The files of a YOLO dataset: which name the classes, which are labels, where the images lie, and their splits.

Only paths inside the dataset count. A path that leads elsewhere, such as the absolute path of another machine or
``../train/images``, is taken from the first of its folders on that the dataset has.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import yaml  # type: ignore[import-untyped]  # it has no annotations
from attrs import define, field, frozen
from msgspec import Struct

from kili_query.datasets.files import Files
from kili_query.datasets.media import IMAGE_SUFFIXES, SPLITS
from kili_query.datasets.raw_json import why_not_json
from kili_query.errors import SourceError

_YAML = (".yaml", ".yml")
_LISTS_OF_NAMES = ("classes.txt", "obj.names")
_KEYS_OF_SPLITS = ("train", "val", "test")
_NO_LABELS = re.compile(r"(?:classes|readme.*|license.*|notes|requirements|train|val|valid|test)\.txt", re.IGNORECASE)
_NUMBERED = re.compile(r"(\d+) (.+)")


@frozen
class YoloClasses:
    """The classes of the labels in a folder.

    Attributes:
        file: the file that names them.
        folder: that of the file, empty or with a slash at its end.
        names: by number.
        points: how many keypoints an object has, and how many numbers each; None where there are none.
        point_names: of the keypoints of a class, by its number.
        folders: of images, each with a slash at its end, and their splits.
    """

    file: str
    folder: str
    names: Mapping[int, str]
    points: tuple[int, int] | None = None
    point_names: Mapping[int, Sequence[str]] = field(factory=dict)
    folders: Mapping[str, str] = field(factory=dict)


@frozen
class _Folder:
    """A folder of labels: their classes and split, and where the images may be."""

    classes: YoloClasses
    images: tuple[str, ...]
    split: str | None


class YoloFile(Struct, frozen=True, gc=False):
    """A label, or an image without one; there may be many, and the garbage collector need not look at them.

    Attributes:
        label: the path of its text; None if there is none.
        image: the path of its image; None if it is not there.
        classes: of its folder.
        split: its split; None where it has none.
    """

    label: str | None
    image: str | None
    classes: YoloClasses
    split: str | None

    @property
    def path(self) -> str:
        """The path that stands for it."""
        return self.image or self.label or ""


@define(slots=False)
class YoloLayout:
    """The files of a dataset, sorted out by their paths.

    Attributes:
        files: the files.
        given: the file that names the classes, if it was given alone; it counts, whatever else is beside it.
    """

    files: Files
    given: str | None = None
    _known: dict[str, _Folder] = field(factory=dict, init=False)

    @cached_property
    def classes(self) -> list[YoloClasses]:
        """The files that name classes, one for each folder; of several, the given one or ``data.yaml`` counts.

        Raises:
            SourceError: one cannot be read, or there is none.
        """
        found: dict[str, YoloClasses] = {}
        named = [name for name in self.files.names if name.endswith((*_YAML, *_LISTS_OF_NAMES))]
        for name in sorted(named, key=lambda name: (name != self.given, not name.endswith("data.yaml"), name)):
            folder, _, file = name.rpartition("/")
            if folder not in found and names_classes(file):
                one = self._read_yaml(name) if file.endswith(_YAML) else self._read_list(name)
                if one is None and name == self.given:
                    raise SourceError(f"`{self.files.full_name(name)}` has no `names` of classes")
                if one is not None:
                    found[folder] = one
        if not found:
            raise SourceError(
                f"`{self.files.path}` has no file that names classes: a `data.yaml` with `names`, `classes.txt` or"
                " `obj.names`"
            )
        return list(found.values())

    def members(self) -> Iterator[YoloFile]:
        """Yield labels, in the order of their paths, and then images without one."""
        images, labels = self._images_and_labels
        with_label = set()
        for label in labels:
            folder, slash, name = label.rpartition("/")
            about = self._about(folder + slash)
            stem = name.removesuffix(".txt")
            image = next((one for place in about.images if (one := place + stem) in images), None) if images else None
            if image is not None:
                with_label.add(image)
            split = about.split
            if split is None and image is not None:
                split = _split_of_image(images[image], about.classes)
            yield YoloFile(label, None if image is None else images[image], about.classes, split)
        for stem, path in images.items():
            if stem not in with_label:
                classes = self._classes_of(path)
                yield YoloFile(None, path, classes, _split_of_image(path, classes) or _named_split(path))

    def _about(self, folder: str) -> _Folder:
        """Return what the labels of a folder have in common."""
        found = self._known.get(folder)
        if found is None:
            classes = self._classes_of(folder)
            own = next((split for one, split in classes.folders.items() if folder.startswith(_with_labels(one))), None)
            places = [*_folders_of_images(folder)]
            if classes.folder:  # perhaps the images of several folders are in one
                places += _folders_of_images(folder.removeprefix(classes.folder))
            found = self._known[folder] = _Folder(classes, tuple(dict.fromkeys(places)), own or _named_split(folder))
        return found

    @cached_property
    def _images_and_labels(self) -> tuple[dict[str, str], list[str]]:
        """The images by their paths without suffix, and the texts that are labels."""
        images, texts = {}, []
        for name in self.files.names:
            if name.endswith(".txt"):
                texts.append(name)
                continue
            stem, suffix = posixpath.splitext(name)
            if suffix.lower() in IMAGE_SUFFIXES:
                images[stem] = name
        labels = [name for name in texts if "/labels/" in f"/{name}"]
        if not labels:
            others = [name for name in texts if not _NO_LABELS.fullmatch(posixpath.basename(name))]
            labels = [name for name in others if name.removesuffix(".txt") in images] or others
        return images, labels

    def _classes_of(self, name: str) -> YoloClasses:
        """Return the classes of the nearest folder above a file; those of the first folder if there are none above."""
        above = [one for one in self.classes if name.startswith(one.folder)]
        return max(above, key=lambda one: len(one.folder)) if above else self.classes[0]

    def _read_yaml(self, name: str) -> YoloClasses | None:
        full_name = self.files.full_name(name)
        try:
            content = yaml.load(self.files.text(name), Loader=yaml.BaseLoader)  # noqa: S506 - it makes text of all
        except RecursionError as error:
            raise SourceError(f"`{full_name}` is {why_not_json(error)}") from error
        except yaml.YAMLError as error:
            raise SourceError(f"`{full_name}` is not YAML: {' '.join(str(error).split())}") from error
        if not isinstance(content, Mapping) or "names" not in content:
            return None
        folder = posixpath.dirname(name)
        names = _names(content["names"], full_name)
        return YoloClasses(
            name,
            f"{folder}/" if folder else "",
            names,
            _shape_of_points(content.get("kpt_shape"), full_name),
            _names_of_points(content.get("kpt_names")),
            self._folders_of_splits(content, folder),
        )

    def _read_list(self, name: str) -> YoloClasses:
        lines = [line.strip() for line in self.files.text(name).splitlines()]
        while lines and not lines[-1]:
            lines.pop()
        folder = posixpath.dirname(name)
        return YoloClasses(name, f"{folder}/" if folder else "", dict(enumerate(_without_numbers(lines))))

    def _folders_of_splits(self, content: Mapping[str, object], folder: str) -> dict[str, str]:
        """Return the folders of images and their splits, without those that are given for several."""
        found: dict[str, set[str]] = {}
        for one, split in self._listed_folders(content, folder):
            found.setdefault(one, set()).add(split)
        return {one: splits.pop() for one, splits in found.items() if len(splits) == 1}

    def _listed_folders(self, content: Mapping[str, object], folder: str) -> Iterator[tuple[str, str]]:
        root = content.get("path")
        for split in _KEYS_OF_SPLITS:
            given = content.get(split)
            for one in given if isinstance(given, list) else [given]:
                if isinstance(one, str) and one:
                    inside = self._inside(posixpath.join(root if isinstance(root, str) else "", one), folder)
                    if inside is not None:
                        yield f"{inside}/", split

    def _inside(self, path: str, folder: str) -> str | None:
        """Return the folder of the dataset that a path means; None if there is none."""
        steps = [step for step in path.replace("\\", "/").split("/") if step not in ("", ".", "..")]
        for start in range(len(steps)):
            for base in dict.fromkeys((folder, "")):
                found = posixpath.join(base, *steps[start:])
                if self.files.has_folder(f"{found}/"):
                    return found
        return None


def names_classes(file: str) -> bool:
    """Return whether a file has the name of one that may name classes."""
    return file.endswith(_YAML) or file in _LISTS_OF_NAMES


def _folders_of_images(labels: str) -> Iterator[str]:
    """Yield where the images of a folder of labels may be.

    >>> list(_folders_of_images("a/labels/train/"))
    ['a/images/train/', 'a/labels/train/', 'images/train/']
    """
    steps = labels.split("/")
    places = [at for at, step in enumerate(steps) if step == "labels"]
    if places:
        yield "/".join([*steps[: places[-1]], "images", *steps[places[-1] + 1 :]])
    yield labels
    if places:
        yield "/".join(["images", *steps[places[-1] + 1 :]])


def _split_of_image(image: str, classes: YoloClasses) -> str | None:
    return next((split for folder, split in classes.folders.items() if image.startswith(folder)), None)


def _named_split(path: str) -> str | None:
    """Return the split that a folder is named by, as in ``labels/train/`` or ``obj_train_data/``."""
    steps = (step.removeprefix("obj_").removesuffix("_data") for step in path.split("/")[:-1])
    return next((step for step in steps if step in SPLITS), None)


def _with_labels(folder: str) -> str:
    """Return the folder of labels for one of images: the last ``images`` in it becomes ``labels``."""
    before, found, after = f"/{folder}".rpartition("/images/")
    return f"{before}/labels/{after}".removeprefix("/") if found else folder


def _names(names: object, full_name: str) -> dict[int, str]:
    listed = dict(enumerate(names)) if isinstance(names, list) else names
    if isinstance(listed, Mapping) and all(isinstance(name, str) for name in listed.values()):
        try:
            return {int(number): name for number, name in listed.items()}
        except ValueError:
            pass
    if names in ("", "{}", "[]"):
        return {}
    raise SourceError(f"`names` of `{full_name}` must be a list of names, or names by their numbers")


def _without_numbers(lines: Sequence[str]) -> list[str]:
    """Return names, which may have their number in front.

    >>> _without_numbers(["0 cat", "1 black dog"]), _without_numbers(["cat", "1 dog"])
    (['cat', 'black dog'], ['cat', '1 dog'])
    """
    found = [_NUMBERED.fullmatch(line) for line in lines]
    numbered = [one[2] for at, one in enumerate(found) if one is not None and int(one[1]) == at]
    return numbered if len(numbered) == len(lines) else list(lines)


def _shape_of_points(shape: object, full_name: str) -> tuple[int, int] | None:
    match shape:
        case None:
            return None
        case [str() as count, str() as size] if count.isdecimal() and size in ("2", "3") and int(count):
            return int(count), int(size)
        case _:
            raise SourceError(f"`kpt_shape` of `{full_name}` must be the number of keypoints, and 2 or 3")


def _names_of_points(names: object) -> dict[int, list[str]]:
    if not isinstance(names, Mapping):
        return {}
    return {
        int(number): [str(one) for one in listed]
        for number, listed in names.items()
        if str(number).isdecimal() and isinstance(listed, list)
    }
