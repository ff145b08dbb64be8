"""Datasets in the format ``pascal_voc``: an XML file for each image, with a box in pixels for each object.

``difficult``, ``truncated`` and ``occluded`` are flags. ``pose`` and what CVAT lists under ``attributes`` are
attributes. Edges are taken as they are written, from ``xmin`` to ``xmax``. An image without XML has no label.
"""

import math
import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from pathlib import PurePosixPath
from typing import Any, ClassVar, NamedTuple
from xml.etree.ElementTree import Element, ParseError

from attrs import define, field
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from kili_query.datasets.dataset import SOURCE, Content, Dataset, DatasetItem, KnownItem
from kili_query.datasets.files import Files
from kili_query.datasets.interface import OBJECTS, Interface
from kili_query.datasets.media import IMAGE_SUFFIXES
from kili_query.datasets.recognition import files_of
from kili_query.errors import MalformedLabelError, SourceError
from kili_query.labels.geometry import Size
from kili_query.ontology import Job
from kili_query.places import Problem, ProblemKind

_FLAGS = ("difficult", "truncated", "occluded")
_POSE = "pose"
_NO_POSE = "Unspecified"
_NO_CATEGORY = "uncategorized"
_EDGES = ("xmin", "ymin", "xmax", "ymax")
_TURNED = ("cx", "cy", "w", "h", "angle")
_READ_OF_OBJECT = frozenset({"name", "bndbox", "attributes", "polygon", _POSE, *_FLAGS})
_READ_OF_IMAGE = frozenset({"filename", "object", "size"})
_FOLDERS_OF_MASKS = ("SegmentationClass", "SegmentationObject")
_SPLITS = ("train", "val", "test")
_MOST_LEVELS = 20


class _VocSeen(NamedTuple):
    """What counting needs of a file.

    Attributes:
        name: its path.
        external_id: the name of its image.
        asset: what is known of the image.
        annotations: its objects, as `_object` returns them.
    """

    name: str
    external_id: str
    asset: dict[str, Any]
    annotations: list[Content]


