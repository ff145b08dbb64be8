"""Methods in namespaces, as users of release 26 write them: `client.labels.list(...)`. Each calls the client.

`client.labels` is also a method itself, as in older releases.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from os import PathLike
from textwrap import fill
from typing import (
    TYPE_CHECKING,
    Literal,
    Self,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    get_type_hints,
    overload,
)

from kili_query.client.arguments import check_filter_names, is_parsed
from kili_query.client.keyword_arguments import (
    FRAME_FIELDS,
    LABEL_FIELDS,
    LabelArguments,
    takes_arguments,
    takes_filters,
)
from kili_query.client.paging import Row
from kili_query.client.progress import is_bar_disabled
from kili_query.client.reading import read_labels, read_parsed_labels
from kili_query.errors import ArgumentError, IncompatibleArgumentsError, MissingArgumentError
from kili_query.extras import load
from kili_query.protocol import ExportFilters, ExportType, LabelFilters
from kili_query.query import Query

if TYPE_CHECKING:
    import pandas as pd

    from kili_query.client.client import KiliClient
    from kili_query.export import AnnotationModifier, Layout
    from kili_query.labels import ParsedLabel

Path: TypeAlias = str | PathLike[str]
Rows: TypeAlias = list[Row]
ParsedLabels: TypeAlias = "list[ParsedLabel]"
Ids: TypeAlias = list[str]
NewIds: TypeAlias = list[dict[str, str]]
_Value = TypeVar("_Value")


class LabelFilter(LabelFilters, total=False):
    """The keys of ``filter`` in the methods of `KiliClient.labels`."""

    category_search: str | Query | None


class ExportFilter(ExportFilters, total=False):
    """The keys of ``filter`` in the methods of `KiliClient.exports`."""

    label_category_search: str | Query | None


class NewLabelArguments(TypedDict, total=False):
    """Which assets get a label, and its content: one, or an array of them.

    Attributes:
        asset_id, asset_id_array: the ids of the assets.
        external_id, external_id_array: their external ids, instead of the ids.
        json_response, json_response_array: the content of each label.
        disable_tqdm: hide the progress bar.
    """

    asset_id: str | None
    asset_id_array: Sequence[str] | None
    external_id: str | None
    external_id_array: Sequence[str] | None
    json_response: Mapping[str, object] | None
    json_response_array: Sequence[Mapping[str, object]] | None
    disable_tqdm: bool | None


class StepArguments(TypedDict, total=False):
    """The step of the workflow that labels are made in.

    Attributes:
        step_name: the name of the step.
        step_id: its id, instead of the name.
        group_name: the group of the step, where several groups have a step of that name.
    """

    step_name: str | None
    step_id: str | None
    group_name: str | None


class SubmittedLabelArguments(NewLabelArguments, StepArguments, total=False):
    """The arguments of labels that people make."""


class FeatureArguments(TypedDict, total=False):
    """What the features of GeoJSON files are, if they do not say so themselves.

    Attributes:
        job_names: for each file the job of all its features.
        category_names: for each file their category.
    """

    job_names: Sequence[str] | None
    category_names: Sequence[str] | None


class ModelArguments(TypedDict, total=False):
    """The model that made a label.

    Attributes:
        model_name: the model; a prediction needs it.
    """

    model_name: str | None


class ModelFeatureArguments(FeatureArguments, ModelArguments, total=False):
    """The same, for a label that a model made."""


class StepFeatureArguments(FeatureArguments, StepArguments, total=False):
    """The same, for a label that belongs to a step of the workflow."""


class ShapeArguments(TypedDict, total=False):
    """How the coordinates of shapefiles are read.

    Attributes:
        from_epsgs: for each file the EPSG code of its reference system, to convert coordinates to degrees.
    """

    from_epsgs: Sequence[int] | None


class ModelShapeArguments(ShapeArguments, ModelArguments, total=False):
    """The same, for a label that a model made."""


class StepShapeArguments(ShapeArguments, StepArguments, total=False):
    """The same, for a label that belongs to a step of the workflow."""


class ReviewArguments(SubmittedLabelArguments, total=False):
    """The arguments of reviews.

    Attributes:
        reviewed_label_id, reviewed_label_id_array: the labels that were reviewed.
        model_name: the model that made the reviews.
    """

    reviewed_label_id: str | None
    reviewed_label_id_array: Sequence[str] | None
    model_name: str | None


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


class ConversationArguments(TypedDict, total=False):
    """The filters of `KiliClient.llm.export`, which are those of `KiliClient.export_labels`.

    Attributes:
        status_in: only assets in one of these states.
        step_name_in, step_id_in, step_status_in, group_name_in, group_name_not_in: only assets in these steps of the
            workflow.
    """

    status_in: Sequence[str] | None
    step_name_in: Sequence[str] | None
    step_id_in: Sequence[str] | None
    step_status_in: Sequence[str] | None
    group_name_in: Sequence[str] | None
    group_name_not_in: Sequence[str] | None


class _Maker(StepArguments, total=False):
    model_name: str | None


class Namespace:
    """Methods of a client under one name. Read from a client, it belongs to that client."""

    __name__: str

    def __init__(self) -> None:
        self._bound: KiliClient | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        self.__name__ = name  # `help` shows it
        self.__qualname__ = f"{owner.__qualname__}.{name}"
        self.__doc__ = self._described(type(self).__doc__)

    def __get__(self, client: "KiliClient | None", owner: type | None = None) -> Self:
        if client is None:
            return self
        bound = copy(self)
        bound._bound = client
        return bound

    def _own(self) -> "KiliClient":
        if self._bound is None:
            raise TypeError(f"`{self.__qualname__}` belongs to a client: make one with `KiliClient()`")
        return self._bound

    def _described(self, text: str | None) -> str | None:
        """Return a docstring with the names of the methods; there is none under `python -OO`."""
        return text and f"{inspect.cleandoc(text)}\n\n{fill(f'Methods: {self._methods()}', 110)}"

    def _methods(self) -> str:
        return ", ".join(name for name in dir(type(self)) if not name.startswith("_"))

    def __repr__(self) -> str:
        return f"<{self.__qualname__}: {self._methods()}>"


class LabelMethods(Namespace):
    """`KiliClient.labels`: a method, and a namespace of methods."""

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        self.__doc__ = self._described(self.__call__.__doc__)
        _, *others = inspect.signature(type(self).__call__).parameters.values()
        self.__signature__ = inspect.Signature(others)  # what `inspect.signature` looks for

    @overload
    def __call__(
        self,
        project_id: str,
        *,
        output_format: Literal["parsed_label"],
        as_generator: Literal[True],
        **arguments: Unpack[LabelArguments],
    ) -> "Iterator[ParsedLabel]": ...
    @overload
    def __call__(
        self,
        project_id: str,
        *,
        output_format: Literal["parsed_label"],
        as_generator: Literal[False] = False,
        **arguments: Unpack[LabelArguments],
    ) -> ParsedLabels: ...
    @overload
    def __call__(
        self,
        project_id: str,
        *,
        output_format: Literal["dict"] = "dict",
        as_generator: Literal[True],
        **arguments: Unpack[LabelArguments],
    ) -> Iterator[Row]: ...
    @overload
    def __call__(
        self,
        project_id: str,
        *,
        output_format: Literal["dict"] = "dict",
        as_generator: Literal[False] = False,
        **arguments: Unpack[LabelArguments],
    ) -> Rows: ...

    @takes_filters(LabelFilters, called="KiliClient.labels")
    def __call__(
        self,
        project_id: str,
        *,
        fields: Sequence[str] = LABEL_FIELDS,
        first: int | None = None,
        skip: int = 0,
        disable_tqdm: bool | None = None,
        category_search: str | Query | None = None,
        output_format: Literal["dict", "parsed_label"] = "dict",
        as_generator: bool = False,
        **filters: Unpack[LabelFilters],
    ) -> "Iterable[Row] | Iterable[ParsedLabel]":
        """List the labels that meet all filters, oldest first.

        Args:
            project_id: the project.
            fields: the fields of each label; dots lead into objects, as in ``author.email``.
            first: maximum number of labels; None for all.
            skip: number of labels to leave out at the beginning.
            disable_tqdm: hide the progress bar; False shows it even if standard error is not a terminal.
            category_search: a query that the label must match, such as ``OBJECTS.CAR.count > 3``.
            output_format: ``"dict"``, or ``"parsed_label"`` for label objects.
            as_generator: return an iterator that yields each label as it comes, instead of a list. At most eight pages
                are held in memory, beside the ids that were seen. There is no progress bar, and a warning says so
                unless ``disable_tqdm`` is True.
            **filters: only these labels; see `LabelFilters`.

        Returns:
            The labels. ``jsonResponse`` is decoded, and downloaded if the service keeps it elsewhere; it is None if
            there is none. For videos it is what the service sends, not rebuilt.

        Raises:
            ArgumentError: an argument cannot be used; nothing was sent.
            QueryError: the search is not a query, or the project has no such job or category; its ``diagnostics``
                point to the fault.
            ServiceError: the service refused the call, or cannot be reached.
            LabelError: the content of a label cannot be read; the message names the label.
        """
        rest = (project_id, filters, category_search, fields, first, skip, disable_tqdm, as_generator)
        if is_parsed(output_format, "output_format"):
            return self._own()._list(read_parsed_labels, *rest)
        return self._own()._list(read_labels, *rest)

    @overload
    def list(
        self,
        project_id: str,
        fields: Sequence[str] = LABEL_FIELDS,
        first: int | None = None,
        skip: int = 0,
        disable_tqdm: bool | None = None,
        *,
        output_format: Literal["parsed_label"],
        filter: LabelFilter | None = None,
    ) -> ParsedLabels: ...
    @overload
    def list(
        self,
        project_id: str,
        fields: Sequence[str] = LABEL_FIELDS,
        first: int | None = None,
        skip: int = 0,
        disable_tqdm: bool | None = None,
        output_format: Literal["dict"] = "dict",
        filter: LabelFilter | None = None,
    ) -> Rows: ...

    def list(
        self,
        project_id: str,
        fields: Sequence[str] = LABEL_FIELDS,
        first: int | None = None,
        skip: int = 0,
        disable_tqdm: bool | None = None,
        output_format: Literal["dict", "parsed_label"] = "dict",
        filter: LabelFilter | None = None,  # noqa: A002 - a name of the official client
    ) -> "Rows | ParsedLabels":
        """List the labels that meet all filters, oldest first, as `KiliClient.labels` does.

        Args:
            project_id: the project.
            fields: the fields of each label.
            first: maximum number of labels; None for all.
            skip: number of labels to leave out at the beginning.
            disable_tqdm: hide the progress bar.
            output_format: ``"dict"``, or ``"parsed_label"`` for label objects.
            filter: only these labels: a dict of `LabelFilter`.

        Raises:
            ArgumentError, QueryError, ServiceError, LabelError: as `KiliClient.labels` does.
        """
        return self(
            project_id,
            fields=fields,
            first=first,
            skip=skip,
            disable_tqdm=disable_tqdm,
            output_format=cast("Literal['dict']", output_format),
            **_checked(LabelFilter, filter),
        )

    @overload
    def list_as_generator(
        self,
        project_id: str,
        fields: Sequence[str] = LABEL_FIELDS,
        first: int | None = None,
        skip: int = 0,
        *,
        output_format: Literal["parsed_label"],
        filter: LabelFilter | None = None,
    ) -> "Iterator[ParsedLabel]": ...
    @overload
    def list_as_generator(
        self,
        project_id: str,
        fields: Sequence[str] = LABEL_FIELDS,
        first: int | None = None,
        skip: int = 0,
        output_format: Literal["dict"] = "dict",
        filter: LabelFilter | None = None,
    ) -> Iterator[Row]: ...

    def list_as_generator(
        self,
        project_id: str,
        fields: Sequence[str] = LABEL_FIELDS,
        first: int | None = None,
        skip: int = 0,
        output_format: Literal["dict", "parsed_label"] = "dict",
        filter: LabelFilter | None = None,  # noqa: A002 - a name of the official client
    ) -> "Iterator[Row] | Iterator[ParsedLabel]":
        """Yield what `list` returns, each label as it comes, without a progress bar."""
        return self(
            project_id,
            fields=fields,
            first=first,
            skip=skip,
            disable_tqdm=True,
            output_format=cast("Literal['dict']", output_format),
            as_generator=True,
            **_checked(LabelFilter, filter),
        )

    def count(
        self,
        project_id: str,
        filter: LabelFilter | None = None,  # noqa: A002 - a name of the official client
    ) -> int:
        """Count the labels that `list` would list.

        Raises:
            ArgumentError, QueryError, ServiceError, LabelError: as `KiliClient.labels` does.
        """
        return self._own().count_labels(project_id, **_checked(LabelFilter, filter))

    @takes_arguments(SubmittedLabelArguments, called="KiliClient.labels.create_default")
    def create_default(self, *, project_id: str, **arguments: Unpack[SubmittedLabelArguments]) -> NewIds:
        """Append a label of type ``DEFAULT``, which people make, to each of some assets.

        Args:
            project_id: the project.
            **arguments: the assets, the contents and the step; see `SubmittedLabelArguments`.

        Returns:
            ``{"id": …}`` of each label, in the order of the arrays.

        Raises:
            ArgumentError, NotFound, ServiceError: as `KiliClient.append_labels` does.
        """
        return self._append("DEFAULT", project_id, arguments)

    @takes_arguments(ReviewArguments, called="KiliClient.labels.create_review")
    def create_review(self, *, project_id: str, **arguments: Unpack[ReviewArguments]) -> NewIds:
        """Append a label of type ``REVIEW`` to each of some assets.

        Args:
            project_id: the project.
            **arguments: the assets, the contents, the step and the reviewed labels; see `ReviewArguments`.

        Returns:
            ``{"id": …}`` of each label, in the order of the arrays.

        Raises:
            ArgumentError, NotFound, ServiceError: as `KiliClient.append_labels` does.
        """
        return self._append("REVIEW", project_id, arguments, model_name=arguments.get("model_name"))

    @takes_arguments(NewLabelArguments, called="KiliClient.labels.create_inference")
    def create_inference(
        self, *, project_id: str, model_name: str, overwrite: bool = False, **arguments: Unpack[NewLabelArguments]
    ) -> NewIds:
        """Append a label of type ``INFERENCE``, which a model made, to each of some assets.

        Args:
            project_id: the project.
            model_name: the model.
            overwrite: replace the model's inferences on these assets.
            **arguments: the assets and the contents; see `NewLabelArguments`.

        Returns:
            ``{"id": …}`` of each label, in the order of the arrays.

        Raises:
            ArgumentError, NotFound, ServiceError: as `KiliClient.append_labels` does.
        """
        return self._append("INFERENCE", project_id, arguments, model_name=model_name, overwrite=overwrite)

    @takes_arguments(NewLabelArguments, called="KiliClient.labels.create_prediction")
    def create_prediction(
        self, *, project_id: str, model_name: str, overwrite: bool = False, **arguments: Unpack[NewLabelArguments]
    ) -> dict[str, str]:
        """Append a label of type ``PREDICTION``, which labelers start from, to each of some assets.

        Args:
            project_id: the project.
            model_name: the model.
            overwrite: replace the model's predictions on these assets.
            **arguments: the assets and the contents; see `NewLabelArguments`.

        Returns:
            ``{"id": …}``: the id of the project.

        Raises:
            ArgumentError, NotFound, ServiceError: as `KiliClient.append_labels` does.
        """
        assets, external_ids, contents = _inputs(arguments)
        return self._own().create_predictions(
            project_id,
            external_id_array=external_ids,
            json_response_array=contents,
            model_name=model_name,
            asset_id_array=assets,
            disable_tqdm=arguments.get("disable_tqdm"),
            overwrite=overwrite,
        )

    @takes_arguments(StepFeatureArguments, called="KiliClient.labels.create_default_from_geojson")
    def create_default_from_geojson(
        self,
        *,
        project_id: str,
        asset_external_id: str,
        geojson_file_paths: Sequence[Path],
        **arguments: Unpack[StepFeatureArguments],
    ) -> dict[str, str]:
        """Append one label of type ``DEFAULT``, made of the features of files, to an asset.

        Args:
            project_id: the project.
            asset_external_id: the external id of the asset.
            geojson_file_paths: the files, each a FeatureCollection.
            **arguments: what the features are, and the step; see `StepFeatureArguments`.

        Returns:
            ``{"id": …}`` of the label.

        Raises:
            ArgumentError, SourceError, NotFound, ServiceError: as `KiliClient.append_labels_from_geojson_files` does.
        """
        return self._append_features("DEFAULT", project_id, asset_external_id, geojson_file_paths, arguments)

    @takes_arguments(ModelFeatureArguments, called="KiliClient.labels.create_inference_from_geojson")
    def create_inference_from_geojson(
        self,
        *,
        project_id: str,
        asset_external_id: str,
        geojson_file_paths: Sequence[Path],
        **arguments: Unpack[ModelFeatureArguments],
    ) -> dict[str, str]:
        """Append one label of type ``INFERENCE``, as `create_default_from_geojson` does."""
        return self._append_features("INFERENCE", project_id, asset_external_id, geojson_file_paths, arguments)

    @takes_arguments(ModelFeatureArguments, called="KiliClient.labels.create_prediction_from_geojson")
    def create_prediction_from_geojson(
        self,
        *,
        project_id: str,
        asset_external_id: str,
        geojson_file_paths: Sequence[Path],
        **arguments: Unpack[ModelFeatureArguments],
    ) -> dict[str, str]:
        """Append one label of type ``PREDICTION``, as `create_default_from_geojson` does."""
        return self._append_features("PREDICTION", project_id, asset_external_id, geojson_file_paths, arguments)

    @takes_arguments(StepShapeArguments, called="KiliClient.labels.create_default_from_shapefile")
    def create_default_from_shapefile(
        self,
        *,
        project_id: str,
        asset_external_id: str,
        shapefile_paths: Sequence[Path],
        job_names: Sequence[str],
        category_names: Sequence[str],
        **arguments: Unpack[StepShapeArguments],
    ) -> dict[str, str]:
        """Append one label of type ``DEFAULT``, made of the records of shapefiles, to an asset.

        Args:
            project_id: the project.
            asset_external_id: the external id of the asset.
            shapefile_paths: the ``.shp`` files.
            job_names: for each file the job of all its records.
            category_names: for each file their category.
            **arguments: the reference systems and the step; see `StepShapeArguments`.

        Returns:
            ``{"id": …}`` of the label.

        Raises:
            ArgumentError, SourceError, NotFound, ServiceError: as `KiliClient.append_labels_from_shapefiles` does.
        """
        names = (job_names, category_names)
        return self._append_shapes("DEFAULT", project_id, asset_external_id, shapefile_paths, names, arguments)

    @takes_arguments(ModelShapeArguments, called="KiliClient.labels.create_inference_from_shapefile")
    def create_inference_from_shapefile(
        self,
        *,
        project_id: str,
        asset_external_id: str,
        shapefile_paths: Sequence[Path],
        job_names: Sequence[str],
        category_names: Sequence[str],
        **arguments: Unpack[ModelShapeArguments],
    ) -> dict[str, str]:
        """Append one label of type ``INFERENCE``, as `create_default_from_shapefile` does."""
        names = (job_names, category_names)
        return self._append_shapes("INFERENCE", project_id, asset_external_id, shapefile_paths, names, arguments)

    @takes_arguments(ModelShapeArguments, called="KiliClient.labels.create_prediction_from_shapefile")
    def create_prediction_from_shapefile(
        self,
        *,
        project_id: str,
        asset_external_id: str,
        shapefile_paths: Sequence[Path],
        job_names: Sequence[str],
        category_names: Sequence[str],
        **arguments: Unpack[ModelShapeArguments],
    ) -> dict[str, str]:
        """Append one label of type ``PREDICTION``, as `create_default_from_shapefile` does."""
        names = (job_names, category_names)
        return self._append_shapes("PREDICTION", project_id, asset_external_id, shapefile_paths, names, arguments)

    def delete(
        self,
        *,
        id: str | None = None,  # noqa: A002 - a name of the official client
        ids: Sequence[str] | None = None,
        disable_tqdm: bool | None = None,
    ) -> Ids:
        """Delete labels; the service only deletes predictions and inferences.

        Args:
            id: the label.
            ids: the labels, instead of one.
            disable_tqdm: hide the progress bar.

        Returns:
            The ids that were deleted.

        Raises:
            ArgumentError, ServiceError: as `KiliClient.delete_labels` does.
        """
        chosen = _one_or_many("id", id, "ids", ids)
        if chosen is None:
            raise MissingArgumentError("`id` or `ids` is needed: name the labels to delete")
        return self._own().delete_labels(chosen, disable_tqdm)

    def _append(
        self,
        label_type: Literal["DEFAULT", "INFERENCE", "REVIEW"],
        project_id: str,
        arguments: ReviewArguments | SubmittedLabelArguments | NewLabelArguments,
        *,
        model_name: str | None = None,
        overwrite: bool = False,
    ) -> NewIds:
        steps = cast("ReviewArguments", arguments)  # the others hold fewer of the same arguments
        reviewed = _one_or_many(
            "reviewed_label_id",
            steps.get("reviewed_label_id"),
            "reviewed_label_id_array",
            steps.get("reviewed_label_id_array"),
        )
        assets, external_ids, contents = _inputs(arguments)
        return self._own().append_labels(
            assets,
            contents,
            model_name=model_name,
            label_type=label_type,
            project_id=project_id,
            asset_external_id_array=external_ids,
            disable_tqdm=arguments.get("disable_tqdm"),
            overwrite=overwrite,
            step_name=steps.get("step_name"),
            reviewed_label_id_array=reviewed,
            step_id=steps.get("step_id"),
            group_name=steps.get("group_name"),
        )

    def _append_features(
        self,
        label_type: Literal["DEFAULT", "INFERENCE", "PREDICTION"],
        project_id: str,
        asset_external_id: str,
        paths: Sequence[Path],
        arguments: ModelFeatureArguments | StepFeatureArguments,
    ) -> dict[str, str]:
        return self._own().append_labels_from_geojson_files(
            project_id,
            asset_external_id,
            paths,
            arguments.get("job_names"),
            arguments.get("category_names"),
            label_type,
            **_made_by(arguments),
        )

    def _append_shapes(
        self,
        label_type: Literal["DEFAULT", "INFERENCE", "PREDICTION"],
        project_id: str,
        asset_external_id: str,
        paths: Sequence[Path],
        names: tuple[Sequence[str], Sequence[str]],
        arguments: ModelShapeArguments | StepShapeArguments,
    ) -> dict[str, str]:
        return self._own().append_labels_from_shapefiles(
            project_id, asset_external_id, paths, *names, arguments.get("from_epsgs"), label_type, **_made_by(arguments)
        )


class ExportMethods(Namespace):
    """`KiliClient.exports`: a method for each format, which writes the labels of a project to ``output_path``.

    Each calls `KiliClient.export_labels`, which documents the options, the results and the errors. The options that all
    methods share are those of `ExportArguments`.
    """

    @takes_arguments(ExportArguments, called="KiliClient.exports.kili")
    def kili(
        self, project_id: str, output_path: Path, *, single_file: bool = False, **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write a JSON document for each asset, or with ``single_file`` one for all, with fractions as coordinates."""
        options: _Options = {"single_file": single_file, "normalized_coordinates": True}
        if arguments.get("with_assets") is None:
            arguments["with_assets"] = False
        self._export("kili", project_id, output_path, arguments, options)

    @takes_arguments(ExportArguments, called="KiliClient.exports.raw")
    def raw(
        self, project_id: str, output_path: Path, *, single_file: bool = False, **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write what `kili` writes."""
        self.kili(project_id, output_path, single_file=single_file, **arguments)

    @takes_arguments(ExportArguments, called="KiliClient.exports.coco")
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

    @takes_arguments(ExportArguments, called="KiliClient.exports.yolo_v4")
    def yolo_v4(
        self, project_id: str, output_path: Path, *, layout: "Layout" = "split", **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write boxes and outlines for YOLO v4."""
        self._export("yolo_v4", project_id, output_path, arguments, {"layout": layout})

    @takes_arguments(ExportArguments, called="KiliClient.exports.yolo_v5")
    def yolo_v5(
        self, project_id: str, output_path: Path, *, layout: "Layout" = "split", **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write boxes and outlines for YOLO v5."""
        self._export("yolo_v5", project_id, output_path, arguments, {"layout": layout})

    @takes_arguments(ExportArguments, called="KiliClient.exports.yolo_v7")
    def yolo_v7(
        self, project_id: str, output_path: Path, *, layout: "Layout" = "split", **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write boxes and outlines for YOLO v7."""
        self._export("yolo_v7", project_id, output_path, arguments, {"layout": layout})

    @takes_arguments(ExportArguments, called="KiliClient.exports.yolo_v8")
    def yolo_v8(
        self, project_id: str, output_path: Path, *, layout: "Layout" = "split", **arguments: Unpack[ExportArguments]
    ) -> None:
        """Write boxes and outlines for YOLO v8."""
        self._export("yolo_v8", project_id, output_path, arguments, {"layout": layout})

    @takes_arguments(ExportArguments, called="KiliClient.exports.pascal_voc")
    def pascal_voc(self, project_id: str, output_path: Path, **arguments: Unpack[ExportArguments]) -> None:
        """Write boxes as Pascal VOC."""
        self._export("pascal_voc", project_id, output_path, arguments, {"layout": "merged"})

    @takes_arguments(ExportArguments, called="KiliClient.exports.geojson")
    def geojson(self, project_id: str, output_path: Path, **arguments: Unpack[ExportArguments]) -> None:
        """Write shapes in degrees as GeoJSON."""
        self._export("geojson", project_id, output_path, arguments, {"layout": "merged"})

    def dataframe(
        self,
        project_id: str,
        label_fields: Sequence[str] = FRAME_FIELDS,
        asset_fields: Sequence[str] = ("externalId",),
    ) -> "pd.DataFrame":
        """Return all labels of a project as a pandas data frame, as `KiliClient.export_labels_as_df` does."""
        return self._own().export_labels_as_df(project_id, label_fields, asset_fields)

    def _export(
        self, fmt: str, project_id: str, output_path: Path, arguments: ExportArguments, options: "_Options"
    ) -> None:
        filters = _checked(ExportFilter, arguments.get("filter"))
        exporting = load("kili_query.client.exporting", f"`exports.{fmt}`", "export")
        client, export_type = self._own(), arguments.get("export_type")
        with_assets = arguments.get("with_assets") is not False
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
                include_sent_back_labels=arguments.get("include_sent_back_labels") is not False,
                **options,
            ),
            disable_tqdm=is_bar_disabled(arguments.get("disable_tqdm"), client._settings.disable_tqdm),
            type_for=partial(_type_for, export_type),
        )


