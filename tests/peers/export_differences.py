"""In which exports our client differs from the official one, and where ``docs/differences.md`` says so."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from attrs import frozen

from tests.peers.export_archives import Files
from tests.peers.official import LATEST, OLD

__all__ = ["DIFFERENCES", "Difference"]

Row: TypeAlias = dict[str, Any]


@frozen
class Difference:
    """A difference that is meant: each export that it names differs in this.

    Attributes:
        anchor: of the heading in ``docs/differences.md``.
        calls: a pattern of ``section/name``, which all of it has to match.
        versions: of the official client.
        but_for: makes of the files of both what is equal, or less different; None where one of them has no files.
    """

    anchor: str
    calls: str
    but_for: Callable[[Files], Files] | None
    versions: Collection[str] = (OLD, LATEST)

    def is_of(self, section: str, version: str, name: str) -> bool:
        """Whether it names a call."""
        return version in self.versions and re.fullmatch(self.calls, f"{section}/{name}", re.DOTALL) is not None


def _each(pattern: str, change: Callable[[object], object]) -> Callable[[Files], Files]:
    """The files, with what is in those of some names changed."""

    def changed(files: Files) -> Files:
        return {name: change(one) if re.search(pattern, name) else one for name, one in files.items()}

    return changed


def _named(pattern: str, to: str) -> Callable[[Files], Files]:
    """The files, with other names."""
    return lambda files: {re.sub(pattern, to, name): one for name, one in files.items()}


def _anywhere(change: Callable[[Mapping[str, object]], Mapping[str, object]]) -> Callable[[object], object]:
    """All objects in a value, changed, the outer ones first."""

    def changed(value: object) -> object:
        match value:
            case dict():
                return {key: changed(one) for key, one in change(value).items()}
            case list():
                return [changed(one) for one in value]
            case _:
                return value

    return changed


def _without(*keys: str) -> Callable[[object], object]:
    return _anywhere(lambda found: {key: one for key, one in found.items() if key not in keys})


def _without_input_type(lines: object) -> object:
    assert isinstance(lines, list)
    return [line for line in lines if "input type" not in line]


def _without_files(pattern: str) -> Callable[[Files], Files]:
    return lambda files: {name: one for name, one in files.items() if not re.search(pattern, name)}


def _rows_without(pattern: str) -> Callable[[object], object]:
    def changed(rows: object) -> object:
        assert isinstance(rows, list)
        return [row for row in rows if not any(re.search(pattern, one) for one in row)]

    return changed


def _rows_named_alike(rows: object) -> object:
    assert isinstance(rows, list)
    return [[re.sub(_EXTENSION, "", one) for one in row] for row in rows]


def _chain(*changes: Callable[[Files], Files]) -> Callable[[Files], Files]:
    def changed(files: Files) -> Files:
        for change in changes:
            files = change(files)
        return files

    return changed


_COCO = r"labels\.json$"


def _without_info(document: object) -> object:
    assert isinstance(document, dict)
    return {key: one for key, one in document.items() if key not in ("info", "licenses")}


def _with_named_categories(document: object) -> object:
    """A COCO file whose annotations say the names of their categories instead of ids."""
    assert isinstance(document, dict)
    names = {one["id"]: one["name"] for one in document["categories"]}
    categories = sorted([one["name"], one["supercategory"]] for one in document["categories"])
    annotations = [
        {**one, "category_id": names.get(one["category_id"], one["category_id"])} for one in document["annotations"]
    ]
    return {**document, "categories": categories, "annotations": annotations}


def _of_annotations(change: Callable[[Row], Row]) -> Callable[[object], object]:
    def changed(document: object) -> object:
        assert isinstance(document, dict)
        return {**document, "annotations": [change(one) for one in document["annotations"]]}

    return changed


def _with_whole_box(annotation: Row) -> Row:
    box = annotation["bbox"]
    assert isinstance(box, list)
    return {**annotation, "bbox": [int(one) for one in box]}


def _with_rounded_box(annotation: Row) -> Row:
    x, y, width, height = annotation["bbox"]
    left, top, right, bottom = (round(one) for one in (x, y, x + width, y + height))
    return {**annotation, "bbox": [left, top, right - left, bottom - top], "area": round(annotation["area"])}


def _with_images_alike(document: object) -> object:
    """A COCO file whose images do not say which label they are of."""
    assert isinstance(document, dict)
    images = [{**image, "file_name": re.sub(r"_label\d+$", "", image["file_name"])} for image in document["images"]]
    return {**document, "images": [{key: one for key, one in image.items() if key != "label"} for image in images]}


def _without_holes(annotation: Row) -> Row:
    drawn = annotation["segmentation"]
    if isinstance(drawn, list) and len(drawn) == 1:
        return annotation
    return {**annotation, "segmentation": None, "area": None}


def _without_image(name: str) -> Callable[[object], object]:
    """A COCO file without what is drawn on an image."""

    def changed(document: object) -> object:
        assert isinstance(document, dict)
        ids = [one["id"] for one in document["images"] if one["file_name"].endswith(name)]
        return {**document, "annotations": [one for one in document["annotations"] if one["image_id"] not in ids]}

    return changed


def _with_whole_sizes(element: object) -> object:
    """XML whose numbers are whole."""
    assert isinstance(element, list)
    tag, text, children = element
    is_size = tag in ("width", "height")
    return [tag, str(int(float(text))) if is_size else text, [_with_whole_sizes(child) for child in children]]


def _without_path(element: object) -> object:
    assert isinstance(element, list)
    return [element[0], element[1], [child for child in element[2] if child[0] != "path"]]


def _with_base_name(element: object) -> object:
    assert isinstance(element, list)
    children = [
        ["filename", child[1].rpartition("/")[2], []] if child[0] == "filename" else child for child in element[2]
    ]
    return [element[0], element[1], children]


def _of_features(change: Callable[[list[Row]], list[Row]]) -> Callable[[object], object]:
    def changed(collection: object) -> object:
        assert isinstance(collection, dict)
        return {**collection, "features": change(collection["features"])}

    return changed


def _with_rings_alike(features: list[Row]) -> list[Row]:
    """Features whose rings say what they go round, but neither which way nor from where."""

    def alike(geometry: object) -> object:
        if not isinstance(geometry, dict) or geometry["type"] != "Polygon":
            return geometry
        return {**geometry, "coordinates": [sorted(map(tuple, ring[1:])) for ring in geometry["coordinates"]]}

    return [{**one, "geometry": alike(one["geometry"])} for one in features]


def _without_attributes(features: list[Row]) -> list[Row]:
    """Features with what is drawn, and what the label says of it."""
    drawn = [one for one in features if one["geometry"] is not None]
    return [{**one, "properties": {"kili": one["properties"]["kili"]}} for one in drawn]


def _with_usual_answers(features: list[Row]) -> list[Row]:
    """Features without the names of a category that has none, answers without a choice, and children of a root job."""

    def usual(properties: Row) -> Row:
        named = {name: "" if value == "GULL" else value for name, value in properties.items()}
        kept = {name: value for name, value in named.items() if value != [] and not name.startswith("Scene.")}
        return {**kept, "kili": {name: one for name, one in properties["kili"].items() if name != "children"}}

    return [{**one, "properties": usual(one["properties"])} for one in features]


def _without_about(collection: object) -> object:
    assert isinstance(collection, dict)
    return {key: one for key, one in collection.items() if key not in ("kili", "properties")}


def _in_one_order(features: list[Row]) -> list[Row]:
    return sorted(features, key=lambda one: str(one.get("id", one["properties"])))


_DATA = r"^labels/.*\.json$|^data\.json$"
_FILTERED = (
    "of (assets|external ids|a status|ids in part|external ids in filters|external ids by an old name|a search|dates"
    "|an author|metadata)"
)
_RAW = rf"(photos/(kili|raw)( (merged|single_file|in fractions|{_FILTERED}))?|(simple|films|maps)/raw|pictures/raw.*)"
_RAW_IN_PIXELS = "(photos|simple)/raw in pixels"
_COCO_EXPORTS = "(photos|simple|pictures)/coco (split|merged|single_file|modified|with_assets)"
_ALL_COCO = f"{_COCO_EXPORTS}|reviewed/coco latest(_from_last_step)?"
_DRAWN = (
    "photos/(yolo_v. (split|merged|in fractions)|pascal_voc merged)|(simple|films|pictures)/(yolo|pascal).*"
    "|maps/geojson merged"
    "|odd maps/geojson merged"
)
_WRITTEN = f"{_RAW}|{_RAW_IN_PIXELS}|{_COCO_EXPORTS}|{_DRAWN}|texts/raw|photos/raw of an unlabeled asset"


_REVIEWED = r"reviewed/(raw|kili) (?!of an unknown|latest\S* of PREDICTION).*"


def _as_boxes(rows: object) -> object:
    """The lines of YOLO with the box around each outline."""
    assert isinstance(rows, list)
    return sorted(_as_box(*row) for row in rows)


def _as_box(number: float, *numbers: float) -> list[float]:
    if len(numbers) == 4:
        return [number, *(round(one, 6) for one in numbers)]
    xs, ys = numbers[::2], numbers[1::2]
    box = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, max(xs) - min(xs), max(ys) - min(ys)
    return [number, *(round(one, 6) for one in box)]


_EXTENSION = r"\.(png|jpg)(?=\.(txt|xml)$)"

DIFFERENCES = (
    Difference("the-readme-names-the-kind-of-project", _WRITTEN, _each("README", _without_input_type)),
    Difference(
        "pixels-only-when-you-ask-for-them",
        rf"(?!pictures){_RAW}",  # where sizes are known
        _each(_DATA, _without("vertices", "pointPixels", "polylinePixels")),
        (LATEST,),
    ),
    Difference("pixels-only-when-you-ask-for-them", "texts/raw in pixels", None, (LATEST,)),
    Difference(
        "fields-of-labels",
        f"{_RAW}|{_RAW_IN_PIXELS}|texts/raw",
        _each(_DATA, _without("isSentBackToQueue", "jsonResponseUrl")),
        (LATEST,),
    ),
    Difference(
        "files-are-named-after-their-image",
        "(simple|pictures)/yolo_v5.*",
        _chain(_named(_EXTENSION, ""), _each(r"\.csv$", _rows_named_alike)),
        (OLD,),
    ),
    Difference("files-are-named-after-their-image", "(simple|pictures)/pascal_voc.*", _named(_EXTENSION, "")),
    Difference(
        "one-kind-of-line-in-a-yolo-file",
        r"photos/yolo_v. (split|merged|in fractions)|simple/yolo.*",
        _each(r"labels/.*\.txt$", _as_boxes),
    ),
    Difference("metadata-of-coco", _ALL_COCO, _each(_COCO, _without_info)),
    Difference("ids-of-coco", _ALL_COCO, _each(_COCO, _with_named_categories)),
    Difference(
        "boxes-of-coco-are-not-rounded",
        _COCO_EXPORTS,
        _each(_COCO, _of_annotations(_with_whole_box)),
        (OLD,),
    ),
    Difference(
        "boxes-of-coco-are-not-rounded",
        _ALL_COCO,
        _each(_COCO, _of_annotations(_with_rounded_box)),
        (LATEST,),
    ),
    Difference(
        "several-labels-of-an-image-in-coco",
        "reviewed/coco latest_from_last_step",
        _each(_COCO, _with_images_alike),
        (LATEST,),
    ),
    Difference("holes-of-coco", "simple/coco split", _each(_COCO, _of_annotations(_without_holes))),
    Difference("shapes-are-clipped-to-the-image", "simple/coco split", _each(_COCO, _without_image("edge.jpg"))),
    Difference("shapes-are-clipped-to-the-image", "simple/(yolo|pascal).*", _without_files("labels/edge")),
    Difference("rotations-are-undone", "simple/coco split", _each(_COCO, _without_image("turned.jpg")), (OLD,)),
    Difference("rotations-are-undone", "simple/(yolo|pascal).*", _without_files("labels/turned"), (OLD,)),
    Difference("raw-labels-are-unchanged", "simple/raw.*", _without_files("labels/turned"), (LATEST,)),
    Difference("sizes-are-whole-numbers", "(photos|simple)/pascal_voc( merged)?", _each(r"\.xml$", _with_whole_sizes)),
    Difference("paths-of-images", "pictures/pascal_voc.*", _each(r"\.xml$", _without_path), (OLD,)),
    Difference(
        "videos-without-objects",
        "films/yolo_v5.*",
        _chain(
            _without_files(r"labels/film-3"),
            _each(r"\.csv$", _rows_without("film-3")),
            _each("video_meta", _without("film-3")),
        ),
    ),
    Difference("raw-labels-are-unchanged", "films/raw", _without_files("labels/film-3"), (OLD,)),
    Difference("rings-of-geojson", "(odd )?maps/geojson.*", _each(r"\.geojson$", _of_features(_with_rings_alike))),
    Difference("the-order-of-geojson", "maps/geojson.*", _each(r"\.geojson$", _of_features(_in_one_order)), (LATEST,)),
    Difference("metadata-of-geojson", "(odd )?maps/geojson.*", _each(r"\.geojson$", _without_about)),
    Difference(
        "attributes-of-geojson", "maps/geojson.*", _each(r"\.geojson$", _of_features(_without_attributes)), (OLD,)
    ),
    Difference(
        "odd-answers-in-geojson",
        "odd maps/geojson.*",
        _each(r"\.geojson$", _of_features(_with_usual_answers)),
        (LATEST,),
    ),
    Difference(
        "the-readme-names-the-kind-of-project",
        r"reviewed/(raw|kili) (?!of an unknown).*|reviewed/\S+ latest(_from_last_step)?",
        _each("README", _without_input_type),
        (LATEST,),
    ),
    Difference(
        "pixels-only-when-you-ask-for-them",
        _REVIEWED,
        _each(_DATA, _without("vertices", "pointPixels", "polylinePixels")),
        (LATEST,),
    ),
    Difference(
        "fields-of-labels",
        f"(?!.* normal){_REVIEWED}",
        _each(_DATA, _without("isSentBackToQueue", "jsonResponseUrl")),
        (LATEST,),
    ),
    Difference(
        "fields-of-labels",
        f"(?=.* normal){_REVIEWED}",
        _each(_DATA, _without("isSentBackToQueue", "jsonResponseUrl", "isLastForStep")),
        (LATEST,),
    ),
    Difference(
        "sizes-are-whole-numbers",
        "reviewed/pascal_voc latest(_from_last_step)?",
        _each(r"\.xml$", _with_whole_sizes),
        (LATEST,),
    ),
    Difference(
        "labels-in-every-format",
        "reviewed/(coco|yolo|pascal).* (latest_from_all_steps|normal|not sent back)",
        None,
        (LATEST,),
    ),
    Difference("unknown-types-of-exports", "reviewed/raw of an unknown type of export", None, (LATEST,)),
    Difference(
        "the-readme-names-the-kind-of-project",
        "earth/.*|earth in pixels/raw.*",
        _each("README", _without_input_type),
        (LATEST,),
    ),
    Difference(
        "fields-of-labels",
        "earth.*/raw.*",
        _each(_DATA, _without("isSentBackToQueue", "jsonResponseUrl")),
        (LATEST,),
    ),
    Difference("rings-of-geojson", "earth/geojson.*", _each(r"\.geojson$", _of_features(_with_rings_alike)), (LATEST,)),
    Difference("metadata-of-geojson", "earth/geojson.*", _each(r"\.geojson$", _without_about), (LATEST,)),
    Difference("empty-lists-of-assets", "photos/raw of no assets", None),
    Difference("unknown-filters-of-exports", "photos/raw of an unknown filter", None),
)
