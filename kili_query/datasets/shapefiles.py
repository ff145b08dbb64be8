"""The format ``shapefile``: the records of shapefiles become one label. Needs pyshp and pyproj.

Only the geometry is read (``.shp``), and the name of its reference system (``.prj``). Rings that run clockwise are
outlines, the others their holes.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TypeAlias
from uuid import NAMESPACE_URL, uuid5

import shapefile  # type: ignore[import-untyped]  # pyshp has annotations, but no marker that says so
from attrs import evolve
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from kili_query.datasets.features import (
    TOOLS,
    FeatureFile,
    LabelOfFeatures,
    check_names,
    fitting_tool,
    label_of_features,
    targets,
)
from kili_query.errors import ArgumentError, SourceError
from kili_query.ontology import Job, Ontology, OntologySource

FilePath: TypeAlias = str | PathLike[str]
Position: TypeAlias = Sequence[float]
Convert: TypeAlias = Callable[[Sequence[Position]], list[list[float]]]
Geometry: TypeAlias = Mapping[str, object]

_MAGIC = 9994
_HEADER_BYTES = 100
_RECORD_HEADER_BYTES = 8
_LEAST_RECORD_BYTES = 4
_DEGREES = 4326
_CORNERS = 4


def read_shapefiles(
    paths: Sequence[FilePath],
    ontology: OntologySource,
    *,
    job_names: Sequence[str],
    category_names: Sequence[str],
    from_epsgs: Sequence[int] | None = None,
) -> LabelOfFeatures:
    """Make one label of the records of some shapefiles.

    Args:
        paths: the ``.shp`` files.
        ontology: of the project, or the path of its file.
        job_names: for each file the job of all its records. Its first tool that can draw a shape decides.
        category_names: for each file their category.
        from_epsgs: for each file the EPSG code of its reference system, to convert coordinates to longitude and
            latitude; by default they are not converted.

    Returns:
        The label. ``left_out`` and ``notes`` report what you may not expect.

    Raises:
        ArgumentError: the other arguments do not fit the files or the project.
        SourceError: a file cannot be read, or is not a shapefile.
        FeaturesError: records are malformed; its ``problems`` say which, and why.
    """
    files = read_shapes(paths, job_names, category_names, from_epsgs)
    return label_of_shapes(files, Ontology.of(ontology), job_names, category_names)


def read_shapes(
    paths: Sequence[FilePath],
    job_names: Sequence[str],
    category_names: Sequence[str],
    from_epsgs: Sequence[int] | None = None,
) -> list[FeatureFile]:
    """Check the arguments, and read the files; see `read_shapefiles`."""
    check_names("shapefile_paths", paths, job_names, category_names)
    if from_epsgs is not None and len(from_epsgs) != len(paths):
        raise ArgumentError(
            f"`from_epsgs` has {len(from_epsgs)} items and `shapefile_paths` {len(paths)}: each file needs its own"
        )
    systems = [None] * len(paths) if from_epsgs is None else [_system(code, at) for at, code in enumerate(from_epsgs)]
    return [_file(path, system, index) for index, (path, system) in enumerate(zip(paths, systems, strict=True))]


def label_of_shapes(
    files: Sequence[FeatureFile], ontology: Ontology, job_names: Sequence[str], category_names: Sequence[str]
) -> LabelOfFeatures:
    """Make one label of files as `read_shapes` returns them; for the rest see `read_shapefiles`."""
    named = targets(ontology, list(zip(job_names, category_names, strict=True)), _tools)
    fields = {"labelVersion": "default"}
    pairs = zip(files, named, strict=True)
    return label_of_features(
        [_with_boxes(evolve(file, target=evolve(target, fields=fields, is_nested=False))) for file, target in pairs],
        ontology,
    )


def _tools(job: Job) -> tuple[str, ...]:
    return job.tools or TOOLS


def _system(code: object, index: int) -> CRS:
    if not isinstance(code, int) or isinstance(code, bool):
        raise ArgumentError(f"`from_epsgs[{index}]` must be the number of an EPSG code, not {code!r:.80}")
    try:
        return CRS.from_epsg(code)
    except CRSError as error:
        raise ArgumentError(f"`from_epsgs[{index}]`: there is no reference system EPSG:{code}") from error


def _file(path: FilePath, system: CRS | None, index: int) -> FeatureFile:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SourceError.of(path, error) from error
    declared = _checked_length(data, path)
    notes = [*_notes_of_prj(path, system)]
    if declared < len(data):
        notes.append(f"{len(data) - declared} bytes after its declared end are not read")
    convert = _converter(system)
    features = [
        {
            "type": "Feature",
            "id": str(uuid5(NAMESPACE_URL, f"{path}#{index}/{number}")),
            "geometry": None if geometry is None else _converted(geometry, convert),
        }
        for number, geometry in enumerate(_geometries(data[:declared], path))
    ]
    return FeatureFile(str(path), features, notes=tuple(notes), item="records")


def _checked_length(data: bytes, path: FilePath) -> int:
    """Return the length that the header declares, once every record ends within it.

    Source: ESRI Shapefile Technical Description, July 1998.
    """
    if len(data) < _HEADER_BYTES or struct.unpack_from(">i", data)[0] != _MAGIC:
        raise SourceError(f"`{path}` is not a shapefile")
    declared = int(struct.unpack_from(">i", data, 24)[0]) * 2
    if declared > len(data):
        raise SourceError(f"`{path}` is truncated: it has {len(data)} of {declared} bytes")
    position, number = _HEADER_BYTES, 0
    while position < declared:
        end = position + _RECORD_HEADER_BYTES
        size = int(struct.unpack_from(">i", data, position + 4)[0]) * 2 if end <= declared else 0
        if size < _LEAST_RECORD_BYTES or end + size > declared:
            raise SourceError(f"`{path}` is malformed: record {number} does not fit into the file (at byte {position})")
        position, number = end + size, number + 1
    return max(declared, _HEADER_BYTES)


def _geometries(data: bytes, path: FilePath) -> Iterator[Geometry | None]:
    """Return the geometry of each record, as GeoJSON has it; None if it has none."""
    number = 0
    try:
        for number, shape in enumerate(shapefile.Reader(shp=BytesIO(data)).iterShapes()):  # noqa: B007 - for the error
            if shape.shapeType == shapefile.NULL:
                yield None
            elif shape.shapeType == shapefile.MULTIPATCH:
                yield {"type": "MultiPatch"}
            else:
                yield shape.__geo_interface__
    except Exception as error:  # whatever the library stumbles over in a malformed record
        raise SourceError(f"`{path}` is malformed: record {number} or the next cannot be read ({error})") from error


def _converter(system: CRS | None) -> Convert:
    """Return what makes degrees of positions, without their heights and measures."""
    if system is None or system.to_epsg() == _DEGREES:
        return lambda positions: [[one[0], one[1]] for one in positions]
    transformer = Transformer.from_crs(system, _DEGREES, always_xy=True)
    return lambda positions: [[x, y] for x, y in transformer.itransform([(one[0], one[1]) for one in positions])]


def _converted(geometry: Geometry, convert: Convert) -> Geometry:
    """Return a geometry in degrees; the parts of an area are collected, so that they share an id."""
    coordinates = geometry.get("coordinates")
    match geometry["type"], coordinates:
        case "Point", [float() as x, float() as y, *_]:
            return {"type": "Point", "coordinates": convert([(x, y)])[0]}
        case "MultiPoint" | "LineString" as kind, list() as positions:
            return {"type": kind, "coordinates": convert(positions)}
        case "MultiLineString" | "Polygon" as kind, list() as lines:
            return {"type": kind, "coordinates": [convert(line) for line in lines]}
        case "MultiPolygon", list() as areas:
            parts = [{"type": "Polygon", "coordinates": [convert(ring) for ring in area]} for area in areas]
            return {"type": "GeometryCollection", "geometries": parts}
        case _:
            return geometry


def _with_boxes(file: FeatureFile) -> FeatureFile:
    """Where areas become rectangles, replace each with its four corners, or else with its bounds."""
    assert file.target is not None
    if fitting_tool(file.target.tools, "Polygon") != "rectangle":
        return file
    changed: list[str] = []
    features = []
    for number, feature in enumerate(file.features):
        assert isinstance(feature, dict)
        geometry = feature["geometry"]
        collected = geometry is not None and geometry["type"] == "GeometryCollection"
        parts = geometry["geometries"] if collected else [geometry]
        boxes = [_box(one) for one in parts]
        if any(is_changed for _, is_changed in boxes):
            changed.append(f"records[{number}]")
        found = [box for box, _ in boxes]
        drawn = {"type": "GeometryCollection", "geometries": found} if collected else found[0]
        features.append({**feature, "geometry": drawn})
    shown = ", ".join(changed[:_CORNERS]) + (", …" if len(changed) > _CORNERS else "")
    note = f"{len(changed)} records are not rectangles, so their bounds are used: {shown}"
    return evolve(file, features=features, notes=(*file.notes, note) if changed else file.notes)


def _box(geometry: Geometry | None) -> tuple[Geometry | None, bool]:
    """Return a rectangle, and whether it is another shape than the given one; anything else as it is."""
    rings = geometry.get("coordinates") if geometry is not None and geometry["type"] == "Polygon" else None
    if not isinstance(rings, list) or not rings or not rings[0]:
        return geometry, False
    ring = rings[0]
    is_box = len(rings) == 1 and len({tuple(one) for one in ring}) == _CORNERS == len(ring) - 1
    if not is_box:
        left, right = min(x for x, _ in ring), max(x for x, _ in ring)
        bottom, top = min(y for _, y in ring), max(y for _, y in ring)
        ring = [[left, bottom], [left, top], [right, top], [right, bottom], [left, bottom]]
    return {"type": "Polygon", "coordinates": [ring[::-1]]}, not is_box


def _notes_of_prj(path: FilePath, system: CRS | None) -> Iterator[str]:
    """Compare the reference system that stands beside the file with the one that is converted from."""
    try:
        text = Path(path).with_suffix(".prj").read_text(encoding="utf-8")
        found = CRS.from_user_input(text)
    except (OSError, UnicodeDecodeError, CRSError):
        return  # there is none, or none that can be told
    if system is None and not found.equals(CRS.from_epsg(_DEGREES), ignore_axis_order=True):
        if found.is_geographic and found.to_epsg() in (None, _DEGREES):
            return
        yield (
            f"its `.prj` says `{found.name}`; coordinates are not converted to longitude and latitude, unless you give"
            " `from_epsgs`"
        )
    elif system is not None and found.to_epsg() not in (None, system.to_epsg()):
        yield f"its `.prj` says EPSG:{found.to_epsg()}, and `from_epsgs` EPSG:{system.to_epsg()}"