def _type_for(export_type: ExportType | None, has_steps: bool) -> ExportType:
    """Return the type of an export of a project with or without steps.

    Raises:
        ArgumentError: there are no steps, and the labels of these were asked for.
    """
    if export_type is None:
        return "latest_from_last_step" if has_steps else "latest"
    if not has_steps and export_type not in ("latest", "normal"):
        raise ArgumentError(
            f"`export_type`: the project has the legacy workflow, without steps, so {export_type!r} does not apply:"
            " use 'latest' or 'normal'"
        )
    return export_type


class LlmMethods(Namespace):
    """`KiliClient.llm`: projects of conversations."""

    @takes_arguments(ConversationArguments, called="KiliClient.llm.export")
    def export(
        self,
        project_id: str,
        disable_tqdm: bool | None = None,
        asset_ids: Sequence[str] | None = None,
        external_ids: Sequence[str] | None = None,
        include_sent_back_labels: bool = False,
        label_type_in: Sequence[str] | None = None,
        **filters: Unpack[ConversationArguments],
    ) -> Rows:
        """Return the labels of conversations, with the messages that they are about.

        Args:
            project_id: the project, of type ``LLM_RLHF``, ``LLM_STATIC`` or ``LLM_INSTR_FOLLOWING``.
            disable_tqdm: hide the progress bar.
            asset_ids: only these assets.
            external_ids: only the assets with these external ids, instead of ``asset_ids``.
            include_sent_back_labels: whether to export labels that were sent back to the queue.
            label_type_in: only labels of these types; by default ``DEFAULT`` and ``REVIEW``.
            **filters: only these assets; see `ConversationArguments`.

        Returns:
            A dict for each asset that has such a label. In an ``LLM_RLHF`` project it is the row of the format
            ``llm_rlhf``, with all labels. In others it has ``chatItems``, ``externalId``, ``label``, ``labeler`` and
            ``metadata``, of the last label; ``label`` holds the answers under ``completion``, ``round`` and
            ``conversation``, beside the message or the number of the round that they are about.

        Raises:
            ArgumentError: an argument cannot be used; nothing was sent.
            NotCompatibleInputType: the project has no conversations.
            NotFound: there is no such project, or no asset with an external id.
            ServiceError: the service refused the call, or cannot be reached.
            LabelError: a label cannot be read, or an answer belongs to no message.
            DataError: the interface has a job of an unknown level.
            NotExportableAssetError, DownloadError: the conversation of an asset cannot be had.

        Warns:
            UserWarning: answers to jobs that the interface does not have were left out.
        """
        conversations = load("kili_query.client.conversations", "`llm.export`", "export")
        client = self._own()
        wanted = conversations.WantedAssets(
            project_id=project_id, asset_ids=asset_ids, external_ids=external_ids, filters=filters
        )
        rows: Rows = conversations.export_conversations(
            client._context,
            client._settings,
            wanted,
            label_type_in=label_type_in,
            include_sent_back_labels=include_sent_back_labels,
            disable_tqdm=is_bar_disabled(disable_tqdm, client._settings.disable_tqdm),
        )
        return rows