@define(slots=False)
class VocDataset(Dataset):
    """XML files of Pascal VOC.

    Attributes:
        names: their paths.
    """

    format: ClassVar[str] = "pascal_voc"
    names: Sequence[str] = field(kw_only=True)
    _interface: Interface = field(factory=Interface, init=False)
    _kept_of: set[str] = field(factory=set, init=False)

    @cached_property
    def jobs(self) -> Sequence[Job]:
        assert self._seen is not None
        return self._interface.jobs()

    def items(self) -> Iterator[DatasetItem | Problem]:
        times = Counter(one.external_id for one in self._seen if not isinstance(one, Problem))
        images = set()
        for one in self._seen:
            if isinstance(one, Problem):
                yield one
                continue
            own = one.external_id if times[one.external_id] == 1 else PurePosixPath(one.name).with_suffix("").as_posix()
            asset = {"id": own, "externalId": one.external_id, **one.asset}
            image = self._media.find(one.external_id, one.name)
            if image is not None:
                images.add(image)
                asset |= self._content(image)
            self._keep(one.name, one.asset.get(SOURCE, {}))
            counted = {OBJECTS: {"annotations": [self._counted(found) for found in one.annotations]}}
            label = {"id": own, "labelType": "DEFAULT"}
            yield KnownItem(asset, label, counted, partial(self._read, one), self.files.place(one.name), self.files)
        yield from self._unlabeled(images)

    def _unlabeled(self, labeled: set[str]) -> Iterator[DatasetItem]:
        for name in self.files.names:
            file = posixpath.basename(name)
            is_image = posixpath.splitext(file)[1].lower() in IMAGE_SUFFIXES
            if is_image and name not in labeled and not any(one in name.split("/") for one in _FOLDERS_OF_MASKS):
                asset = {"id": name, "externalId": file, **self._content(name)}
                yield KnownItem(asset, None, {}, dict, self.files.place(name), self.files)

    def _content(self, image: str) -> dict[str, str]:
        return {"content": image} if self.files.holds(image) else {}

    # -- all files, seen once

    @cached_property
    def _seen(self) -> list[_VocSeen | Problem]:
        splits = self._splits()
        found = [self._see(name, splits) for name in self.names]
        masks = [name for name in self.files.names if any(one in name.split("/") for one in _FOLDERS_OF_MASKS)]
        if masks:
            reason = f"{len(masks)} pictures of masks are not read: their objects are those of the XML files"
            place = self.files.place(posixpath.dirname(masks[0]))
            self.notes.append(Problem(place, ProblemKind.UNKNOWN, reason))
        return found

    def _see(self, name: str, splits: dict[str, list[str]]) -> _VocSeen | Problem:
        place = self.files.place(name)
        try:
            root = self._root(name)
            annotations = [self._object(one, index, name) for index, one in enumerate(root.iterfind("object"))]
            aside = {tag: value for tag, value in _children(root).items() if tag not in _READ_OF_IMAGE}
        except MalformedLabelError as error:
            return Problem(place, ProblemKind.MALFORMED, error.message, error.path)
        except SourceError as error:
            return Problem(place, ProblemKind.BROKEN, str(error))
        stem = PurePosixPath(name).stem
        if listed := splits.get(stem):
            aside["split"] = listed[0] if len(listed) == 1 else listed
        asset: dict[str, Any] = {SOURCE: aside} if aside else {}
        size = _size(root)
        if size is not None:
            asset["resolution"] = {"width": size.width_px, "height": size.height_px}
        return _VocSeen(name, (root.findtext("filename") or "").strip() or stem, asset, annotations)

    def _root(self, name: str) -> Element:
        """Return the root of a file.

        Raises:
            SourceError: it cannot be read, or is not an annotation.
        """
        try:
            root: Element = fromstring(self.files.read(name))
        except DefusedXmlException as error:
            raise SourceError("it declares entities, which are not expanded: write the texts themselves") from error
        except (ParseError, ValueError, LookupError) as error:  # the last two for encodings
            raise SourceError(f"it is truncated or not XML: {error}") from error
        if root.tag != "annotation":
            raise SourceError(f"its root must be `annotation`, not `{root.tag:.40}`")
        return root

    def _object(self, node: Element, index: int, file: str) -> Content:
        """Return an annotation with its category and the values of its attributes, all of which are noted."""
        name = (node.findtext("name") or "").strip()
        category = self._interface.category(name, name or _NO_CATEGORY)
        if not name:
            place = self.files.place(file, path=f"object[{index}]")
            self.notes.append(
                Problem(place, ProblemKind.MALFORMED, "an object has no name: a category was made for it")
            )
        values: dict[str, object] = {}
        for flag in _FLAGS:
            if _is_set(node.findtext(flag)):
                self._interface.attribute(category.key, flag, is_flag=True)
                values[flag] = True
        pose = (node.findtext(_POSE) or "").strip()
        if pose and pose != _NO_POSE:
            values[_POSE] = pose
        for one in node.iterfind("attributes/attribute"):
            values[(one.findtext("name") or "").strip()] = (one.findtext("value") or "").strip()
        for attribute, value in values.items():
            if attribute not in _FLAGS:
                self._interface.see(category.key, attribute, value)
        has_outline = node.find("polygon") is not None
        is_turned = node.find("bndbox") is None and node.find("robndbox") is not None
        self._interface.tools["polygon" if has_outline or is_turned else "rectangle"] = None
        return {"mid": str(index + 1), "category": category.key, "values": values}

    def _splits(self) -> dict[str, list[str]]:
        """Return the splits of each file, as the lists in ``ImageSets`` name them."""
        found: dict[str, list[str]] = {}
        for name in self.files.names:
            steps = PurePosixPath(name)
            if steps.suffix == ".txt" and steps.stem in _SPLITS and "ImageSets" in steps.parts:
                for line in self.files.text(name).split("\n"):
                    stem = line.split(" ")[0].strip()
                    if stem and steps.stem not in found.setdefault(stem, []):
                        found[stem].append(steps.stem)
        return found

    # -- one label

    def _counted(self, found: Content) -> Content:
        children = {}
        for name, value in found["values"].items():
            attribute = self._interface.attributes.get(name)
            answer = None if attribute is None else attribute.answer(value)
            if attribute is not None and answer is not None:
                children[attribute.job] = answer
        fields = {"mid": found["mid"], "categories": [{"name": found["category"]}]}
        return {**fields, "children": children} if children else fields

    def _read(self, seen: _VocSeen) -> Content:
        """Return the whole content of a label.

        Raises:
            MalformedLabelError: a box has another form, or the size of the image is not known.
        """
        root = self._root(seen.name)
        size = _size(root) or self._media.size(seen.external_id, seen.name)
        annotations = []
        for index, (node, found) in enumerate(zip(root.iterfind("object"), seen.annotations, strict=True)):
            path = f"object[{index}]"
            aside = {tag: value for tag, value in _children(node).items() if tag not in _READ_OF_OBJECT}
            shape, own = _shape(node, size, path)
            aside = {**{tag: value for tag, value in aside.items() if tag not in own}, **own}
            self._keep(f"{seen.name} {path}", aside)
            annotations.append({**self._counted(found), **shape, **({SOURCE: aside} if aside else {})})
        return {OBJECTS: {"annotations": annotations}}

    def _keep(self, owner: str, aside: dict[str, Any]) -> None:
        """Count what is kept, once for each owner, however often it is read."""
        if aside and owner not in self._kept_of:
            self._kept_of.add(owner)
            self.kept.update(aside.keys())


