"""Exports from the service: assets are read page by page and written as they come."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import cast

from attrs import asdict, evolve, frozen

from kili_query.client.arguments import check_filter_names, check_project_id, check_texts, checked_filters
from kili_query.client.asset_ids import asset_ids_of
from kili_query.client.assets import count_assets, read_assets
from kili_query.client.collecting import rare_collections
from kili_query.client.media import KeyedMedia
from kili_query.client.ontologies import read_project
from kili_query.client.paging import Row
from kili_query.client.request import Service
from kili_query.client.rows import ListContext, ListRequest
from kili_query.client.settings import Settings
from kili_query.client.warning import warn
from kili_query.errors import ArgumentError, GraphQLError, IncompatibleArgumentsError
from kili_query.export import NoCompatibleJobError, Options, format_named, write
from kili_query.export.format import Format
from kili_query.export.options import SUBMITTED, place_of_labels
from kili_query.export.project import GEOSPATIAL, LAYERS
from kili_query.export.writing import FromJson
from kili_query.output_files import check_path
from kili_query.protocol import AssetFilters, ExportFilters, ExportType, LabelType, filters_of
from kili_query.protocol.filters import FORMER_NAMES
from kili_query.query import Query

_ASSET_FIELDS = (
    "id",
    "externalId",
    "content",
    "jsonContent",
    "jsonMetadata",
    "status",
    "pageResolutions.pageNumber",
    "pageResolutions.height",
    "pageResolutions.width",
    "pageResolutions.rotation",
    "resolution.height",
    "resolution.width",
)
_LABEL_FIELDS = (
    "author.id",
    "author.email",
    "author.firstname",
    "author.lastname",
    "jsonResponse",
    "createdAt",
    "isLatestLabelForUser",
    "labelType",
    "modelName",
)
_DETAILS = ("jsonMetadata", "status", "pageResolutions.", "author.", "isLatestLabelForUser", "modelName")
"""The beginnings of the fields that formats of shapes do without; services take longer for each field."""
_PROJECT_SELECTION = "id title description inputType jsonInterface dataConnections { id }"
_GEOSPATIAL_SETTINGS = "geospatialSettings"
_OF_STEPS = ("latest_from_last_step", "latest_from_all_steps")
_WITH_ALL_LABELS = "llm_v1"
_MANY_MEDIA = 1000

_ARGUMENT = "asset_filter_kwargs"
_SEARCH = "label_category_search"
_FILTERS = {*filters_of(ExportFilters), _SEARCH}


@frozen(kw_only=True)
class WantedAssets:
    """The assets to export; None does not filter.

    Attributes:
        project_id: their project.
        asset_ids: their ids.
        external_ids: their external ids, instead of the ids.
        filters: further filters, by the names of `ExportFilters`.
    """

    project_id: str
    asset_ids: Sequence[str] | None = None
    external_ids: Sequence[str] | None = None
    filters: Mapping[str, object] | None = None

    def checked(self, label_types: Sequence[str]) -> ListRequest:
        """Return a request for these assets that have a label of one of some types, but for ``external_ids``.

        Raises:
            ArgumentError: they cannot be used.
            QuerySyntaxError: the category search is not a query.
        """
        check_project_id(self.project_id)
        if self.asset_ids is not None and self.external_ids is not None:
            raise IncompatibleArgumentsError("`asset_ids` and `external_ids` both select assets: give one of them")
        for name, ids in (("asset_ids", self.asset_ids), ("external_ids", self.external_ids)):
            if ids is not None and not isinstance(ids, str) and not ids:
                raise ArgumentError(f"`{name}` is empty: name an asset, or leave it out to export the whole project")
            check_texts(name, ids)
        filters = self._named()
        search = cast("str | Query | None", filters.pop(_SEARCH, None))
        chosen = ListRequest(
            project_id=self.project_id,
            filters={"asset_id_in": self.asset_ids, "label_type_in": label_types, **filters},
            category_search=search,
            disable_tqdm=True,
            keep_texts=True,
        )
        return chosen.checked(AssetFilters, search_name=_SEARCH)

    def _named(self) -> dict[str, object]:
        check_filter_names(_ARGUMENT, {} if self.filters is None else self.filters, {*_FILTERS, *FORMER_NAMES})
        named: dict[str, object] = {}
        for given, value in (self.filters or {}).items():
            name = FORMER_NAMES.get(given, given)
            if name in named:
                raise ArgumentError(f"`{_ARGUMENT}` has both `{name}` and `{given}`, which are the same")
            named[name] = value
        return named


def checked_label_types(label_type_in: Sequence[str] | None) -> tuple[str, ...]:
    """Return the types of label to export; by default, and for an empty list, those that people submit.

    Raises:
        ArgumentError: there is no such type.
    """
    checked_filters(AssetFilters, {"label_type_in": label_type_in})
    return tuple(label_type_in or SUBMITTED)


def export_labels(
    context: ListContext,
    settings: Settings,
    wanted: WantedAssets,
    *,
    fmt: str,
    filename: str | PathLike[str] | None,
    options: Options,
    media_cache: str | PathLike[str] | None = None,
    disable_tqdm: bool | None = None,
    type_for: Callable[[bool], ExportType] | None = None,
    called: str = "filename",
) -> list[object] | None:
    """Write the labels of a project to a file; without a file name, return the rows of a format that is a list.

    ``type_for`` returns the type of export for a project with or without steps; by default it is that of the options.
    ``called`` is the name of ``filename`` in messages.

    Raises:
        ArgumentError, QueryError: an argument cannot be used; nothing was sent.
        NotCompatibleOptions, NotCompatibleInputType: the format or the project does not support the options.
        NotFound: the project does not exist, or has no asset with one of the external ids.
        ServiceError: the service refused the call, or cannot be reached.
        NotExportableAssetError, NotExportableLabelError, DownloadError: something cannot be written.
    """
    if fmt == _WITH_ALL_LABELS:
        options = evolve(options, export_type="normal", label_types=tuple(LabelType))
    chosen_assets = wanted.checked(options.label_types)
    chosen = format_named(fmt)
    chosen.check_options(options)
    chosen.check_media(options)
    if filename is None and chosen.is_archive:
        raise ArgumentError(f"`{called}` is needed: the format `{fmt}` is an archive")
    if filename is not None:
        check_path(called, filename)
    if media_cache is not None:
        check_path("media_cache", media_cache, of="a folder")
    if type_for is not None:
        options = evolve(options, export_type=type_for(context.workflows.has_steps(wanted.project_id)))
    chosen_assets = context.settled(chosen_assets, AssetFilters)
    project = _project(context.service, wanted.project_id)
    if wanted.external_ids is not None:
        found = asset_ids_of(context.service, wanted.project_id, wanted.external_ids)
        chosen_assets = evolve(chosen_assets, filters={**chosen_assets.filters, "asset_id_in": found})
    if options.with_assets and chosen_assets.category_search is None:  # otherwise it may take many requests
        _warn_of_many(count_assets(context, chosen_assets))
    with rare_collections(), tempfile.TemporaryDirectory(prefix="kili-query-") as folder:
        path = Path(folder) / "rows.json"
        try:
            summary = write(
                None,
                FromJson(_assets(context, chosen_assets, options, chosen, has_layers=_GEOSPATIAL_SETTINGS in project)),
                project,
                fmt=fmt,
                to=path if filename is None else filename,
                fetch=KeyedMedia(settings, None if media_cache is None else Path(media_cache)),
                disable_tqdm=disable_tqdm,
                **asdict(options, recurse=False),
            )
        except NoCompatibleJobError as error:
            warn(f"nothing is exported: {error}")
            return None
        if summary.skipped:
            warn(str(summary))
        elif not summary.labels:
            warn("the export is empty: none of the assets has such a label")
        if summary.left_out and not summary.skipped:  # otherwise the first warning already lists them
            warn("\n".join(summary.left_out))
        return cast("list[object]", json.loads(path.read_bytes())) if filename is None else None


def _project(service: Service, project_id: str) -> Row:
    """Return the project; for maps also their settings, which older services do not have because they use degrees."""
    project = read_project(service, project_id, _PROJECT_SELECTION)
    if project.get("inputType") != GEOSPATIAL:
        return project
    try:
        return project | read_project(service, project_id, _GEOSPATIAL_SETTINGS)
    except GraphQLError as error:
        if _GEOSPATIAL_SETTINGS not in error.message:
            raise
        return project


def _assets(
    context: ListContext, wanted: ListRequest, options: Options, fmt: Format, *, has_layers: bool
) -> Iterator[Row]:
    """Yield the assets with the labels that the options select, as they come."""
    place = place_of_labels(options.export_type)
    of_label = (
        *_LABEL_FIELDS,
        *fmt.label_fields,
        *(("id",) if fmt.has_only_shapes and place != "latestLabel" else ()),  # COCO tells several labels apart by it
        *(("isLastForStep",) if options.export_type in _OF_STEPS else ()),
        *(() if options.include_sent_back_labels else ("isSentBackToQueue",)),
    )
    needed = _without_details if fmt.has_only_shapes else tuple
    layers = (LAYERS,) if has_layers else ()
    fields = (*needed(_ASSET_FIELDS), *layers, *(f"{place}.{name}" for name in needed(of_label)))
    return read_assets(context, evolve(wanted, fields=fields))


def _without_details(fields: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in fields if not name.startswith(_DETAILS))


def _warn_of_many(number: int) -> None:
    if number > _MANY_MEDIA:
        message = f"downloading the media of {number} assets takes long: `with_assets=False` leaves them out"
        warn(message)
