"""`client.exports`: a method for each format."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, TypedDict, Unpack

from kili_query.client.arguments import checked_fields
from kili_query.client.keyword_arguments import FRAME_FIELDS, takes_arguments
from kili_query.client.namespaces.namespace import Namespace, Path, checked_filter
from kili_query.client.progress import is_bar_disabled
from kili_query.errors import ArgumentError
from kili_query.extras import load
from kili_query.protocol import ExportFilters, ExportType

if TYPE_CHECKING:
    import pandas as pd

    from kili_query.export import AnnotationModifier, Layout
    from kili_query.query import Query


class ExportFilter(ExportFilters, total=False):
    """The keys of ``filter`` in the methods of `KiliClient.exports`."""

    label_category_search: "str | Query | None"


class ExportArguments(TypedDict, total=False):
    """The arguments that all exports share.

    Attributes:
        with_assets: add the media; by default all formats do, but for ``kili`` and ``raw``.
        disable_tqdm: hide the progress bar.
        filter: only these assets: a dict of `ExportFilter`.
        include_sent_back_labels: whether to export labels that were sent back to the queue; by default they are.
        label_type_in: only labels of these types; by default ``DEFAULT`` and ``REVIEW``.
        export_type: which labels of an asset, as in `KiliClient.export_labels`; by default, those of the last step if
            the project has steps, otherwise the latest one. A project without steps has no labels of steps.
    """

    with_assets: bool | None
    disable_tqdm: bool | None
    filter: ExportFilter | None
    include_sent_back_labels: bool | None
    label_type_in: Sequence[str] | None
    export_type: ExportType | None


class ExportMethods(Namespace):
    """`KiliClient.exports`: a method for each format, which writes the labels of a project to ``output_path``.

    Each calls `KiliClient.export_labels`, which documents the options, the results and the errors. The options that all
    methods share are those of `ExportArguments`.
    """

    @takes_arguments(ExportArguments, called="KiliClient.exports.kili", keys=ExportFilter)
    def kili(
        self, project_id: str, output_path: Path, *, single_file: bool = False, **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write a JSON document for each asset, or with ``single_file`` one for all, with fractions as coordinates."""
        options: _Options = {"single_file": single_file, "normalized_coordinates": True}
        if arguments.get("with_assets") is None:
            arguments["with_assets"] = False
        self._export("kili", project_id, output_path, arguments, options)

    @takes_arguments(ExportArguments, called="KiliClient.exports.raw", keys=ExportFilter)
    def raw(
        self, project_id: str, output_path: Path, *, single_file: bool = False, **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write what `kili` writes."""
        self.kili(project_id, output_path, single_file=single_file, **arguments)

    @takes_arguments(ExportArguments, called="KiliClient.exports.coco", keys=ExportFilter)
    def coco(
        self,
        project_id: str,
        output_path: Path,
        *,
        annotation_modifier: "AnnotationModifier | None" = None,
        layout: "Layout" = "split",
        **arguments: Unpack[ExportArguments],
    ) -> None:
        """Write boxes, polygons and masks as COCO; ``annotation_modifier`` changes each annotation."""
        options: _Options = {"layout": layout, "annotation_modifier": annotation_modifier}
        self._export("coco", project_id, output_path, arguments, options)

    @takes_arguments(ExportArguments, called="KiliClient.exports.yolo_v4", keys=ExportFilter)
    def yolo_v4(
        self, project_id: str, output_path: Path, *, layout: "Layout" = "split", **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write boxes and outlines for YOLO v4."""
        self._export("yolo_v4", project_id, output_path, arguments, {"layout": layout})

    @takes_arguments(ExportArguments, called="KiliClient.exports.yolo_v5", keys=ExportFilter)
    def yolo_v5(
        self, project_id: str, output_path: Path, *, layout: "Layout" = "split", **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write boxes and outlines for YOLO v5."""
        self._export("yolo_v5", project_id, output_path, arguments, {"layout": layout})

    @takes_arguments(ExportArguments, called="KiliClient.exports.yolo_v7", keys=ExportFilter)
    def yolo_v7(
        self, project_id: str, output_path: Path, *, layout: "Layout" = "split", **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write boxes and outlines for YOLO v7."""
        self._export("yolo_v7", project_id, output_path, arguments, {"layout": layout})

    @takes_arguments(ExportArguments, called="KiliClient.exports.yolo_v8", keys=ExportFilter)
    def yolo_v8(
        self, project_id: str, output_path: Path, *, layout: "Layout" = "split", **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write boxes and outlines for YOLO v8."""
        self._export("yolo_v8", project_id, output_path, arguments, {"layout": layout})

    @takes_arguments(ExportArguments, called="KiliClient.exports.pascal_voc", keys=ExportFilter)
    def pascal_voc(self, project_id: str, output_path: Path, **arguments: Unpack[ExportArguments]) -> None:
        """Write boxes as Pascal VOC."""
        self._export("pascal_voc", project_id, output_path, arguments, {"layout": "merged"})

    @takes_arguments(ExportArguments, called="KiliClient.exports.geojson", keys=ExportFilter)
    def geojson(self, project_id: str, output_path: Path, **arguments: Unpack[ExportArguments]) -> None:
        """Write shapes in degrees as GeoJSON."""
        self._export("geojson", project_id, output_path, arguments, {"layout": "merged"})

    @takes_arguments(called="KiliClient.exports.dataframe")
    def dataframe(
        self,
        project_id: str,
        label_fields: Sequence[str] = FRAME_FIELDS,
        asset_fields: Sequence[str] = ("externalId",),
    ) -> "pd.DataFrame":
        """Return all labels of a project as a pandas data frame, as `KiliClient.export_labels_as_df` does."""
        return self._own().export_labels_as_df(project_id, checked_fields(label_fields, "label_fields"), asset_fields)

    def _export(
        self, fmt: str, project_id: str, output_path: Path, arguments: ExportArguments, options: "_Options"
    ) -> None:
        filters = checked_filter(ExportFilter, arguments.get("filter"))
        exporting = load("kili_query.client.exporting", f"`exports.{fmt}`", "export")
        client, export_type = self._own(), arguments.get("export_type")
        with_assets, with_sent_back = (
            True if arguments.get(name) is None else arguments[name]
            for name in ("with_assets", "include_sent_back_labels")
        )
        exporting.export_labels(
            client._context,
            client._settings,
            exporting.WantedAssets(project_id=project_id, filters=filters),
            fmt=fmt,
            filename=output_path,
            options=exporting.Options(
                with_assets=with_assets,
                cut_videos=with_assets,
                export_type="latest" if export_type is None else export_type,
                label_types=exporting.checked_label_types(arguments.get("label_type_in")),
                include_sent_back_labels=with_sent_back,
                **options,
            ),
            disable_tqdm=is_bar_disabled(arguments.get("disable_tqdm"), client._settings.disable_tqdm),
            type_for=partial(_type_for, export_type),
            called="output_path",
        )


class _Options(TypedDict, total=False):
    """Options of one format, as those of exports are called."""

    layout: "Layout"
    single_file: bool
    annotation_modifier: "AnnotationModifier | None"
    normalized_coordinates: bool


def _type_for(export_type: ExportType | None, has_steps: bool) -> ExportType:
    """Return the type of an export of a project with or without steps.

    Raises:
        ArgumentError: the labels of steps were asked for, and the project has no steps.
    """
    if export_type is None:
        return "latest_from_last_step" if has_steps else "latest"
    if not has_steps and export_type not in ("latest", "normal"):
        raise ArgumentError(
            f"`export_type`: the project has the legacy workflow, without steps, so {export_type!r} does not apply:"
            " use 'latest' or 'normal'"
        )
    return export_type
