"""Datasets in the format ``yolo``: a text for each image, with a line for each object.

A line is a class and numbers in fractions of the image. How many there are says what they mean:

4               the centre, width and height of a box
6, 8, 10, …     the corners of an outline; a rotated box has four
4 and keypoints a box and its keypoints, if ``data.yaml`` has ``kpt_shape``

One number more is the confidence of a model. An image without text has no label, and an empty text is a label without
objects.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count
from pathlib import PurePosixPath
from typing import Any, ClassVar

from attrs import define, field
from msgspec import Struct

from kili_query.datasets.dataset import SOURCE, Content, Dataset, DatasetItem
from kili_query.datasets.files import Files, FolderFiles, OneFile
from kili_query.datasets.interface import OBJECTS, Interface, content_of_objects
from kili_query.datasets.yolo_layout import YoloClasses, YoloFile, YoloLayout, names_classes
from kili_query.errors import MalformedLabelError, SourceError
from kili_query.ontology import Job
from kili_query.ontology.job import JobCategory
from kili_query.places import Place, Problem, ProblemKind

_BOX_NUMBERS = 4
_MOST_CLASSES = 10**9
_LEAST_OUTLINE_NUMBERS = 6
_MARK = b"\xef\xbb\xbf"
_VISIBLE = 2
_CLASS = re.compile(rb"^[^\S\n]*(\S+)", re.MULTILINE)


class _Seen(Struct, frozen=True, gc=False):
    """What counting needs of a file.

    Attributes:
        file: the file.
        keys: the categories of its objects, in order; None for an image without label.
        fault: why they cannot be counted.
    """

    file: YoloFile
    keys: tuple[str, ...] | None
    fault: str = ""


@define(slots=False)
class YoloDataset(Dataset):
    """Labels of YOLO, and the files that name their classes.

    Attributes:
        layout: the files by what they are.
    """

    format: ClassVar[str] = "yolo"
    layout: YoloLayout = field(kw_only=True)
    _interface: Interface = field(factory=Interface, init=False)
    _categories: dict[tuple[str, int | str], JobCategory] = field(factory=dict, init=False)
    _keys: dict[str, dict[bytes, str]] = field(factory=dict, init=False)
    _kept_of: set[str] = field(factory=set, init=False)

    @cached_property
    def jobs(self) -> Sequence[Job]:
        assert self._seen is not None
        return self._interface.jobs()

    def items(self) -> Iterator[DatasetItem | Problem]:
        for one in self._seen:
            if one.fault:
                yield Problem(self.files.place(one.file.label or ""), ProblemKind.MALFORMED, one.fault)
            else:
                yield _Item(self, one.file, one.keys)

    @cached_property
    def _names(self) -> Counter[str]:
        paths = [one.file.path for one in self._seen]
        return Counter([path[path.rfind("/") + 1 :] for path in paths])

    def name(self, file: YoloFile) -> str:
        """Return the name of a label or an image, with its folders where several files have it."""
        name = file.path.rpartition("/")[2]
        if self._names[name] > 1:
            name = file.path
        return name.removesuffix(".txt") if file.image is None else name

    def asset(self, file: YoloFile) -> dict[str, Any]:
        """Return the asset of a label or an image."""
        name = self.name(file)
        asset: dict[str, Any] = {"id": name, "externalId": name}
        if file.image is not None:
            asset["content"] = file.image
        if file.split is not None:
            asset[SOURCE] = {"split": file.split}
        return asset

    # -- all files, seen once

    @cached_property
    def _seen(self) -> list[_Seen]:
        for classes in self.layout.classes:
            self._keys[classes.file] = {}
            for number, name in classes.names.items():
                self._categories[classes.file, number] = self._named(classes, number, name)
        found = [self._see(one) for one in self.layout.members()]
        if splits := sum([one.file.split is not None for one in found]):
            self.kept["split"] = splits
        return found

    def _named(self, classes: YoloClasses, number: int, name: str) -> JobCategory:
        points = () if classes.points is None else _point_names(classes, number)
        again = [one for one in classes.names.items() if one[1] == name and one[0] < number]
        if again:
            reason = f"there are several classes with the name `{name:.80}`"
            self.notes.append(Problem(self.files.place(classes.file, path="names"), ProblemKind.MALFORMED, reason))
        return self._interface.category((name, len(again)), name, points=points)

    def _see(self, file: YoloFile) -> _Seen:
        if file.label is None:
            return _Seen(file, None)
        data = self.files.read(file.label)
        if data.startswith(_MARK):
            data = data[len(_MARK) :]
        lines = data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        known = self._keys[file.classes.file]
        try:
            keys = tuple([known[line.partition(b" ")[0]] for line in lines])
        except KeyError:  # a word that was not met yet, an empty line or a tab
            words = _CLASS.findall(data)
            for number, word in enumerate(words, 1):
                try:
                    known[word] = self._category_of(file, word).key
                except ValueError:
                    return _Seen(file, None, f"the class of object {number} must be a number, not `{_shown(word)}`")
            keys = tuple(map(known.__getitem__, words))
        if data.count(b" ") == _BOX_NUMBERS * len(keys):  # as in nearly all files of boxes
            if keys:
                self._interface.tools["rectangle"] = None
        else:
            for words_in_line in {len(line.split()) for line in lines} - {0}:
                self._note_tools(file.classes, words_in_line - 1)
        return _Seen(file, keys)

    def _note_tools(self, classes: YoloClasses, count: int) -> None:
        is_pose = _is_pose(classes, count)
        for tool in ("pose", "rectangle") if is_pose else ("polygon",) if count > _BOX_NUMBERS + 1 else ("rectangle",):
            self._interface.tools[tool] = None

    def _category_of(self, file: YoloFile, word: bytes) -> JobCategory:
        """Return the category of a class, which is made if no file names it.

        Raises:
            ValueError: it is not a number, or a huge one.
        """
        value = float(word)
        if not abs(value) <= _MOST_CLASSES:
            raise ValueError
        number: int | str = int(value) if value.is_integer() else word.decode()
        key = file.classes.file, number
        found = self._categories.get(key)
        if found is None:
            reason = f"there is no class {number} in `{file.classes.file}`: a category was made for it"
            self.notes.append(Problem(self.files.place(file.label or ""), ProblemKind.MALFORMED, reason))
            found = self._categories[key] = self._interface.category(key, str(number))
        return found

    # -- one label

    def read(self, file: YoloFile) -> Content:
        """Return the whole content of a label.

        Raises:
            MalformedLabelError: a line has another form.
        """
        if file.label is None:
            return {}
        annotations: list[Content] = []
        number = 0
        for at, line in enumerate(self.files.read(file.label).removeprefix(_MARK).split(b"\n"), 1):
            words = line.split()
            if not words:
                continue
            number += 1
            base = {"mid": str(number), "categories": [{"name": self._category_of(file, words[0]).key}]}
            shapes, aside = self._shapes(file, words, f"line {at}", str(number))
            first = {**base, SOURCE: aside} if aside else base
            for shape in shapes:
                annotations.append({**first, **shape})
                first = base
            if aside and f"{file.label}:{at}" not in self._kept_of:
                self._kept_of.add(f"{file.label}:{at}")
                self.kept.update(aside.keys())
        return {OBJECTS: {"annotations": annotations}}

    def _shapes(
        self, file: YoloFile, words: Sequence[bytes], path: str, mid: str
    ) -> tuple[list[Content], dict[str, object]]:
        numbers = _numbers(words[1:], path)
        count = len(numbers)
        aside: dict[str, object] = {}
        if _is_pose(file.classes, count):
            assert file.classes.points is not None
            total, size = file.classes.points
            points = numbers[_BOX_NUMBERS : _BOX_NUMBERS + total * size]
            aside = {"confidence": numbers[-1]} if count > _BOX_NUMBERS + len(points) else {}
            codes = [one.code for one in self._category_of(file, words[0]).points]
            found = list(_points(points, size, codes, mid))
            poses = [{"type": "pose", "points": found}] if found else []
            return [*poses, _rectangle(numbers)], aside
        if count % 2:
            aside = {"confidence": numbers.pop()}
        if len(numbers) == _BOX_NUMBERS:
            return [_rectangle(numbers)], aside
        if len(numbers) < _LEAST_OUTLINE_NUMBERS:
            raise MalformedLabelError(
                "a line must be a class and 4 numbers of a box, or 6 and more of an outline", path
            )
        corners = [{"x": x, "y": y} for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        return [{"type": "polygon", "boundingPoly": [{"normalizedVertices": corners}]}], aside


@define(eq=False)
class _Item(DatasetItem):
    """A label or an image without one: most are asked for their objects alone, and the rest is made later."""

    _dataset: YoloDataset
    _file: YoloFile
    objects: Sequence[str] | None

    @property
    def files(self) -> Files:
        return self._dataset.files

    @property
    def asset(self) -> Mapping[str, Any]:
        return self._dataset.asset(self._file)

    @property
    def label(self) -> Mapping[str, Any] | None:
        return None if self.objects is None else {"id": self._dataset.name(self._file), "labelType": "DEFAULT"}

    @property
    def counted(self) -> Content:
        return {} if self.objects is None else content_of_objects(count(1), self.objects)

    @property
    def place(self) -> Place:
        return self.files.place(self._file.label or self._file.path)

    def read(self) -> Content:
        return self._dataset.read(self._file)


def open_files(files: Files) -> YoloDataset:
    """Open a dataset of YOLO: a folder, an archive, or the file of the folder that names the classes.

    Raises:
        SourceError: no file names the classes, one cannot be read, or a file that was given alone does not name them.
    """
    given = None
    if isinstance(files, OneFile):
        given = PurePosixPath(files.path).name
        if not names_classes(given):
            raise SourceError(
                f"`{files.path}` does not name classes, as `data.yaml`, `classes.txt` and `obj.names` do: give such a"
                " file, or the folder of the dataset"
            )
        files = FolderFiles(str(PurePosixPath(files.path).parent))
    layout = YoloLayout(files, given)
    assert layout.classes
    return YoloDataset(files, PurePosixPath(files.path).stem, layout=layout)


def _is_pose(classes: YoloClasses, count: int) -> bool:
    if classes.points is None:
        return False
    total, size = classes.points
    return count - _BOX_NUMBERS - total * size in (0, 1)


def _point_names(classes: YoloClasses, number: int) -> list[str]:
    assert classes.points is not None
    listed = list(classes.point_names.get(number, ()))
    return [listed[at] if at < len(listed) else str(at + 1) for at in range(classes.points[0])]


def _numbers(words: Sequence[bytes], path: str) -> list[float]:
    found = []
    for word in words:
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise MalformedLabelError(f"must be a number, not `{_shown(word)}`", path)
        found.append(value)
    return found


def _rectangle(numbers: Sequence[float]) -> Content:
    x, y, width, height = numbers[:_BOX_NUMBERS]
    left, right, top, bottom = x - width / 2, x + width / 2, y - height / 2, y + height / 2
    corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
    return {"type": "rectangle", "boundingPoly": [{"normalizedVertices": [{"x": x, "y": y} for x, y in corners]}]}


def _points(numbers: Sequence[float], size: int, codes: Sequence[str], mid: str) -> Iterator[Content]:
    for at in range(0, len(numbers), size):
        x, y, *visible = numbers[at : at + size]
        if x or y or any(visible):
            number = at // size
            code = codes[number] if number < len(codes) else str(number + 1)
            point: Content = {"code": code, "mid": f"{mid}-{code}", "type": "marker", "point": {"x": x, "y": y}}
            yield {**point, SOURCE: {"visibility": visible[0]}} if visible and visible[0] != _VISIBLE else point


def _shown(word: bytes) -> str:
    return word.decode("utf-8", "backslashreplace")[:40]
