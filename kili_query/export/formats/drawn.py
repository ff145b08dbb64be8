"""The shapes of a job on its image: clipped outlines with an area.

All formats with outlines or boxes use this module, so that they agree on which annotations can be written.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from kili_query.errors import MalformedLabelError
from kili_query.export.asset import Asset, ExportedLabel, WritableAnnotation
from kili_query.export.context import Export
from kili_query.export.formats.objects import uncrossed
from kili_query.export.formats.outline import Outline, read_boxes, read_outlines, read_rings
from kili_query.export.formats.rings import NUMBERS_OF_BOX, Drawn, Edges, Numbers, extents, upright
from kili_query.extras import load
from kili_query.labels.geometry import Box, Part, Region, Ring
from kili_query.labels.structure import Frame
from kili_query.ontology import Job

_Boxes: TypeAlias = list[tuple[str, Edges]]


def drawn_of(
    export: Export, asset: Asset, label: ExportedLabel, frame: Frame, job: Job, *, with_annotations: bool = False
) -> list[Drawn]:
    """Return the shapes of a job, in order.

    Kinds of shape without an area, such as markers, are left out and counted. Shapes that cannot be written, or have no
    area on the image, are reported and left out, or fatal, depending on the options.

    Args:
        export: the running export.
        asset: the asset of the label.
        label: the label.
        frame: one of its frames.
        job: one of the jobs that the format can hold.
        with_annotations: whether to set `Drawn.annotation`.
    """
    if job.name not in frame.jobs:
        return []
    plain = (
        None
        if label.rotation_degrees or with_annotations
        else plain_outlines(frame.jobs, job, f"{frame.path}.{job.name}")
    )
    return list(_checked(export, asset, label, frame, job)) if plain is None else plain


def edges_of(drawn: Sequence[Drawn]) -> list[Edges]:
    """Return the edges of the box around each shape, in fractions."""
    others = iter(extents([one.parts for one in drawn if one.upright is None]))
    return [next(others).bounds if one.upright is None else one.upright for one in drawn]


def plain_boxes(label: ExportedLabel, frame: Frame, job: Job) -> _Boxes | None:
    """Return category and edges of each annotation of a job, if all of them are upright rectangles on the image.

    The result equals that of `drawn_of`, and is much faster.

    Args:
        label: the label.
        frame: one of its frames.
        job: one of the jobs that the format can hold.

    Returns:
        None if there may be any other annotation.
    """
    if job.name not in frame.jobs:
        return []
    if label.rotation_degrees or "rectangle" not in job.tools:
        return None
    found = read_boxes(frame.jobs, job.name)
    return found if found is not None and {category for category, _ in found} <= job.categories.keys() else None


def plain_rings(label: ExportedLabel, frame: Frame, job: Job) -> list[Outline] | None:
    """Return the annotations of a job, for formats that only write outer rings, if all of them are ordinary.

    These rings equal those of `drawn_of`.

    Args:
        label: the label.
        frame: one of its frames.
        job: one of the jobs that the format can hold.

    Returns:
        None if any annotation needs the full checks.
    """
    if job.name not in frame.jobs:
        return []
    found = None if label.rotation_degrees else read_rings(frame.jobs, job.name)
    return found if found is not None and {one.category for one in found} <= job.categories.keys() else None


def plain_outlines(jobs: Mapping[str, object], job: Job, path: str = "") -> list[Drawn] | None:
    """Return the shapes of a job by a fast path for ordinary annotations.

    For any other annotation it gives up on the whole job response, which is then checked, reported and clipped. Both
    paths give the same result for ordinary annotations.

    Args:
        jobs: job name to job response.
        job: one of them.
        path: of its response, as a JSON path.

    Returns:
        The shapes; None if any annotation needs the full checks.

    >>> from kili_query.ontology import JobCategory
    >>> corners = [{"x": 0, "y": 1}, {"x": 0, "y": 0}, {"x": 1, "y": 0}]
    >>> flag = {"type": "polygon", "categories": [{"name": "FLAG"}], "boundingPoly": [{"normalizedVertices": corners}]}
    >>> job = Job("J", "OBJECT_DETECTION", categories={"FLAG": JobCategory("FLAG", "Flag")})
    >>> [one.parts for one in plain_outlines({"J": {"annotations": [flag]}}, job)]
    [[[[0, 1, 0, 0, 1, 0]]]]
    >>> plain_outlines({"J": {"annotations": [flag, {}]}}, job) is None
    True
    """
    found = read_outlines(jobs, job.name, path)
    return found if found is not None and {one.category for one in found} <= job.categories.keys() else None


def _checked(export: Export, asset: Asset, label: ExportedLabel, frame: Frame, job: Job) -> Iterator[Drawn]:
    for annotation in export.annotations(asset, label, frame, job=job):
        if not isinstance(annotation.shape, Box | Region):
            export.leave_out(annotation)
            continue
        try:
            yield on_image(annotation, annotation.shape)
        except MalformedLabelError as error:
            export.reject(error, asset.external_id, label.name)


def on_image(annotation: WritableAnnotation, shape: Box | Region) -> Drawn:
    """Return a shape, clipped to the image.

    Raises:
        MalformedLabelError: it has no area there.
    """
    is_box = isinstance(shape, Box)
    given = (Part(uncrossed(shape)),) if isinstance(shape, Box) else shape.parts
    clipped: Callable[[Part], Iterable[Part]] = load(
        "kili_query.export.formats.clipping", "an outline that has to be clipped", "export"
    ).clipped_part
    within = [one for part in given for one in clipped(part)]
    if not within:
        is_outside = not any(0 <= x <= 1 and 0 <= y <= 1 for part in given for x, y in part.outer)
        what = "lies outside the image" if is_outside else "has no area on the image"
        raise MalformedLabelError(f"the {annotation.type or 'region'} {what}", annotation.path)
    parts = [[_numbers(ring) for ring in part.rings] for part in within]
    is_part = annotation.type == "semantic" and not is_box
    group = annotation.mid if is_part else None
    ring = parts[0][0]
    edges = upright(*ring) if is_box and len(ring) == NUMBERS_OF_BOX else None
    return Drawn(annotation.category, is_box, parts, annotation.path, group, annotation, edges)


def _numbers(ring: Ring) -> Numbers:
    """Return the numbers of a ring as int or float, because labels made in Python may hold other types."""
    return [one if isinstance(one, int) else float(one) for corner in ring for one in corner]