def open_files(files: Files) -> VocDataset:
    """Open a dataset of Pascal VOC.

    Raises:
        SourceError: it has no XML file.
    """
    names = files_of(files, VocDataset.format)
    if not names:
        raise SourceError(f"`{files.path}` has no XML file with `annotation` as its root")
    return VocDataset(files, PurePosixPath(files.path).stem, names=names)


def _is_set(text: str | None) -> bool:
    return text is not None and text.strip().lower() not in ("", "0", "false", "no", _NO_POSE.lower())


def _children(node: Element, level: int = 0) -> dict[str, Any]:
    """Return the children of a node by their tags, without empty ones; those that share a tag are a list.

    Raises:
        MalformedLabelError: they are nested too deeply.
    """
    if level > _MOST_LEVELS:
        raise MalformedLabelError(f"elements are nested deeper than {_MOST_LEVELS} levels")
    found: dict[str, Any] = {}
    for child in node:
        value = _children(child, level + 1) if len(child) else (child.text or "").strip()
        if value in ("", {}):
            continue
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found


def _size(root: Element) -> Size | None:
    """Return the size of the image, where it is written."""
    try:
        width, height = (float(root.findtext(f"size/{side}") or 0) for side in ("width", "height"))
    except ValueError:
        return None
    is_known = math.isfinite(width * height) and width >= 1 and height >= 1
    return Size(int(width), int(height)) if is_known else None


def _shape(node: Element, size: Size | None, path: str) -> tuple[Content, dict[str, Any]]:
    """Return the shape of an object as fields of an annotation, and what is kept of it."""
    box, turned = node.find("bndbox"), node.find("robndbox")
    outline = node.find("polygon")
    if outline is not None:
        aside = {} if box is None else {"bndbox": _children(box)}
        return _drawn("polygon", _outline(outline, f"{path}.polygon"), size, f"{path}.polygon"), aside
    if box is not None:
        left, top, right, bottom = _numbers(box, _EDGES, f"{path}.bndbox")
        ring = [(left, bottom), (left, top), (right, top), (right, bottom)]
        return _drawn("rectangle", ring, size, f"{path}.bndbox"), {}
    if turned is not None:
        x, y, width, height, angle = _numbers(turned, _TURNED, f"{path}.robndbox")
        ring = [
            (x + dx * math.cos(angle) - dy * math.sin(angle), y + dx * math.sin(angle) + dy * math.cos(angle))
            for dx, dy in (
                (-width / 2, height / 2),
                (-width / 2, -height / 2),
                (width / 2, -height / 2),
                (width / 2, height / 2),
            )
        ]
        return _drawn("polygon", ring, size, f"{path}.robndbox"), {"robndbox": {"angle": angle}}
    return {}, {}


def _outline(node: Element, path: str) -> list[tuple[float, float]]:
    """Return the corners of an outline, written as ``x1``, ``y1``, ``x2`` and so on, or as ``pt`` elements."""
    points = node.findall("pt")
    if points:
        return [(x, y) for one in points for x, y in [_numbers(one, ("x", "y"), path)]]
    count = sum(child.tag.startswith("x") for child in node)
    numbers = _numbers(node, [f"{axis}{at}" for at in range(1, count + 1) for axis in "xy"], path)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _drawn(kind: str, ring: Sequence[tuple[float, float]], size: Size | None, path: str) -> Content:
    if size is None:
        raise MalformedLabelError("is in pixels, and the size of the image is not known", path)
    vertices = [{"x": x / size.width_px, "y": y / size.height_px} for x, y in ring]
    return {"type": kind, "boundingPoly": [{"normalizedVertices": vertices}]}


def _numbers(node: Element, names: Sequence[str], path: str) -> list[float]:
    found = []
    for name in names:
        text = (node.findtext(name) or "").strip()
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise MalformedLabelError(f"must be a number, not `{text:.40}`", f"{path}.{name}")
        found.append(value)
    return found
