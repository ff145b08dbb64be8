"""From the shapes of COCO to those of annotations: pixels become fractions of the image, and nothing is clipped."""

from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import UNSET

from kili_query.datasets.coco_file import CocoObject
from kili_query.datasets.files import Files
from kili_query.datasets.raw_json import value_of
from kili_query.errors import MalformedLabelError
from kili_query.extras import load
from kili_query.labels.geometry import Size

if TYPE_CHECKING:
    from kili_query.datasets.masks import Picture

Content: TypeAlias = dict[str, Any]
Row: TypeAlias = Mapping[str, Any]
Vertices: TypeAlias = list[dict[str, float]]

_LARGEST = 1e300  # whose sum with another is finite
_BOX_NUMBERS = 4
_KEYPOINT_NUMBERS = 3


def tools_of(one: CocoObject) -> tuple[str, ...]:
    """Return the types of annotations that become of an object, told by the look of its shape.

    >>> from msgspec import Raw
    >>> tools_of(CocoObject(segmentation=Raw(b"[[1,2,3,4,5,6],[7,8,9,10,11,12]]")))
    ('semantic',)
    """
    text = b"" if one.segmentation is UNSET else bytes(one.segmentation)
    if text.startswith(b"{"):
        area = "semantic"
    elif text.startswith(b"[") and text.strip(b"[] \n\r\t"):
        area = "polygon" if text.find(b"[", text.find(b"]")) < 0 else "semantic"
    else:
        area = "rectangle"
    has_pose = one.keypoints is not UNSET and has_keypoints(value_of(one.keypoints))
    return ("pose", area) if has_pose else (area,)


def has_keypoints(keypoints: object) -> bool:
    """Return whether a list of keypoints has one that is set."""
    return isinstance(keypoints, list) and any(keypoints)


def shapes_of(row: Row, size: Size | None, codes: Sequence[str]) -> Iterator[Content]:
    """Yield the shapes of an object, as fields of one annotation each: its keypoints, and its parts or its box.

    Args:
        row: the annotation of COCO.
        size: of the image, where it is known.
        codes: of the keypoints of its category.

    Raises:
        MalformedLabelError: a shape has another form, or the size of the image is not known.
    """
    segmentation, keypoints = row.get("segmentation"), row.get("keypoints")
    has_pose = has_keypoints(keypoints)
    if has_pose:
        yield {"type": "pose", "points": list(_points(keypoints, _known(size, "keypoints"), codes))}
    if isinstance(segmentation, Mapping):
        yield from _areas("semantic", _mask(segmentation), _mask_size(segmentation))
    elif isinstance(segmentation, list) and segmentation and segmentation != [[]]:
        rings = _rings(segmentation)
        kind = "polygon" if len(rings) == 1 else "semantic"
        yield from _areas(kind, [[ring] for ring in rings], _known(size, "segmentation"))
    elif segmentation not in (None, [], [[]]):
        raise MalformedLabelError("must be a list of polygons, or run lengths", "segmentation")
    elif row.get("bbox") is not None:
        yield rectangle(_numbers(row["bbox"], "bbox", _BOX_NUMBERS), _known(size, "bbox"))


def rectangle(box: Sequence[float], size: Size) -> Content:
    """Return the fields of a box, given by left, top, width and height in pixels."""
    left, top, width, height = box
    right, bottom = left + width, top + height
    ring = [(left, bottom), (left, top), (right, top), (right, bottom)]
    return {"type": "rectangle", "boundingPoly": [{"normalizedVertices": _vertices(ring, size)}]}


def segment_areas(picture: "Picture", number: object) -> Iterator[Content]:
    """Yield the parts of a segment in the picture of a panoptic mask, as fields of one annotation each.

    Args:
        picture: the numbers of segments in each pixel.
        number: of the segment.

    Raises:
        MalformedLabelError: it is not a number.
    """
    if not isinstance(number, int):
        raise MalformedLabelError("must be a number, that of the pixels in the picture", "id")
    width, height = picture.shape[1], picture.shape[0]
    return _areas("semantic", _masks().outlines_of_segment(picture, number), Size(width, height))


