"""The client: methods with the names, parameters, defaults and results of the official one. Each calls a function.

Longer than most files because the methods have many parameters, and this is where users read what they do.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from copy import copy
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NoReturn, Self, TypeVar, Unpack, cast, overload

from attrs import evolve

from kili_query.client import writing
from kili_query.client.arguments import check_project_id, check_timeout, checked_fields
from kili_query.client.assets import count_assets
from kili_query.client.cached import AnswersLists, CachedLabels
from kili_query.client.collecting import rare_collections
from kili_query.client.contents import PAYLOAD_THREADS, OnMalformed, checked_on_malformed
from kili_query.client.downloading import Download, download_labels
from kili_query.client.keyword_arguments import (
    COUNT_POSITIONS,
    FRAME_FIELDS,
    LABEL_FIELDS,
    PredictionArguments,
    shows_filters,
    takes_filters,
)
from kili_query.client.namespaces import AssetMethods, EventMethods, ExportMethods, LabelMethods, LlmMethods
from kili_query.client.ontologies import OntologyCache, Projects, read_project
from kili_query.client.paging import Row
from kili_query.client.progress import is_bar_disabled, progress_bar
from kili_query.client.reading import count_labels, read_labels
from kili_query.client.request import (
    CALLS_PER_MINUTE,
    DEFAULT_TIMEOUT_S,
    MAX_ANSWER_BYTES,
    PatientService,
    Request,
    Service,
)
from kili_query.client.rows import ListContext, ListRequest
from kili_query.client.threads import Threads
from kili_query.client.warning import warn
from kili_query.errors import ArgumentError, TransportError
from kili_query.extras import load
from kili_query.interrupts import heed_ctrl_c
from kili_query.planning import DEFAULT_PROFILE, ServerProfile, checked_profile
from kili_query.protocol import (
    ME,
    AssetKeywords,
    ExportType,
    LabelFilters,
    LabelType,
    PredictionFilters,
    decode_json,
    selection_of,
)
from kili_query.wording import shape_of

if TYPE_CHECKING:
    import pandas as pd
    from tqdm import tqdm

    from kili_query.client.subscription import Callback, Notice, Subscription
    from kili_query.export import AnnotationModifier
    from kili_query.query import Query

_Item = TypeVar("_Item")

PREDICTION_FIELDS = ("author.email", "author.id", "id", "jsonResponse", "labelType", "modelName")
DOWNLOAD_FIELDS = (
    "id",
    "labelType",
    "createdAt",
    "author.id",
    "author.email",
    "labelOf.id",
    "labelOf.externalId",
    "labelOf.resolution.height",
    "labelOf.resolution.width",
    "modelName",
    "secondsToLabel",
    "isLatestLabelForUser",
    "jsonResponse",
)
PROJECT_FIELDS = ("description", "id", "inputType", "jsonInterface", "title")

_NO_KEY = "unused"
_PREFETCHING_THREADS = 8


class KiliClient:
    """A client of a Kili service: list, count, search, write and delete labels.

    Methods have the arguments and results of the official client. A wrong argument raises an `ArgumentError` before
    anything is sent. If the service refuses a call or cannot be reached, that is a `ServiceError`. Many threads may use
    one client. It is a context manager that closes its connections.

    A category search is text or a `Query`, in the core language or the extended one. It is first checked against the
    project's ontology, and an error points to the fault in the text. Whatever the service cannot evaluate is evaluated
    here, so that results are the same as if it could.
    """

    assets = AssetMethods()
    events = EventMethods()
    labels = LabelMethods()
    exports = ExportMethods()
    llm = LlmMethods()

    def __init__(
        self,
        api_key: str | None = None,
        api_endpoint: str | None = None,
        *,
        verify: bool | str | None = None,
        ontology_cache: OntologyCache | bool = True,
        disable_tqdm: bool | None = None,
        profile: ServerProfile = DEFAULT_PROFILE,
        on_malformed: OnMalformed = "raise",
        calls_per_minute: int | None = CALLS_PER_MINUTE,
        timeout_s: float | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        transport: Service | None = None,
        cache: "AnswersLists | None" = None,
        max_age_s: float | None = 300.0,
    ) -> None:
        """Read the settings, and check that the service accepts the key.

        Args:
            api_key: the key; by default that of ``KILI_API_KEY`` or of the config file.
            api_endpoint: the URL of the GraphQL endpoint; by default that of ``KILI_API_ENDPOINT``, of the config
                file, or of the vendor's service.
            verify: whether to check certificates, or the path of a file of certificate authorities; by default the
                value of ``KILI_VERIFY`` or of the config file, otherwise True.
            ontology_cache: keep the ontologies of projects while the client lives; or the mapping that keeps them, by
                project id, such as a dict that already holds some. With False, each call asks the service.
            disable_tqdm: hide progress bars; by default the value of ``KILI_DISABLE_TQDM`` or of the config file,
                otherwise bars show in terminals only.
            profile: which category searches the service evaluates reliably; the others are evaluated here.
            on_malformed: how to treat a listed label whose content cannot be read: ``"raise"`` an error, or ``"skip"``
                the label, with a warning at the end that says how many and which.
            calls_per_minute: maximum number of calls that all clients of this key in this process send; None for no
                limit.
            timeout_s: how long one call waits for its answer, in seconds; by default 60, and 120 for calls that create
                labels in batches. A value given here is used for these too.
            max_answer_bytes: maximum size of an answer, of a content or of a message of a subscription, once
                decompressed. A larger one is an error, and reading stops there.
            cache: a `kili_query.cache.LabelCache` that is asked first, by lists and counts of labels. It answers if it
                follows the project, keeps the fields, knows the contents that a search needs and is fresh enough; the
                logger ``kili_query.client`` tells at the level INFO which of the two answered, and why.
            max_age_s: how long ago the cache's last sync may have been, in seconds; None for any time.
            transport: answers instead of the service, such as a `kili_query.client.testing.FakeService` in a test. Then
                no key is needed or checked. The client does not close it.

        Raises:
            ArgumentError: an argument, or a setting that replaces it, cannot be used.
            AuthenticationFailed: there is no key, or the service does not accept it.
            ServiceError: the service cannot be reached.
        """
        # here, so that importing the client does not load what sends requests
        from kili_query.client.key_check import check_key
        from kili_query.client.settings import Settings
        from kili_query.client.transport import Transport

        checked_profile(profile)
        answering = CachedLabels.checked(cache, max_age_s)
        checked_on_malformed(on_malformed)
        ontologies = _checked_cache(ontology_cache)
        check_timeout(timeout_s)
        if transport is not None and api_key is None:
            api_key = _NO_KEY
        self._settings = Settings.resolve(
            api_key, api_endpoint, verify=verify, disable_tqdm=disable_tqdm, max_answer_bytes=max_answer_bytes
        )
        self._http: Transport | None = None
        if transport is None:
            transport = self._http = Transport(
                self._settings, calls_per_minute=calls_per_minute, payload_timeout_s=timeout_s or DEFAULT_TIMEOUT_S
            )
        self._service = PatientService(transport, timeout_s)
        heed_ctrl_c()  # threads are waited for below
        self._pool = Threads(_PREFETCHING_THREADS, "kili-pages")
        self._payload_pool = Threads(PAYLOAD_THREADS, "kili-payloads")
        projects = Projects(self._service, ontologies)
        self._context = ListContext(
            self._service,
            self._pool,
            projects,
            profile,
            on_malformed,
            payload_pool=self._payload_pool,
            cache=answering,
        )
        try:
            if self._http is not None:
                check_key(self._service, self._settings, timeout_s=timeout_s or DEFAULT_TIMEOUT_S)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"KiliClient({self._settings.endpoint!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def without_cache(self) -> "KiliClient":
        """Return a client with the same connections that always asks the service."""
        other = copy(self)
        other._context = evolve(self._context, cache=None)
        return other

    @property
    def service(self) -> Service:
        """The service, for requests that no method makes."""
        return self._service

    def close(self) -> None:
        """Close the connections. Later calls, and generators that are read on, raise a `TransportError`."""
        for pool in (self._pool, self._payload_pool):
            pool.shutdown(wait=False, cancel_futures=True)
        if self._http is not None:
            self._http.close()

    @takes_filters(LabelFilters, positions=COUNT_POSITIONS)
    def count_labels(
        self, project_id: str, *, category_search: "str | Query | None" = None, **filters: Unpack[LabelFilters]
    ) -> int:
        """Count the labels that `labels` would list.

        If the service cannot evaluate all of the category search, the labels are read to be counted. A warning says so
        once.

        Raises:
            ArgumentError, QueryError, ServiceError, LabelError: as `labels` does.
        """
        wanted = ListRequest(project_id=project_id, filters=filters, category_search=category_search)
        return count_labels(self._context, wanted)

    @shows_filters(LabelFilters)
    def labels_as_json(
        self,
        project_id: str,
        *,
        fields: Sequence[str] = LABEL_FIELDS,
        disable_tqdm: bool | None = None,
        **filters: Unpack[LabelFilters],
    ) -> Iterator[Row]:
        """List labels one by one, with contents as JSON text: for programs that store them.

        Args:
            project_id: the project.
            fields: the fields of each label; dots lead into objects, as in ``author.email``.
            disable_tqdm: hide the progress bar; False shows it even if standard error is not a terminal.
            **filters: only these labels; see `LabelFilters`.

        Returns:
            An iterator of dicts. ``jsonResponse`` is the text that the service has, a value rebuilt from annotations,
            or None if there is none or it cannot be fetched, whatever ``on_malformed`` of the client says.

        Raises:
            ArgumentError, ServiceError: as `labels` does.
        """
        wanted = ListRequest(
            project_id=project_id,
            filters=filters,
            fields=fields,
            disable_tqdm=is_bar_disabled(disable_tqdm, self._settings.disable_tqdm),
            keep_texts=True,
        )
        return read_labels(evolve(self._context, on_malformed="skip", cache=None), wanted)

    @overload
    def predictions(
        self, project_id: str, *, as_generator: Literal[True], **arguments: Unpack[PredictionArguments]
    ) -> Iterator[Row]: ...
    @overload
    def predictions(
        self, project_id: str, *, as_generator: Literal[False] = False, **arguments: Unpack[PredictionArguments]
    ) -> list[Row]: ...

    @takes_filters(PredictionFilters)
    def predictions(
        self,
        project_id: str,
        *,
        fields: Sequence[str] = PREDICTION_FIELDS,
        first: int | None = None,
        skip: int = 0,
        disable_tqdm: bool | None = None,
        category_search: "str | Query | None" = None,
        as_generator: bool = False,
        **filters: Unpack[PredictionFilters],
    ) -> Iterable[Row]:
        """List the labels of type ``PREDICTION``, which models made for labelers to start from.

        Arguments, results and errors are those of `labels`.
        """
        chosen = {**filters, "type_in": [LabelType.PREDICTION]}
        return self._list(
            read_labels, project_id, chosen, category_search, fields, first, skip, disable_tqdm, as_generator
        )

    @overload
    def inferences(
        self, project_id: str, *, as_generator: Literal[True], **arguments: Unpack[PredictionArguments]
    ) -> Iterator[Row]: ...
    @overload
    def inferences(
        self, project_id: str, *, as_generator: Literal[False] = False, **arguments: Unpack[PredictionArguments]
    ) -> list[Row]: ...

    @takes_filters(PredictionFilters)
    def inferences(
        self,
        project_id: str,
        *,
        fields: Sequence[str] = PREDICTION_FIELDS,
        first: int | None = None,
        skip: int = 0,
        disable_tqdm: bool | None = None,
        category_search: "str | Query | None" = None,
        as_generator: bool = False,
        **filters: Unpack[PredictionFilters],
    ) -> Iterable[Row]:
        """List the labels of type ``INFERENCE``, which models made and which are kept for comparison.

        Arguments, results and errors are those of `labels`.
        """
        chosen = {**filters, "type_in": [LabelType.INFERENCE]}
        return self._list(
            read_labels, project_id, chosen, category_search, fields, first, skip, disable_tqdm, as_generator
        )

    @shows_filters(LabelFilters)
    def download_labels(
        self,
        project_id: str,
        filename: str | PathLike[str],
        *,
        fields: Sequence[str] = DOWNLOAD_FIELDS,
        category_search: "str | Query | None" = None,
        restart: bool = False,
        disable_tqdm: bool | None = None,
        **filters: Unpack[LabelFilters],
    ) -> Download:
        """Write the labels that meet all filters to a file, as NDJSON, oldest first.

        The file appears once it is complete. If the download is interrupted, even by ``kill -9``, what was fetched is
        kept beside it in ``<filename>.part``, and the same call continues from there. The result has the same bytes as
        an uninterrupted download. If labels were added or removed before that point, it starts again, with a warning.

        Args:
            project_id: the project.
            filename: the file; ``.gz`` and ``.zst`` compress it.
            fields: the fields of each label, as for `labels`; ``id`` is always among them.
            category_search: the search that labels must match.
            restart: discard what an interrupted download has fetched.
            disable_tqdm: hide the progress bar.
            **filters: only these labels; see `LabelFilters`.

        Returns:
            The number of labels, and how many of them an earlier call had fetched.

        Raises:
            ArgumentError, QueryError, ServiceError, LabelError: as `labels` does.
            WriteError: the file cannot be written, an unfinished download of something else lies beside it, or another
                process is downloading it. It is an `OSError`.
            MissingExtraError: ``.zst`` needs the extra ``zstd``.

        Warns:
            UserWarning: labels were left out because their content is unknown, or malformed with
                ``on_malformed="skip"``.
        """
        wanted = ListRequest(
            project_id=project_id,
            filters=filters,
            category_search=category_search,
            fields=fields,
            disable_tqdm=is_bar_disabled(disable_tqdm, self._settings.disable_tqdm),
        )
        return download_labels(self._context, wanted, filename, restart=restart)

    def export_labels_as_df(
        self,
        project_id: str,
        fields: Sequence[str] = FRAME_FIELDS,
        asset_fields: Sequence[str] = ("externalId",),
        *,
        flatten: bool = False,
    ) -> "pd.DataFrame":
        """Return all labels of a project, of every type, as a pandas data frame.

        Args:
            project_id: the project.
            fields: the fields of each label.
            asset_fields: the fields of its asset, in columns that begin with ``asset_``.
            flatten: make a column for each field, as ``author.email``; otherwise one of dicts for each object.

        Returns:
            One row for each label. The columns are there even if there is no label.

        Raises:
            MissingExtraError: pandas is not installed; nothing was sent.
            ArgumentError: an argument cannot be used; nothing was sent.
            ServiceError: the service refused the call, or cannot be reached.
        """
        frames = load("kili_query.client.dataframe", "a data frame of labels", "pandas")
        hidden = self._settings.disable_tqdm
        found = frames.read_label_frame(self._context, project_id, fields, asset_fields, flatten, disable_tqdm=hidden)
        return cast("pd.DataFrame", found)

    def export_labels(
        self,
        project_id: str,
        filename: str | PathLike[str] | None,
        fmt: str,
        asset_ids: Sequence[str] | None = None,
        layout: Literal["split", "merged"] = "split",
        single_file: bool = False,
        disable_tqdm: bool | None = None,
        with_assets: bool = True,
        external_ids: Sequence[str] | None = None,
        annotation_modifier: "AnnotationModifier | None" = None,
        asset_filter_kwargs: Mapping[str, object] | None = None,
        normalized_coordinates: bool | None = None,
        *,
        label_type_in: Sequence[str] | None = None,
        include_sent_back_labels: bool | None = None,
        export_type: ExportType = "latest",
        cut_videos: bool = True,
        on_error: Literal["raise", "skip"] = "raise",
        media_cache: str | PathLike[str] | None = None,
    ) -> list[object] | None:
        """Write the labels of a project to a file that other programs read.

        Assets are read page by page and written as they come, in constant memory. The file appears once it is complete;
        if something fails, an existing file stays as it was. The same labels give the same bytes.

        Args:
            project_id: the project.
            filename: the file, or a folder for ``<project id>.zip``; None returns the rows of the ``llm_…`` formats.
            fmt: ``raw`` or ``kili``, ``yolo_v4``, ``yolo_v5``, ``yolo_v7``, ``yolo_v8``, ``coco``, ``pascal_voc``,
                ``geojson``, ``llm_v1``, ``llm_dynamic_v1``, ``jsonl`` or ``parquet``.
            asset_ids: only these assets.
            layout: ``"split"`` for a folder per job or ``"merged"`` for all jobs together, if the format supports it.
            single_file: write all labels to one file, if the format supports it.
            disable_tqdm: hide the progress bar.
            with_assets: add the media to the archive.
            external_ids: only the assets with these external ids, instead of ``asset_ids``.
            annotation_modifier: for COCO: a function that takes the annotation to be written, its image and the label's
                annotation, and returns the annotation to write.
            asset_filter_kwargs: further filters, such as ``{"label_category_search": "OBJECTS.CAR"}``; their names are
                those of `ExportFilters`.
            normalized_coordinates: True for fractions, False for pixels, if the format supports it; None for its
                default.
            label_type_in: only labels of these types; by default ``DEFAULT`` and ``REVIEW``.
            include_sent_back_labels: False leaves out labels that were sent back to the queue.
            export_type: ``"latest"`` for the latest label of each asset, ``"latest_from_last_step"`` for the latest
                label of each author in the last step of the workflow, ``"latest_from_all_steps"`` for those of each
                step, ``"normal"`` for all. Services of before release 26 only know the first and the last.
            cut_videos: if media are added, also add videos as frames, cut by the program ffmpeg.
            on_error: ``"raise"`` stops at the first asset, label or annotation that cannot be written; ``"skip"``
                leaves it out, and a warning names it.
            media_cache: a folder that keeps downloads, so that an interrupted export continues where it stopped.

        Returns:
            None, or the rows of an ``llm_…`` format if there is no ``filename``.

        Raises:
            ArgumentError, NotCompatibleOptions: an argument cannot be used; nothing was sent.
            QueryError: the category search is not a query, or the project has no such job or category.
            NotCompatibleInputType: the format does not support the project.
            NotFound: the project does not exist, or has no asset with one of the external ids.
            ServiceError: the service refused the call, or cannot be reached.
            NotExportableAssetError, NotExportableLabelError, DownloadError: something cannot be written.

        Warns:
            UserWarning: the format can hold no job of the project, so that nothing is written.
        """
        exporting = load("kili_query.client.exporting", "`export_labels`", "export")
        options = exporting.Options(
            layout=layout,
            single_file=single_file,
            with_assets=with_assets,
            cut_videos=cut_videos and with_assets,
            normalized_coordinates=normalized_coordinates,
            annotation_modifier=annotation_modifier,
            on_error=on_error,
            export_type=export_type,
            label_types=exporting.checked_label_types(label_type_in),
            include_sent_back_labels=True if include_sent_back_labels is None else include_sent_back_labels,
        )
        rows: list[object] | None = exporting.export_labels(
            self._context,
            self._settings,
            exporting.WantedAssets(
                project_id=project_id, asset_ids=asset_ids, external_ids=external_ids, filters=asset_filter_kwargs
            ),
            fmt=fmt,
            filename=filename,
            options=options,
            media_cache=media_cache,
            disable_tqdm=is_bar_disabled(disable_tqdm, self._settings.disable_tqdm),
        )
        return rows

    def append_labels(
        self,
        asset_id_array: Sequence[str] | None = None,
        json_response_array: Sequence[Mapping[str, object]] = (),
        author_id_array: Sequence[str] | None = None,
        seconds_to_label_array: Sequence[int] | None = None,
        model_name: str | None = None,
        label_type: Literal["AUTOSAVE", "DEFAULT", "INFERENCE", "PREDICTION", "REVIEW"] = "DEFAULT",
        project_id: str | None = None,
        asset_external_id_array: Sequence[str] | None = None,
        disable_tqdm: bool | None = None,
        overwrite: bool = False,
        step_name: str | None = None,
        reviewed_label_id_array: Sequence[str] | None = None,
        step_id: str | None = None,
        group_name: str | None = None,
    ) -> list[dict[str, str]]:
        """Append a label to each of some assets.

        Args:
            asset_id_array: the assets; one that is listed twice gets two labels.
            json_response_array: the content of each label.
            author_id_array: the author of each label; by default the owner of the key.
            seconds_to_label_array: how long each label took to make, in seconds.
            model_name: the model that made the labels; predictions need it.
            label_type: the type of the labels.
            project_id: the project; needed with ``asset_external_id_array``.
            asset_external_id_array: the external ids of the assets, instead of ``asset_id_array``.
            disable_tqdm: hide the progress bar.
            overwrite: replace labels of the same model and type on these assets.
            step_name: the step of the workflow that the labels are made in; by default the service decides.
            reviewed_label_id_array: the label that each one reviews.
            step_id: the id of the step, instead of ``step_name``.
            group_name: the group of the step, if several groups have a step of that name.

        Returns:
            ``{"id": …}`` of each label, in the order of the arrays.

        Raises:
            ArgumentError: the arrays contradict each other, or something is missing; nothing was sent. Or the project
                has no such step or group; nothing was changed.
            NotFound: no asset has an external id, or the project has no steps; nothing was changed.
            ServiceError: a mutation failed. Its ``created`` holds the ids so far; its ``in_doubt`` and ``not_sent``
                hold positions in the arrays. No mutation is sent twice.
        """
        new = writing.NewLabels(
            asset_id_array=asset_id_array,
            json_response_array=json_response_array,
            author_id_array=author_id_array,
            seconds_to_label_array=seconds_to_label_array,
            model_name=model_name,
            label_type=label_type,
            project_id=project_id,
            asset_external_id_array=asset_external_id_array,
            overwrite=overwrite,
            step_name=step_name,
            reviewed_label_id_array=reviewed_label_id_array,
            step_id=step_id,
            group_name=group_name,
        )
        return self._append_labels(new, disable_tqdm)

    def _append_labels(self, new: writing.NewLabels, disable_tqdm: bool | None) -> list[dict[str, str]]:
        with self._bar("Appending labels", new.json_response_array, disable_tqdm) as bar:
            return writing.append_labels(self._service, new, bar.update)

    def append_labels_from_geojson_files(
        self,
        project_id: str,
        asset_external_id: str,
        geojson_file_paths: Sequence[str | PathLike[str]],
        job_names: Sequence[str] | None = None,
        category_names: Sequence[str] | None = None,
        label_type: Literal["AUTOSAVE", "DEFAULT", "INFERENCE", "PREDICTION", "REVIEW"] = "DEFAULT",
        step_name: str | None = None,
        model_name: str | None = None,
        step_id: str | None = None,
        group_name: str | None = None,
    ) -> dict[str, str]:
        """Append one label, made of all features of some GeoJSON files, to an asset.

        What a feature is, ``properties.kili`` says, as exports write it. Without it, a feature belongs to the first job
        with a tool for its geometry, and has the first category of that job. Coordinates are not converted.

        Args:
            project_id: the project.
            asset_external_id: the external id of the asset.
            geojson_file_paths: the files, each a FeatureCollection.
            job_names: for each file the job of all its features, whatever they say themselves.
            category_names: for each file their category, with ``job_names``.
            label_type: the type of the label.
            step_name: the step of the workflow that the label is made in; by default the service decides.
            model_name: the model that made the label; a prediction needs it.
            step_id: the id of the step, instead of ``step_name``.
            group_name: the group of the step, if several groups have a step of that name.

        Returns:
            ``{"id": …}`` of the label. A warning names what was left out, because no job has a tool for it.

        Raises:
            ArgumentError: an argument cannot be used; nothing was sent. Or the project has no such job, category or
                step; nothing was changed.
            SourceError: a file or a feature cannot be read, or does not fit the project; nothing was changed.
            NotFound: no such project, or no asset with the external id; nothing was changed.
            ServiceError: the service refused the call, or cannot be reached. Its ``in_doubt`` or its ``not_sent`` holds
                the external id.
        """
        new = writing.NewLabels(
            project_id=project_id,
            asset_external_id_array=[asset_external_id],
            label_type=label_type,
            model_name=model_name,
            step_name=step_name,
            step_id=step_id,
            group_name=group_name,
        )
        features = load("kili_query.client.writing.features", "labels from files", "client")
        append: Callable[..., dict[str, str]] = features.append_label_of_geojson
        return append(self._service, self._context.projects, new, geojson_file_paths, job_names, category_names)

    def append_labels_from_shapefiles(
        self,
        project_id: str,
        asset_external_id: str,
        shapefile_paths: Sequence[str | PathLike[str]],
        job_names: Sequence[str],
        category_names: Sequence[str],
        from_epsgs: Sequence[int] | None = None,
        label_type: Literal["AUTOSAVE", "DEFAULT", "INFERENCE", "PREDICTION", "REVIEW"] = "DEFAULT",
        step_name: str | None = None,
        model_name: str | None = None,
        step_id: str | None = None,
        group_name: str | None = None,
    ) -> dict[str, str]:
        """Append one label, made of all records of some shapefiles, to an asset.

        Args:
            project_id: the project.
            asset_external_id: the external id of the asset.
            shapefile_paths: the ``.shp`` files.
            job_names: for each file the job of all its records; its first tool that can draw a shape decides.
            category_names: for each file their category.
            from_epsgs: for each file the EPSG code of its reference system, to convert coordinates to longitude and
                latitude; by default they are not converted.
            label_type: the type of the label.
            step_name: the step of the workflow that the label is made in; by default the service decides.
            model_name: the model that made the label; a prediction needs it.
            step_id: the id of the step, instead of ``step_name``.
            group_name: the group of the step, if several groups have a step of that name.

        Returns:
            ``{"id": …}`` of the label. A warning names what was left out or changed.

        Raises:
            ArgumentError, SourceError, NotFound, ServiceError: as `append_labels_from_geojson_files` does.
            MissingExtraError: the extra ``gis`` is not installed.
        """
        new = writing.NewLabels(
            project_id=project_id,
            asset_external_id_array=[asset_external_id],
            label_type=label_type,
            model_name=model_name,
            step_name=step_name,
            step_id=step_id,
            group_name=group_name,
        )
        features = load("kili_query.client.writing.features", "labels from files", "client")
        append: Callable[..., dict[str, str]] = features.append_label_of_shapefiles
        return append(
            self._service, self._context.projects, new, shapefile_paths, job_names, category_names, from_epsgs
        )

    def create_predictions(
        self,
        project_id: str,
        external_id_array: Sequence[str] | None = None,
        model_name_array: Sequence[str] | None = None,
        json_response_array: Sequence[Mapping[str, object]] | None = None,
        model_name: str | None = None,
        asset_id_array: Sequence[str] | None = None,
        disable_tqdm: bool | None = None,
        overwrite: bool = False,
    ) -> dict[str, str]:
        """Append a prediction of one model to each of some assets.

        Args:
            project_id: the project.
            external_id_array: the external ids of the assets, unless ``asset_id_array`` is given.
            model_name_array: deprecated, use ``model_name``; all names must be the same.
            json_response_array: the content of each prediction.
            model_name: the model.
            asset_id_array: the assets.
            disable_tqdm: hide the progress bar.
            overwrite: replace the model's predictions on these assets.

        Returns:
            ``{"id": …}``: the id of the project.

        Raises:
            ArgumentError, NotFound, ServiceError: as `append_labels` does.
        """
        new = writing.NewLabels(
            asset_id_array=asset_id_array,
            json_response_array=json_response_array or (),
            model_name=model_name,
            project_id=project_id,
            asset_external_id_array=external_id_array,
            overwrite=overwrite,
            names={"asset_external_id_array": "external_id_array"},
        )
        return self._create_predictions(new, disable_tqdm, model_name_array)

    def _create_predictions(
        self, new: writing.NewLabels, disable_tqdm: bool | None, model_name_array: Sequence[str] | None = None
    ) -> dict[str, str]:
        with self._bar("Creating predictions", new.json_response_array, disable_tqdm) as bar:
            return writing.create_predictions(self._service, new, model_name_array, bar.update)

    def create_honeypot(
        self,
        json_response: Mapping[str, object],
        asset_external_id: str | None = None,
        asset_id: str | None = None,
        project_id: str | None = None,
    ) -> dict[str, str]:
        """Make an asset a honeypot: its labels are compared with this content.

        Args:
            json_response: the content.
            asset_external_id: the external id of the asset, with ``project_id``, unless ``asset_id`` is given.
            asset_id: the asset.
            project_id: the project.

        Returns:
            ``{"id": …}`` of the label that holds the content, a review.

        Raises:
            ArgumentError: no asset is named, or the content is not a dict; nothing was sent.
            NotFound: no asset of the project has the external id.
            ServiceError: the service refused the call, or cannot be reached.
        """
        return writing.create_honeypot(self._service, json_response, asset_external_id, asset_id, project_id)

    def append_to_labels(
        self,
        json_response: Mapping[str, object],
        author_id: str | None = None,
        label_asset_external_id: str | None = None,
        label_asset_id: str | None = None,
        label_type: Literal["AUTOSAVE", "DEFAULT", "INFERENCE", "PREDICTION", "REVIEW"] = "DEFAULT",
        project_id: str | None = None,
        seconds_to_label: int | None = 0,
    ) -> dict[str, str]:
        """Append one label to one asset; deprecated, use `append_labels`.

        Args:
            json_response: the content.
            author_id: the author; by default the owner of the key.
            label_asset_external_id: the external id of the asset, with ``project_id``, instead of ``label_asset_id``.
            label_asset_id: the asset.
            label_type: the type of the label.
            project_id: the project.
            seconds_to_label: how long the label took to make, in seconds.

        Returns:
            ``{"id": …}`` of the label.

        Raises:
            ArgumentError: no asset is named, or two are; nothing was sent.
            NotFound: no asset of the project has the external id.
            ServiceError: the service refused the call, or cannot be reached.
        """
        return writing.append_to_labels(
            self._service,
            json_response,
            author_id,
            label_asset_external_id,
            label_asset_id,
            label_type,
            project_id,
            seconds_to_label,
        )

    def update_properties_in_label(
        self,
        label_id: str,
        seconds_to_label: int | None = None,
        model_name: str | None = None,
        json_response: Mapping[str, object] | None = None,
    ) -> dict[str, str]:
        """Change properties of a label; properties that are not given stay as they are.

        Args:
            label_id: the label.
            seconds_to_label: how long the label took to make, in seconds.
            model_name: the model that made it.
            json_response: its content; an empty one ``{}`` is stored as such.

        Returns:
            ``{"id": …}`` of the label.

        Raises:
            ArgumentError: there is nothing to change; nothing was sent.
            ServiceError: the service refused the call, or cannot be reached.
        """
        return writing.update_properties_in_label(self._service, label_id, seconds_to_label, model_name, json_response)

    def delete_labels(self, ids: Sequence[str], disable_tqdm: bool | None = None) -> list[str]:
        """Delete labels; the service only deletes predictions and inferences.

        Args:
            ids: the labels.
            disable_tqdm: hide the progress bar.

        Returns:
            The ids that were deleted.

        Raises:
            ArgumentError: ``ids`` is not a list of ids; nothing was sent.
            ServiceError: a mutation failed. Its ``created`` holds the ids deleted so far; its ``in_doubt`` and
                ``not_sent`` hold ids too.
        """
        with self._bar("Deleting labels", ids, disable_tqdm) as bar:
            return writing.delete_labels(self._service, ids=ids, advance=bar.update)

    @shows_filters(AssetKeywords)
    def count_assets(
        self,
        project_id: str,
        asset_id: str | None = None,
        *,
        label_category_search: "str | Query | None" = None,
        **filters: Unpack[AssetKeywords],
    ) -> int:
        """Count the assets that `assets` would list.

        Raises:
            ArgumentError, QueryError, ServiceError, DataError: as `assets` does.
        """
        chosen = {"asset_id": asset_id, **filters}
        wanted = ListRequest(project_id=project_id, filters=chosen, category_search=label_category_search)
        return count_assets(self._context, wanted)

    def project(self, project_id: str, fields: Sequence[str] = PROJECT_FIELDS) -> Row:
        """Return one project.

        Args:
            project_id: the project.
            fields: its fields; ``jsonInterface`` is decoded.

        Raises:
            ArgumentError: an argument cannot be used; nothing was sent.
            NotFound: the project does not exist, or this user may not see it.
            ServiceError: the service refused the call, or cannot be reached.
        """
        check_project_id(project_id)
        found = read_project(self._service, project_id, selection_of(checked_fields(fields)))
        interface = found.get("jsonInterface")
        if isinstance(interface, str):
            found["jsonInterface"] = decode_json(interface, name="jsonInterface") if interface else None
        return found

    def me(self, fields: Sequence[str] = ("email", "id")) -> Row:
        """Return the user who owns the key.

        Raises:
            ArgumentError: an argument cannot be used; nothing was sent.
            ServiceError: the service refused the call, or cannot be reached.
        """
        found = self._service.ask(Request(ME, selection=selection_of(checked_fields(fields))))
        if not isinstance(found, dict):
            raise TransportError(f"the answer is not a user: {shape_of(found)}", operation=ME.name)
        return found

    def label_created_or_updated(
        self,
        project_id: str,
        callback: "Callback | None" = None,
        *,
        where: "str | Query | None" = None,
        protocol: Literal["graphql-ws", "graphql-transport-ws", "events"] | None = None,
        on_malformed: OnMalformed | None = None,
        unreachable_s: float | None = 600.0,
        poll_s: float = 5.0,
        on_notice: "Callable[[Notice], None] | None" = None,
    ) -> "Subscription":
        """Subscribe to the labels of a project that are created or changed from now on.

        Returns once the service was asked for them. The subscription is an iterator that waits for the next label. With
        a callback, labels go to it instead, in a separate thread. A broken connection is opened again, after pauses
        that grow to 30 seconds. Labels that were written in the meantime do not come; ``on_notice`` is called then.

        Where websockets are blocked, the change feed is read again and again instead, and ``on_notice`` is called. The
        feed keeps labels that are written during an interruption. It does not report drafts, and a label that changes
        several times between two reads comes once.

        Args:
            project_id: the project.
            callback: called with the id of the asset and the decoded content of the label, one label at a time. If it
                raises an exception, the subscription ends, and its ``join`` raises the exception.
            where: only labels that match this query, which is evaluated here.
            protocol: which of the two protocols of GraphQL over websockets to use, or ``"events"`` for the change feed;
                by default both are offered, the service picks one, and the feed is used if no websocket can be opened.
            on_malformed: how to treat a label whose content cannot be read: ``"raise"`` an error in its place, or
                ``"skip"`` it and call ``on_notice``; by default as the client does. A label whose content is unknown is
                skipped if there is a query, and otherwise has the content None.
            unreachable_s: how long the service may be unreachable before the subscription ends, in seconds; None for no
                limit.
            poll_s: how long to wait between two reads of the change feed, in seconds.
            on_notice: called with each `Interruption`, when it begins and when it ends, with each label that is
                `LeftOut`, with `Polling` if the change feed is used because no websocket can be opened, and with each
                `UnknownEvent` of the feed; by default they are logged as warnings.

        Returns:
            The subscription: close it, or use it as a context manager. Its labels are dicts of ``id``,
            ``author.email``, ``author.id``, ``labelOf.id``, ``assetId``, ``labelType``, ``jsonResponse`` (decoded),
            ``createdAt``, ``modelName`` and ``secondsToLabel``.

        Raises:
            ArgumentError: an argument cannot be used, or the client has a ``transport``; nothing was sent.
            QueryError: ``where`` is not a query, or the project has no such job or category.
            NotFound: the project does not exist, or this user may not see it.
            FeedUnavailable: the protocol is ``"events"``, and this account has no change feed.
            ServiceError: the service refused the call, or cannot be reached.
        """
        if self._http is None:  # it would connect to the real service, past the one that answers
            raise ArgumentError(
                "a client with a `transport` cannot subscribe: use `kili_query.sandbox.Sandbox` for that"
            )
        module = load("kili_query.client.subscription", "a subscription", "client")
        options = module.SubscriptionOptions(
            where=where,
            protocol=protocol,
            on_malformed=on_malformed,
            unreachable_s=unreachable_s,
            poll_s=poll_s,
            on_notice=on_notice,
        )
        return cast("Subscription", module.subscribe(self._context, self._settings, project_id, callback, options))

    def _list(
        self,
        read: Callable[[ListContext, ListRequest], Iterator[_Item]],
        project_id: str,
        filters: Mapping[str, object],
        search: "str | Query | None",
        fields: Sequence[str],
        first: int | None,
        skip: int,
        disable_tqdm: bool | None,
        as_generator: bool,
    ) -> Iterator[_Item] | list[_Item]:
        is_hidden = is_bar_disabled(disable_tqdm, self._settings.disable_tqdm)
        wanted = ListRequest(
            project_id=project_id,
            filters=filters,
            category_search=search,
            fields=fields,
            first=first,
            skip=skip,
            disable_tqdm=as_generator or is_hidden,
        )
        items = read(self._context, wanted)
        if as_generator and not is_hidden:
            message = "`as_generator=True` hides the progress bar, which would stop whenever you pause: give"
            warn(f"{message} `disable_tqdm=True`")
        if as_generator:
            return items
        with rare_collections():
            return list(items)

    def _bar(self, what: str, items: object, disable_tqdm: bool | None) -> "tqdm[NoReturn]":
        total = len(items) if isinstance(items, Sequence) else None
        return progress_bar(what, disable=is_bar_disabled(disable_tqdm, self._settings.disable_tqdm), total=total)


def _checked_cache(cache: object) -> OntologyCache | None:
    if isinstance(cache, bool):
        return {} if cache else None
    if not isinstance(cache, MutableMapping):
        raise ArgumentError(f"`ontology_cache` must be a dict of ontologies, True or False, not {cache!r:.80}")
    return cache
