"""Pixels beside fractions, for the format ``kili``.

    boundingPoly[i].normalizedVertices  →  boundingPoly[i].vertices
    point, polyline, points[i].point    →  pointPixels, polylinePixels, points[i].pointPixels

A vertex is ``{"x": x * width, "y": y * height}``, neither rounded nor clamped. Width and height are those of the image
as shown to the labeler: a rotation of the label by 90 or 270 degrees swaps them. On a PDF they are those of the page.
"""

from collections.abc import Mapping
from typing import TypeAlias

from kili_query.counting import is_frame_key
from kili_query.export.asset import Asset, ExportedLabel
from kili_query.export.decoding import size_of
from kili_query.export.errors import NotCompatibleOptions
from kili_query.export.project import LAYERS, Project
from kili_query.labels.geometry import Size
from kili_query.labels.structure import Frame

_TASKS = {"PDF": ("OBJECT_DETECTION", "NAMED_ENTITIES_RECOGNITION")}
_TURNED_DEGREES = (90, 270)

Document: TypeAlias = Mapping[str, object]


def with_pixels(label: ExportedLabel, asset: Asset, project: Project) -> dict[str, object]:
    """Return the content of a label, with pixels beside all fractions of the jobs that draw.

    Raises:
        NotCompatibleOptions: the size of the asset or of a page is not known, or a PDF is turned.
    """
    tasks = _TASKS.get(project.input_type, ("OBJECT_DETECTION",))
    jobs = {job.name for job in project.jobs if job.ml_task in tasks}
    layer = _layer_size(asset) if project.is_labeled_in_pixels else None
    sizes = _Sizes(asset, label, is_pdf=project.input_type == "PDF", layer=layer)
    if label.frames and label.frames[0].number is None:
        return _jobs(label.frames[0], jobs, sizes)
    frames = {frame.number: _jobs(frame, jobs, sizes) for frame in label.frames}
    return {key: frames.get(int(key), value) if is_frame_key(key) else value for key, value in label.response.items()}


def _layer_size(asset: Asset) -> Size:
    """Return the size of the first layer of an image of the earth, to which its fractions refer.

    Raises:
        NotCompatibleOptions: it is not known.
    """
    layers = asset.document.get(LAYERS)
    first = layers[0] if isinstance(layers, list) and layers else None
    size = size_of({"resolution": first})
    if size is None:
        raise NotCompatibleOptions(
            f"its `{LAYERS}` does not tell the width and height of a first layer, so there are no pixels"
        )
    return size


class _Sizes:
    """The sizes to which fractions refer."""

    def __init__(self, asset: Asset, label: ExportedLabel, *, is_pdf: bool, layer: Size | None = None) -> None:
        self._asset = asset
        self._layer = layer
        self._is_pdf = is_pdf
        self._rotation_degrees = label.rotation_degrees
        if is_pdf and label.rotation_degrees in _TURNED_DEGREES:
            raise NotCompatibleOptions(
                "a PDF that was turned for labeling has no pixels: leave out `normalized_coordinates`"
            )

    def whole(self) -> Size | None:
        """Return the size of the asset as it was shown; None for a PDF, whose pages have theirs."""
        if self._is_pdf:
            return None
        size = self._layer or self._asset.size
        if size is None:
            raise NotCompatibleOptions("its `resolution` is not known, so there are no pixels")
        return Size(size.height_px, size.width_px) if self._rotation_degrees in _TURNED_DEGREES else size

    def page(self, number: object) -> Size:
        """Return the size of a page, counted from 1."""
        pages = self._asset.document.get("pageResolutions")
        for page in pages if isinstance(pages, list) else ():
            if isinstance(page, Mapping) and page.get("pageNumber") == number:
                width, height = page.get("width"), page.get("height")
                if isinstance(width, int | float) and isinstance(height, int | float):
                    return Size(int(width), int(height))
        raise NotCompatibleOptions(f"the size of page {number} is not in its `pageResolutions`, so there are no pixels")


def _jobs(frame: Frame, jobs: set[str], sizes: _Sizes) -> dict[str, object]:
    return {name: _job(payload, sizes) if name in jobs else payload for name, payload in frame.jobs.items()}


def _job(payload: object, sizes: _Sizes) -> object:
    listed = payload.get("annotations") if isinstance(payload, Mapping) else None
    if not isinstance(payload, Mapping) or not isinstance(listed, list):
        return payload
    return {**payload, "annotations": [_annotation(one, sizes) for one in listed]}


def _annotation(value: object, sizes: _Sizes) -> object:
    if not isinstance(value, Mapping):
        return value
    changed = dict(value)
    size = sizes.whole()
    if size is not None:
        for key in ("point", "polyline"):
            if key in value:
                changed[f"{key}Pixels"] = _scaled(value[key], size)
        if isinstance(value.get("boundingPoly"), list):
            changed["boundingPoly"] = _rings(value["boundingPoly"], size)
        if isinstance(value.get("points"), list):
            changed["points"] = [_pose_point(one, size) for one in value["points"]]
    elif isinstance(value.get("annotations"), list):
        changed["annotations"] = [_on_pages(one, sizes) for one in value["annotations"]]
    return changed


def _pose_point(value: object, size: Size) -> object:
    return (
        {**value, "pointPixels": _scaled(value["point"], size)}
        if isinstance(value, Mapping) and "point" in value
        else value
    )


def _on_pages(value: object, sizes: _Sizes) -> object:
    """Scale the geometry of a PDF, which is on the pages in `pageNumberArray`."""
    pages = value.get("pageNumberArray") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(pages, list):
        return value
    changed = dict(value)
    for key in ("polys", "boundingPoly"):
        rings = value.get(key)
        if isinstance(rings, list):
            changed[key] = [_ring(ring, sizes.page(page)) for ring, page in zip(rings, pages, strict=False)] + rings[
                len(pages) :
            ]
    return changed


def _rings(value: object, size: Size) -> object:
    return [_rings(one, size) for one in value] if isinstance(value, list) else _ring(value, size)


def _ring(value: object, size: Size) -> object:
    if not isinstance(value, Mapping) or "normalizedVertices" not in value:
        return value
    return {**value, "vertices": _scaled(value["normalizedVertices"], size)}


def _scaled(value: object, size: Size) -> object:
    """Scale points to pixels, in lists of any depth; other values are unchanged."""
    if isinstance(value, list):
        return [_scaled(one, size) for one in value]
    match value:
        case {"x": int() | float() as x, "y": int() | float() as y}:
            return {"x": x * size.width_px, "y": y * size.height_px}
        case _:
            return value