def picture_of(files: Files, name: str) -> "Picture":
    """Return the numbers of segments in each pixel of a picture.

    Raises:
        MalformedLabelError: it cannot be read.
    """
    picture: Picture | None = _masks().numbers_of_picture(files.beside(name))
    if picture is None:
        raise MalformedLabelError(f"the picture of the masks, `{files.full_name(name)}`, cannot be read")
    return picture


def _masks() -> ModuleType:
    return load("kili_query.datasets.masks", "masks", "masks")


def _areas(kind: str, parts: Sequence[Sequence[Sequence[tuple[float, float]]]], size: Size) -> Iterator[Content]:
    for part in parts:
        yield {"type": kind, "boundingPoly": [{"normalizedVertices": _vertices(ring, size)} for ring in part]}


def _vertices(ring: Sequence[tuple[float, float]], size: Size) -> Vertices:
    width, height = size
    return [{"x": x / width, "y": y / height} for x, y in ring]


def _known(size: Size | None, path: str) -> Size:
    if size is None:
        raise MalformedLabelError("is in pixels, and the size of the image is not known", path)
    return size


def _rings(segmentation: list[Any]) -> list[list[tuple[float, float]]]:
    is_flat = not isinstance(segmentation[0], list)
    rings = [segmentation] if is_flat else segmentation
    found = []
    for index, ring in enumerate(rings):
        path = "segmentation" if is_flat else f"segmentation[{index}]"
        numbers = _numbers(ring, path)
        if len(numbers) % 2:
            raise MalformedLabelError("must be pairs of x and y", path)
        found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return found


def _numbers(value: object, path: str, count: int | None = None) -> list[float]:
    if not isinstance(value, list) or (count is not None and len(value) != count):
        raise MalformedLabelError(f"must be a list of {'' if count is None else f'{count} '}numbers", path)
    for index, one in enumerate(value):
        if type(one) not in (int, float):
            raise MalformedLabelError(f"must be a number, not {one!r:.40}", f"{path}[{index}]")
        if not abs(one) < _LARGEST:
            raise MalformedLabelError(f"must be a finite number, not `{one!s:.40}`", f"{path}[{index}]")
    return value


def _points(keypoints: object, size: Size, codes: Sequence[str]) -> Iterator[Content]:
    numbers = _numbers(keypoints, "keypoints")
    if len(numbers) % _KEYPOINT_NUMBERS:
        raise MalformedLabelError("must be triples of x, y and visibility", "keypoints")
    triples = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    for number, (x, y, visibility) in enumerate(triples):
        if x or y or visibility:
            code = codes[number] if number < len(codes) else str(number + 1)
            point: Content = {"code": code, "type": "marker", "point": {"x": x / size[0], "y": y / size[1]}}
            yield point if visibility == _VISIBLE else {**point, "source": {"visibility": visibility}}


_VISIBLE = 2


def _mask_size(segmentation: Row) -> Size:
    match segmentation.get("size"):
        case [int() as height, int() as width] if height > 0 and width > 0:
            return Size(width, height)
        case _:
            raise MalformedLabelError("must be height and width in pixels", "segmentation.size")


def _mask(segmentation: Row) -> list[Any]:
    size, counts = _mask_size(segmentation), segmentation.get("counts")
    path = "segmentation.counts"
    if isinstance(counts, str):
        try:
            counts = _masks().unpack_counts(counts)
        except ValueError as error:
            raise MalformedLabelError(str(error), path) from error
    numbers = _numbers(counts, path)
    total = size.width_px * size.height_px
    if any(not isinstance(one, int) or one < 0 for one in numbers) or sum(numbers) != total:
        raise MalformedLabelError(f"must be lengths with the sum {total}, the pixels of the image", path)
    masks = _masks()
    found: list[Any] = masks.outlines(masks.mask_of_runs(numbers, size.height_px))
    return found
