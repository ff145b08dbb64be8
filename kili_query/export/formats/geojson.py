"""The format ``geojson``: one FeatureCollection (RFC 7946) for each label, in degrees of longitude and latitude.

An annotation is a feature. Its ``mid`` is the ``id``, and ``properties.kili`` holds its job and everything but the
shape, including categories and children, so that the label can be rebuilt. Beside it are `attributes`, for the tables
of map programs. An answer without a shape is a feature without geometry. Outlines run counterclockwise and holes
clockwise.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from attrs import evolve

from kili_query.errors import MalformedLabelError
from kili_query.export.asset import Asset, ExportedLabel
from kili_query.export.context import Export
from kili_query.export.errors import NotCompatibleInputType
from kili_query.export.format import Entry, Format
from kili_query.export.formats.kili import dump
from kili_query.export.formats.map_attributes import attributes
from kili_query.export.formats.objects import objects, uncrossed
from kili_query.export.project import LAYERS
from kili_query.labels.geometry import Box, Line, Part, Region, Shape
from kili_query.labels.geometry.geojson.features import feature_of
from kili_query.labels.geometry.geojson.geometries import geometry_of
from kili_query.ontology import Job

_DRAWING_TASKS = ("OBJECT_DETECTION", "POSE_ESTIMATION")
_LEAST_POSITIONS = 2

Object: TypeAlias = dict[str, object]


class _GeojsonWriter:
    """Writes a collection for each label."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._jobs = export.project.ontology.jobs
        if export.project.is_labeled_in_pixels:
            raise NotCompatibleInputType("the project is labeled in pixels, which the format `geojson` cannot hold")

    def asset(self, asset: Asset) -> Iterable[Entry]:
        return [
            Entry(f"labels/{asset.file_stem(label)}.geojson", self._collection(asset, label).encode())
            for label in asset.labels
        ]

    def close(self) -> Iterable[Entry]:
        return ()

    def _collection(self, asset: Asset, label: ExportedLabel) -> str:
        features = ", ".join(text for job in self._export.jobs for text in self._features(asset, label, job))
        return f'{{"type": "FeatureCollection", "features": [{features}], "kili": {dump(_about(asset, label))}}}'

    def _features(self, asset: Asset, label: ExportedLabel, job: Job) -> Iterator[str]:
        """Return the features of a job, as JSON; an annotation that cannot be one is reported and left out."""
        if job.ml_task not in _DRAWING_TASKS:
            yield from self._answer(asset, label, job)
            return
        # degrees do not turn with the image
        upright = evolve(label, rotation_degrees=0)
        for one in objects(self._export.annotations(asset, upright, label.frames[0], job=job)):
            try:
                geometry = None if one.type == "vector" else _geometry(one.shape)
                if geometry is None:
                    self._export.leave_out(one)
                else:
                    yield self._dumped(feature_of(one.raw, geometry, job.name), one.raw, job)
            except MalformedLabelError as error:
                self._export.reject(MalformedLabelError(error.message, one.path), asset.external_id, label.name)

    def _answer(self, asset: Asset, label: ExportedLabel, job: Job) -> Iterator[str]:
        """Return the feature of a job without shapes, if it has an answer."""
        frame = label.frames[0]
        answer = frame.jobs.get(job.name)
        try:
            if answer is None or answer == {}:
                return
            if not isinstance(answer, Mapping):
                raise MalformedLabelError("a job response must be an object")
            _check_categories(answer, job)
            yield self._dumped(feature_of(answer, None, job.name), answer, job)
        except MalformedLabelError as error:
            path = f"{frame.path}.{job.name}{error.path}"
            self._export.reject(MalformedLabelError(error.message, path), asset.external_id, label.name)

    def _dumped(self, feature: Object, answer: Mapping[str, object], job: Job) -> str:
        properties = feature["properties"]
        assert isinstance(properties, dict)
        return dump({**feature, "properties": {**attributes(answer, job, self._jobs), **properties}})


def _about(asset: Asset, label: ExportedLabel) -> Object:
    """Return the collection's data about its asset and label, a foreign member as RFC 7946 allows."""
    author = label.document.get("author")
    told = {
        "assetId": asset.document.get("id"),
        "externalId": asset.document.get("externalId"),
        "labelId": label.document.get("id"),
        "author": author.get("email") if isinstance(author, Mapping) else None,
        LAYERS: asset.document.get(LAYERS) or None,
    }
    return {key: value for key, value in told.items() if value is not None}


def _geometry(shape: Shape) -> Object | None:
    """Return the geometry of a shape; None if GeoJSON has no such kind.

    Raises:
        MalformedLabelError: it has no area, or is a line with one point.
    """
    if isinstance(shape, Line) and len(shape.points) < _LEAST_POSITIONS:
        raise MalformedLabelError("a line of GeoJSON must have two points or more")
    return geometry_of(Region((Part(uncrossed(shape)),)) if isinstance(shape, Box) else shape)


def _check_categories(answer: Mapping[str, object], job: Job) -> None:
    """Reject categories that a job does not have; the path of the error is relative to the job.

    Raises:
        MalformedLabelError: the job does not have a category.
    """
    listed = answer.get("categories")
    if listed is None or not job.categories:
        return
    if not isinstance(listed, list | tuple):
        raise MalformedLabelError("`categories` must be a list", ".categories")
    for index, one in enumerate(listed):
        name = one.get("name") if isinstance(one, Mapping) else None
        if not isinstance(name, str):
            raise MalformedLabelError("a category without a name", f".categories[{index}].name")
        if name not in job.categories:
            message = f"the job `{job.name}` has no category `{name}`"
            raise MalformedLabelError(message, f".categories[{index}].name")


GEOJSON = Format(
    name="geojson",
    open=_GeojsonWriter,
    suffix=".geojson",
    input_types=frozenset({"IMAGE", "GEOSPATIAL"}),
    layouts=frozenset({"merged"}),
    normalized=frozenset({None}),
    has_geotiffs=True,
    has_pixels=False,
    label_fields=("id",),
)
