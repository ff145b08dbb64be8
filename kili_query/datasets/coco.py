"""Datasets in the format ``coco``: objects, keypoints, panoptic masks and captions, in one JSON file or in several.

Files that describe the same images become one label of each image: an image is the same where its id and its file name
are, and an object of it where its id, its category and its box are. An image without annotations has a label without
objects, because a file of COCO says all about its images.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

from attrs import define, field
from msgspec import UNSET, Raw, UnsetType

from kili_query.datasets.coco_file import CocoFile, CocoObject, Row
from kili_query.datasets.coco_shapes import picture_of, segment_areas, shapes_of, tools_of
from kili_query.datasets.dataset import SOURCE, Content, Dataset, DatasetItem, KnownItem
from kili_query.datasets.drawing import LONGEST_PX
from kili_query.datasets.files import Files
from kili_query.datasets.interface import OBJECTS, Interface, content_of_objects, is_value
from kili_query.datasets.raw_json import value_of
from kili_query.datasets.recognition import files_of
from kili_query.errors import MalformedLabelError, SourceError
from kili_query.labels.geometry import Size
from kili_query.ontology import Job
from kili_query.ontology.job import JobCategory
from kili_query.places import Place, Problem, ProblemKind

if TYPE_CHECKING:
    from kili_query.datasets.masks import Picture

_ID = (int, str, float)
_CAPTION = "CAPTION"
_CROWD = "iscrowd"
_NO_CATEGORY = "uncategorized"

_Row: TypeAlias = tuple[CocoFile, int, int | None]
"""An object: its file, the row of its annotation there, and its number in the segments of a panoptic mask."""

_READ_OF_IMAGE = frozenset({"id", "file_name", "width", "height"})
_READ_OF_OBJECT = frozenset(
    {"id", "image_id", "category_id", "bbox", "segmentation", "keypoints", "num_keypoints", "attributes", "iscrowd"}
)
_SHAPES = ("bbox", "segmentation", "keypoints")
_READ_OF_CATEGORY = frozenset({"id", "name", "color", "keypoints"})


@define(eq=False)
class _Image:
    """An image, which several files may describe.

    Attributes:
        id: of the asset.
        external_id: its file name.
        file: the first one that names it.
        number: its row there, among the images, or among the annotations if only these name it.
        is_listed: whether the file lists it.
        rows: where its objects are: for those of its own file, which are nearly all, the row alone.
        captions: the files and rows of its captions.
        fault: why its objects cannot be counted.
        is_plain: whether each of its rows is that of an object in its file, with an id and a category that the file
            lists, and without attributes.
    """

    id: str
    external_id: str
    file: CocoFile
    number: int
    is_listed: bool = True
    rows: list[int | _Row] = field(factory=list)
    captions: list[tuple[CocoFile, int]] = field(factory=list)
    fault: MalformedLabelError | None = None
    is_plain: bool = True

    @property
    def path(self) -> str:
        """Where it stands in its file."""
        return f"{'images' if self.is_listed else 'annotations'}[{self.number}]"

    @property
    def row(self) -> Row:
        """The image as its file writes it; empty for one that the file does not list."""
        return (self.file.images[self.number] if self.is_listed else None) or {}

    @property
    def size(self) -> Size | None:
        """The size in pixels, where its file says it."""
        return _size(self.row)


class _Object(NamedTuple):
    """An object of an image.

    Attributes:
        at: where it is.
        fields: what counting needs.
        category: its category.
        mid: its id in the label.
    """

    at: _Row
    fields: CocoObject
    category: JobCategory
    mid: str

    @property
    def box(self) -> object:
        """Its box, as it is written."""
        file, row, segment = self.at
        written = file.row(row)
        return (written if segment is None else written["segments_info"][segment]).get("bbox")

    def is_same(self, other: "_Object") -> bool:
        """Return whether another one with the same id is this object, in another file."""
        return self.at[0] is not other.at[0] and self.category.key == other.category.key and self.box == other.box


@define(slots=False)
class CocoDataset(Dataset):
    """Images, categories and annotations of COCO.

    Attributes:
        parts: the JSON files.
    """

    format: ClassVar[str] = "coco"
    parts: Sequence[CocoFile] = field(kw_only=True)
    _interface: Interface = field(factory=Interface, init=False)
    _images: list[_Image] = field(factory=list, init=False)
    _broken: list[Problem] = field(factory=list, init=False)
    _categories: dict[str, dict[Any, JobCategory]] = field(factory=dict, init=False)
    _keys: dict[str, dict[Any, str]] = field(factory=dict, init=False)
    _aside: dict[str, Row] = field(factory=dict, init=False)
    _picture: tuple[str, "Picture"] | None = field(default=None, init=False, repr=False)
    _counted_once: set[str] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        known: dict[tuple[str, str], _Image] = {}
        taken: set[str] = set()
        for file in self.parts:
            categories = self._categories[file.name] = self._categories_of(file)
            self._keys[file.name] = {given: one.key for given, one in categories.items()}
            by_id = self._images_of(file, known, taken)
            self._see(file, by_id, taken)

    @cached_property
    def jobs(self) -> Sequence[Job]:
        for file in self.parts:
            for tool in self._tools(file):
                self._interface.tools[tool] = None
        return self._interface.jobs()

    @property
    def named_jobs(self) -> Sequence[Job]:
        return self._interface.jobs()

    def items(self) -> Iterator[DatasetItem | Problem]:
        yield from self._broken
        for image in self._images:
            yield self._plain(image) or self._item(image)

    def _item(self, image: _Image) -> DatasetItem | Problem:
        try:
            counted = self._content(image, map(self._fields, self._objects(image)))
        except MalformedLabelError as error:
            return Problem(self.place(image), ProblemKind.MALFORMED, error.message, error.path)
        read = partial(self.read, image)
        return KnownItem(self.asset(image), _label(image), counted, read, self.place(image), self.files)

    def _plain(self, image: _Image) -> "_PlainItem | None":
        """Return the item of an image whose objects are nothing unusual, without looking further than at their ids."""
        if not image.is_plain:
            return None
        keys = self._keys[image.file.name]
        listed: Any = image.file.annotations  # where each of its rows is one, because it is plain
        objects: list[CocoObject] = [listed[row] for row in image.rows]
        if not image.file.has_unique_ids and len({str(one.id) for one in objects}) < len(objects):
            return None
        return _PlainItem(self, image, [keys[one.category_id] for one in objects], objects)

    @property
    def project(self) -> dict[str, object]:
        source = {"format": self.format, **({"categories": self._aside} if self._aside else {})}
        return {**super().project, SOURCE: source}

    # -- what the files hold, seen once

    def _categories_of(self, file: CocoFile) -> dict[Any, JobCategory]:
        """Return the categories of a file by their ids; those of the same name in several files are the same."""
        found: dict[Any, JobCategory] = {}
        times: Counter[object] = Counter()
        for row in file.categories:
            name = row.get("name")
            shown = name if isinstance(name, str) and name else str(row["id"])
            identity = (shown, str(row.get("supercategory")))
            times[identity] += 1
            points = row.get("keypoints")
            listed = [str(one) for one in points] if isinstance(points, list) else ()
            category = found[row["id"]] = self._interface.category(
                (*identity, times[identity]), shown, color=_color(row.get("color")), points=listed
            )
            if times[identity] > 1:
                reason = f"there are several categories with the name `{shown:.80}`: this one is `{category.key}`"
                self._note(self.files.place(file.name, path="categories"), reason)
            aside = {key: value for key, value in row.items() if key not in _READ_OF_CATEGORY}
            if aside:
                self._aside[category.key] = aside
                self._keep(f"{file.name}: category {row['id']}", aside)
        return found

    def _images_of(self, file: CocoFile, known: dict[tuple[str, str], _Image], taken: set[str]) -> dict[Any, _Image]:
        """Return the images of a file by their ids; those that other files name too are the same."""
        by_id: dict[Any, _Image] = {}
        new: list[Row] = []
        for number, one in enumerate(file.images):
            given = None if one is None else one.get("id")
            if one is None or not isinstance(given, _ID):
                place = self.files.place(file.name, path=f"images[{number}]")
                self._broken.append(Problem(place, ProblemKind.BROKEN, "an image must be an object with an `id`"))
                continue
            own, name = str(given), one.get("file_name")
            if not isinstance(name, str) or not name:
                name = own
            identity = own, name
            image = known.get(identity)
            if image is None:
                new.append(one)
                image = known[identity] = _Image(_untaken(own, file.split, taken), name, file, number)
                self._images.append(image)
            if given in by_id:
                reason = f"the image id `{given}` occurs more than once: annotations belong to the first"
                place = self.files.place(file.name, path=f"images[{number}]")
                self.notes.append(Problem(place, ProblemKind.MALFORMED, reason))
            by_id.setdefault(given, image)
        held = Counter(chain.from_iterable(new))
        held["split"] += 0 if file.split is None else len(new)
        self.kept += Counter({key: times for key, times in held.items() if key not in _READ_OF_IMAGE})
        return by_id

    def _see(self, file: CocoFile, by_id: dict[Any, _Image], taken: set[str]) -> None:
        """Go through all annotations of a file once."""
        categories, unset = self._categories[file.name], UNSET
        rows_of = {given: image.rows for given, image in by_id.items() if image.file is file}
        for row, one in enumerate(file.annotations):
            try:
                if (
                    one.category_id in categories  # type: ignore[union-attr]
                    and not one.iscrowd  # type: ignore[union-attr]
                    and one.caption is one.attributes is one.segments_info is unset  # type: ignore[union-attr]
                    and one.id is not None  # type: ignore[union-attr]
                ):
                    rows_of[one.image_id].append(row)  # type: ignore[union-attr]
                    continue
            except (AttributeError, KeyError, TypeError):  # no object, no such image, or an id that cannot be one
                pass
            self._see_other(file, row, by_id, taken)

    def _see_other(self, file: CocoFile, row: int, by_id: dict[Any, _Image], taken: set[str]) -> None:
        """Note an annotation that is not a plain object of a known image and category."""
        one = file.annotations[row]
        if one is None or not isinstance(one.image_id, _ID):
            place = self.files.place(file.name, path=f"annotations[{row}]")
            reason = "an annotation must be an object with an `image_id`"
            self._broken.append(Problem(place, ProblemKind.BROKEN, reason))
            return
        image = by_id.get(one.image_id)
        if image is None:
            image = by_id[one.image_id] = self._unlisted(file, row, one.image_id, taken)
        image.is_plain = False
        if one.segments_info is not UNSET:
            self._see_segments(file, row, image)
        elif self._is_caption(file, row):
            self._see_caption(file, row, image)
        else:
            at = (file, row, None)
            image.rows.append(at)
            self._see_special(file, one, at)

    def _unlisted(self, file: CocoFile, row: int, image_id: object, taken: set[str]) -> _Image:
        """Return an image for annotations that name one which the file does not list."""
        place = self.files.place(file.name, path=f"annotations[{row}]")
        reason = f"there is no image with the id `{image_id!s:.80}`: its file name and size are not known"
        self.notes.append(Problem(place, ProblemKind.MALFORMED, reason, "image_id"))
        image = _Image(_untaken(str(image_id), file.split, taken), str(image_id), file, row, is_listed=False)
        self._images.append(image)
        return image

    def _is_caption(self, file: CocoFile, row: int) -> bool:
        """Return whether an annotation is about the whole image; some tools give it a category that is not listed."""
        one = file.annotations[row]
        return (
            one is not None
            and one.caption is not UNSET
            and not _has(self._categories[file.name], one.category_id)
            and not any(file.row(row).get(key) for key in _SHAPES)
        )

    def _see_caption(self, file: CocoFile, row: int, image: _Image) -> None:
        image.captions.append((file, row))
        self._interface.text(_caption(len(image.captions)))

    def _see_segments(self, file: CocoFile, row: int, image: _Image) -> None:
        try:
            segments = file.segments(row)
        except MalformedLabelError as error:
            image.fault = error
            return
        image.rows += [(file, row, number) for number in range(len(segments))]
        for number, one in enumerate(segments):
            self._see_special(file, one, (file, row, number))

    def _see_special(self, file: CocoFile, one: CocoObject, at: _Row) -> None:
        """Note an unknown category, a crowd, and attributes."""
        category = self._category_of(file, one, at)
        if one.iscrowd:
            self._interface.attribute(category.key, _CROWD, is_flag=True)
        for name, value in _attributes(one).items():
            self._interface.see(category.key, name, value)

    def _category_of(self, file: CocoFile, one: CocoObject, at: _Row) -> JobCategory:
        """Return the category of an object, which is made if the file does not list it."""
        categories, given = self._categories[file.name], one.category_id
        if _has(categories, given):
            return categories[given]
        shown = _NO_CATEGORY if given is None else str(given)
        if ("", shown) not in categories:
            reason = (
                "an annotation has no category" if given is None else f"there is no category with the id `{shown:.80}`"
            )
            place = self.files.place(file.name, path=_path(at))
            self.notes.append(Problem(place, ProblemKind.MALFORMED, f"{reason}: one was made", "category_id"))
            categories["", shown] = self._interface.category(("", shown), shown)
        return categories["", shown]

    def _tools(self, file: CocoFile) -> Iterator[str]:
        """Yield the tools that would draw the objects of a file."""
        found: set[str] = set()
        for row, one in enumerate(file.annotations):
            if one is not None and one.segments_info is not UNSET:
                found.add("semantic" if self._mask_name(file, row) is not None else "rectangle")
            elif one is not None and not self._is_caption(file, row):
                found.update(tools_of(one))
        return iter(sorted(found))

    def _mask_name(self, file: CocoFile, row: int) -> str | None:
        """Return where the picture of a panoptic mask is: in the folder that is named like the JSON file."""
        name = file.row(row).get("file_name")
        return self._media.find(name, file.name, PurePosixPath(file.name).stem) if isinstance(name, str) else None

    # -- one image

    def place(self, image: _Image) -> Place:
        """Return where an image stands."""
        return self.files.place(image.file.name, path=image.path)

    def asset(self, image: _Image) -> dict[str, Any]:
        """Return the asset of an image."""
        asset: dict[str, Any] = {"id": image.id, "externalId": image.external_id}
        if (size := image.size) is not None:
            asset["resolution"] = {"width": size.width_px, "height": size.height_px}
        content = self._media.find(image.external_id, image.file.name, image.file.split)
        if content is not None:
            asset["content"] = content
        aside = dict(image.row)
        for key in _READ_OF_IMAGE:
            aside.pop(key, None)
        if image.file.split is not None:
            aside["split"] = image.file.split
        if aside:
            asset[SOURCE] = aside
        return asset

    def _objects(self, image: _Image) -> list[_Object]:
        """Return the objects of an image; those of several files that are one have one id.

        Raises:
            MalformedLabelError: a list of segments cannot be read.
        """
        if image.fault is not None:
            raise image.fault
        found: dict[str, _Object] = {}
        objects = []
        for number, found_at in enumerate(image.rows, 1):
            at = (image.file, found_at, None) if isinstance(found_at, int) else found_at
            file, row, segment = at
            one = file.annotations[row] if segment is None else file.segments(row)[segment]
            assert one is not None
            own = _Object(at, one, self._category_of(file, one, at), str(number if one.id is None else one.id))
            before = found.get(own.mid)
            if before is not None and not before.is_same(own):
                own = own._replace(mid=_untaken(own.mid, None, set(found)))
                reason = f"the id `{one.id}` occurs more than once in an image: this object is `{own.mid}`"
                self._note(self.files.place(file.name, path=_path(at)), reason)
            found.setdefault(own.mid, own)
            objects.append(own)
        return objects

    def _content(self, image: _Image, annotations: Iterable[Content]) -> Content:
        content: Content = {}
        if image.rows:
            content[OBJECTS] = {"annotations": list(annotations)}
        for number, (file, row) in enumerate(image.captions, 1):
            name = self._interface.text(_caption(number))
            content[name] = {"text": str(file.row(row)["caption"])}
        return content

    def _fields(self, one: _Object) -> Content:
        """Return what counting needs of an object."""
        fields: Content = {"mid": one.mid, "categories": [{"name": one.category.key}]}
        children = {}
        if one.fields.iscrowd:
            flag = self._interface.attribute(one.category.key, _CROWD, is_flag=True)
            children[flag.job] = flag.answer(value=True)
        for name, value in _attributes(one.fields).items():
            attribute = self._interface.attributes.get(name)
            answer = None if attribute is None else attribute.answer(value)
            if attribute is not None and answer is not None:
                children[attribute.job] = answer
        return {**fields, "children": children} if children else fields

    def read(self, image: _Image) -> Content:
        """Return the whole content of the label of an image.

        Raises:
            MalformedLabelError: a shape has another form, or the size of the image is not known.
        """
        shapes: dict[str, list[Content]] = {}
        annotations: list[Content] = []
        for one in self._objects(image):
            file, row_number, segment = one.at
            row = file.row(row_number)
            drawn = row if segment is None else row["segments_info"][segment]
            try:
                listed = list(self._shapes(image, one, row, drawn))
            except MalformedLabelError as error:
                path = ".".join(filter(None, (_path(one.at), error.path)))
                raise MalformedLabelError(error.message, path) from error
            before = shapes.setdefault(one.mid, [])
            new = [shape for shape in listed if shape not in before]
            if before and not new:
                continue  # another file has the same
            before += new
            fields, aside = self._fields(one), self._aside_of(drawn, listed, image)
            first = {**fields, SOURCE: aside} if aside else fields
            self._keep(f"{file.name}: {_path(one.at)}", aside)
            for shape in new or [{}]:
                annotations.append({**first, **shape})
                first = {"mid": one.mid, "categories": fields["categories"]}
        return self._content(image, annotations)

    def _shapes(self, image: _Image, one: _Object, row: Row, drawn: Row) -> Iterator[Content]:
        file, row_number, segment = one.at
        if segment is None:
            codes = [point.code for point in one.category.points]
            for shape in shapes_of(drawn, self._size(image), codes):
                if "points" in shape:
                    shape["points"] = [{**point, "mid": f"{one.mid}-{point['code']}"} for point in shape["points"]]
                yield shape
            return
        mask = self._mask_name(file, row_number)
        if mask is None:
            self._note(
                self.files.place(file.name, path=f"annotations[{row_number}]"),
                f"the picture of the masks, `{row.get('file_name')!s:.80}`, is not there: their boxes are used",
            )
            yield from shapes_of({"bbox": drawn.get("bbox")}, self._size(image), ())
        else:
            if self._picture is None or self._picture[0] != mask:  # the segments of a picture follow each other
                self._picture = mask, picture_of(self.files, mask)
            yield from segment_areas(self._picture[1], drawn.get("id"))

    def _size(self, image: _Image) -> Size | None:
        """Return the size of an image, read from the image itself if the file does not know it."""
        return image.size or self._media.size(image.external_id, image.file.name, image.file.split)

    def _aside_of(self, row: Row, shapes: Sequence[Content], image: _Image) -> Row:
        """Return what has no counterpart in an annotation."""
        aside = {key: value for key, value in row.items() if key not in _READ_OF_OBJECT}
        box = row.get("bbox")
        if len(shapes) == 1 and shapes[0]["type"] == "rectangle":
            if isinstance(box, list) and aside.get("area") == box[2] * box[3]:
                del aside["area"]
        elif box is not None and not _bounds(shapes, box, image.size):
            aside["bbox"] = box
        given = row.get("attributes")
        other: object = given
        if isinstance(given, dict):
            other = {name: value for name, value in given.items() if not is_value(value)}
        return {**aside, "attributes": other} if other else aside

    def _note(self, place: Place, reason: str, path: str = "") -> None:
        if f"{place} {reason}" not in self._counted_once:
            self._counted_once.add(f"{place} {reason}")
            self.notes.append(Problem(place, ProblemKind.MALFORMED, reason, path))

    def _keep(self, owner: str, aside: Row) -> None:
        """Count what is kept, once for each owner, however often a label is read."""
        if aside and owner not in self._counted_once:
            self._counted_once.add(owner)
            self.kept.update(aside.keys())


@define(eq=False)
class _PlainItem(DatasetItem):
    """An image of which every object is plain: most are asked for their objects alone, and the rest is made later."""

    _dataset: CocoDataset
    _image: _Image
    objects: Sequence[str]
    _rows: Sequence[CocoObject]

    @property
    def files(self) -> Files:
        return self._dataset.files

    @property
    def asset(self) -> Mapping[str, Any]:
        return self._dataset.asset(self._image)

    @property
    def label(self) -> Mapping[str, Any]:
        return _label(self._image)

    @property
    def counted(self) -> Content:
        return content_of_objects([one.id for one in self._rows], self.objects) if self.objects else {}

    @property
    def place(self) -> Place:
        return self._dataset.place(self._image)

    def read(self) -> Content:
        return self._dataset.read(self._image)


def open_files(files: Files) -> CocoDataset:
    """Open a dataset of COCO.

    Raises:
        SourceError: a file cannot be read, or none is there.
    """
    names = files_of(files, CocoDataset.format)
    if not names:
        raise SourceError(f"`{files.path}` has no JSON file with `images` and `annotations`")
    parts = [CocoFile.of(files, name) for name in names]
    titles = [one.title for one in parts if one.title]
    return CocoDataset(files, titles[0] if titles else PurePosixPath(files.path).stem, parts=parts)


def _label(image: _Image) -> Mapping[str, Any]:
    return {"id": image.id, "labelType": "DEFAULT"}


def _size(row: Row) -> Size | None:
    """Return the size of an image, where it is known."""
    width: Any
    height: Any
    width, height = row.get("width"), row.get("height")
    if type(width) not in (int, float) or type(height) not in (int, float) or not (width > 0 and height > 0):
        return None
    return Size(width, height) if max(width, height) <= LONGEST_PX else None


def _caption(number: int) -> str:
    return _CAPTION if number == 1 else f"{_CAPTION}_{number}"


def _untaken(name: str, split: str | None, taken: set[str]) -> str:
    """Return a name that is not taken, and take it: that of the split before it makes it so, or else a number."""
    found, number = name, 1
    if found in taken and split is not None:
        found = f"{split}/{name}"
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found


def _has(categories: dict[Any, JobCategory], given: object) -> bool:
    return isinstance(given, _ID) and given in categories


def _path(at: _Row) -> str:
    return f"annotations[{at[1]}]" + ("" if at[2] is None else f".segments_info[{at[2]}]")


def _value(raw: Raw | UnsetType) -> object:
    return None if raw is UNSET else value_of(raw)


def _attributes(one: CocoObject) -> dict[str, object]:
    found = _value(one.attributes)
    return found if isinstance(found, dict) else {}


def _color(color: object) -> str | None:
    """Return the colour of a category of panoptic masks.

    >>> _color([220, 20, 60])
    '#DC143C'
    """
    match color:
        case [int() as red, int() as green, int() as blue] if all(0 <= one < 256 for one in (red, green, blue)):
            return f"#{red:02X}{green:02X}{blue:02X}"
        case _:
            return None


def _bounds(shapes: Sequence[Content], box: object, size: Size | None) -> bool:
    """Return whether a box is the one around the shapes, to a pixel."""
    corners = [
        corner for shape in shapes for ring in shape.get("boundingPoly", ()) for corner in ring["normalizedVertices"]
    ]
    if size is None or not corners:
        return False
    match box:
        case [int() | float() as left, int() | float() as top, int() | float() as width, int() | float() as height]:
            if not all(abs(one) <= LONGEST_PX for one in (left, top, width, height)):
                return False
            xs, ys = [one["x"] * size[0] for one in corners], [one["y"] * size[1] for one in corners]
            edges = zip((min(xs), min(ys), max(xs), max(ys)), (left, top, left + width, top + height), strict=True)
            return all(abs(a - b) <= 1 for a, b in edges)
        case _:
            return False
