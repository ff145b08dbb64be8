"""`client.labels`: lists and counts, new labels, and deletions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, Unpack, cast, get_type_hints, overload

from attrs import evolve

from kili_query.client.arguments import check_text, is_parsed
from kili_query.client.keyword_arguments import LABEL_FIELDS, LabelArguments, takes_arguments, takes_filters
from kili_query.client.namespaces.namespace import CallableNamespace, Path, Rows, checked_filter
from kili_query.client.paging import Row
from kili_query.client.reading import read_labels, read_parsed_labels
from kili_query.client.writing import NewLabels
from kili_query.errors import ArgumentError, IncompatibleArgumentsError, MissingArgumentError
from kili_query.protocol import LabelFilters

if TYPE_CHECKING:
    from kili_query.labels import ParsedLabel
    from kili_query.query import Query

ParsedLabels: TypeAlias = "list[ParsedLabel]"
Ids: TypeAlias = list[str]
NewIds: TypeAlias = list[dict[str, str]]


class LabelFilter(LabelFilters, total=False):
    """The keys of ``filter`` in the methods of `KiliClient.labels`."""

    category_search: "str | Query | None"


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


class _Maker(StepArguments, total=False):
    model_name: str | None


class LabelMethods(CallableNamespace):
    """`KiliClient.labels`: a method, and a namespace of methods."""

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
        category_search: "str | Query | None" = None,
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

    @takes_arguments(
        called="KiliClient.labels.list", keys=LabelFilter, elsewhere={"as_generator": "use `list_as_generator` instead"}
    )
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
            **checked_filter(LabelFilter, filter),
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

    @takes_arguments(
        called="KiliClient.labels.list_as_generator",
        keys=LabelFilter,
        elsewhere={
            "as_generator": "leave it out, because this method always returns an iterator",
            "disable_tqdm": "leave it out: this method shows no progress bar",
        },
    )
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
            **checked_filter(LabelFilter, filter),
        )

    @takes_arguments(called="KiliClient.labels.count", keys=LabelFilter)
    def count(
        self,
        project_id: str,
        filter: LabelFilter | None = None,  # noqa: A002 - a name of the official client
    ) -> int:
        """Count the labels that `list` would list.

        Raises:
            ArgumentError, QueryError, ServiceError, LabelError: as `KiliClient.labels` does.
        """
        return self._own().count_labels(project_id, **checked_filter(LabelFilter, filter))

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
        new = evolve(_new_labels(project_id, arguments), model_name=model_name, overwrite=overwrite)
        return self._own()._create_predictions(new, arguments.get("disable_tqdm"))

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

    @takes_arguments(called="KiliClient.labels.delete")
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
        if id is not None and ids is not None:
            raise IncompatibleArgumentsError("`id` and `ids` both say it: give one of them")
        if id is not None:
            check_text("id", id)
            ids = [id]
        if ids is None:
            raise MissingArgumentError("`id` or `ids` is needed: name the labels to delete")
        return self._own().delete_labels(ids, disable_tqdm)

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
        reviewed, name = _one_or_many("reviewed_label_id", steps)
        new = _new_labels(project_id, arguments)
        new = evolve(
            new,
            label_type=label_type,
            model_name=model_name,
            overwrite=overwrite,
            step_name=steps.get("step_name"),
            step_id=steps.get("step_id"),
            group_name=steps.get("group_name"),
            reviewed_label_id_array=reviewed,
            names={**new.names, "reviewed_label_id_array": name},
        )
        return self._own()._append_labels(new, arguments.get("disable_tqdm"))

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


def _made_by(arguments: Mapping[str, object]) -> _Maker:
    """Return the model or the step of a label."""
    return cast("_Maker", {name: arguments[name] for name in get_type_hints(_Maker) if name in arguments})


def _new_labels(project_id: str, arguments: NewLabelArguments) -> NewLabels:
    """Return the labels, with arrays of one where one is given, and with the names that messages call them by."""
    assets, name_of_assets = _one_or_many("asset_id", arguments)
    external_ids, name_of_external_ids = _one_or_many("external_id", arguments)
    contents, name_of_contents = _one_or_many("json_response", arguments)
    if contents is None:
        raise ArgumentError("there is no content: give `json_response` or `json_response_array`")
    if assets is None and external_ids is None:
        raise MissingArgumentError("there is no asset: give `asset_id`, `external_id`, or an array of them")
    return NewLabels(
        project_id=project_id,
        asset_id_array=assets,
        asset_external_id_array=external_ids,
        json_response_array=contents,
        names={
            "asset_id_array": name_of_assets,
            "asset_external_id_array": name_of_external_ids,
            "json_response_array": name_of_contents,
        },
    )


def _one_or_many(name: str, arguments: Mapping[str, Any]) -> tuple[Sequence[Any] | None, str]:
    """Return the values of an argument, which is one or an array, and the name of the one that is given."""
    one, many = arguments.get(name), arguments.get(f"{name}_array")
    if one is None:
        return many, f"{name}_array"
    if many is not None:
        raise IncompatibleArgumentsError(f"`{name}` and `{name}_array` both say it: give one of them")
    return [one], name