class _Options(TypedDict, total=False):
    """Options of one format, as those of exports are called."""

    layout: "Layout"
    single_file: bool
    annotation_modifier: "AnnotationModifier | None"
    normalized_coordinates: bool


_Filter = TypeVar("_Filter", LabelFilter, ExportFilter)


def _checked(declaration: type[_Filter], filters: _Filter | None) -> _Filter:
    """Return the filters if all of them are known; later checks are of their values."""
    chosen = declaration() if filters is None else filters
    check_filter_names("filter", chosen, get_type_hints(declaration))
    return chosen


def _made_by(arguments: Mapping[str, object]) -> _Maker:
    """Return the model or the step of a label."""
    return cast("_Maker", {name: arguments[name] for name in get_type_hints(_Maker) if name in arguments})


def _inputs(
    arguments: NewLabelArguments,
) -> "tuple[Sequence[str] | None, Sequence[str] | None, Sequence[Mapping[str, object]]]":
    """Return the ids of the assets, their external ids, and the contents, each as an array if it is given."""
    given = arguments
    assets = _one_or_many("asset_id", given.get("asset_id"), "asset_id_array", given.get("asset_id_array"))
    external_ids = _one_or_many(
        "external_id", given.get("external_id"), "external_id_array", given.get("external_id_array")
    )
    contents = _one_or_many(
        "json_response", given.get("json_response"), "json_response_array", given.get("json_response_array")
    )
    if not contents:
        raise ArgumentError("there is no content: give `json_response` or `json_response_array`")
    if assets is None and external_ids is None:
        raise MissingArgumentError("there is no asset: give `asset_id`, `external_id`, or an array of them")
    return assets, external_ids, contents


def _one_or_many(name: str, one: _Value | None, plural: str, many: Sequence[_Value] | None) -> Sequence[_Value] | None:
    if one is None:
        return many
    if many is not None:
        raise IncompatibleArgumentsError(f"`{name}` and `{plural}` both say it: give one of them")
    return [one]
