"""`client.assets`: lists and counts of assets."""

from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from types import ModuleType
from typing import TYPE_CHECKING, Literal, Unpack, cast, overload

from kili_query.client.arguments import is_parsed
from kili_query.client.assets import read_assets, read_assets_with_parsed_labels
from kili_query.client.keyword_arguments import shows_filters, takes_arguments
from kili_query.client.namespaces.namespace import CallableNamespace, Path, Rows, checked_filter
from kili_query.client.paging import Row
from kili_query.errors import ArgumentError, IncompatibleArgumentsError
from kili_query.extras import load
from kili_query.protocol import AssetKeywords

if TYPE_CHECKING:
    import pandas as pd

    from kili_query.query import Query

ASSET_FIELDS = (
    "content",
    "createdAt",
    "externalId",
    "id",
    "isHoneypot",
    "jsonMetadata",
    "labels.author.id",
    "labels.author.email",
    "labels.createdAt",
    "labels.id",
    "labels.jsonResponse",
    "skipped",
    "status",
)
"""The fields of assets by default."""
_BY_ID = {"asset_id": "use `filter={'asset_id_in': [...]}`"}


class AssetFilter(AssetKeywords, total=False):
    """The keys of ``filter`` in the methods of `KiliClient.assets`."""

    label_category_search: "str | Query | None"


class AssetMethods(CallableNamespace):
    """`KiliClient.assets`: a method, and a namespace of methods."""

    @overload
    def __call__(
        self,
        project_id: str,
        asset_id: str | None = None,
        skip: int = 0,
        fields: Sequence[str] | None = ASSET_FIELDS,
        *,
        first: int | None = None,
        disable_tqdm: bool | None = None,
        label_category_search: "str | Query | None" = None,
        label_output_format: Literal["dict", "parsed_label"] = "dict",
        as_generator: Literal[True],
        format: Literal["raw"] | None = None,
        download_media: bool = False,
        local_media_dir: str | PathLike[str] | None = None,
        **filters: Unpack[AssetKeywords],
    ) -> Iterator[Row]: ...
    @overload
    def __call__(
        self,
        project_id: str,
        asset_id: str | None = None,
        skip: int = 0,
        fields: Sequence[str] | None = ASSET_FIELDS,
        *,
        first: int | None = None,
        disable_tqdm: bool | None = None,
        label_category_search: "str | Query | None" = None,
        label_output_format: Literal["dict", "parsed_label"] = "dict",
        as_generator: Literal[False] = False,
        format: Literal["raw"] | None = None,
        download_media: bool = False,
        local_media_dir: str | PathLike[str] | None = None,
        **filters: Unpack[AssetKeywords],
    ) -> list[Row]: ...
    @overload
    def __call__(
        self,
        project_id: str,
        asset_id: str | None = None,
        skip: int = 0,
        fields: Sequence[str] | None = ASSET_FIELDS,
        *,
        first: int | None = None,
        disable_tqdm: bool | None = None,
        label_category_search: "str | Query | None" = None,
        label_output_format: Literal["dict", "parsed_label"] = "dict",
        as_generator: Literal[False] = False,
        format: Literal["pandas"],
        download_media: bool = False,
        local_media_dir: str | PathLike[str] | None = None,
        **filters: Unpack[AssetKeywords],
    ) -> "pd.DataFrame": ...

    @shows_filters(AssetKeywords)
    def __call__(
        self,
        project_id: str,
        asset_id: str | None = None,
        skip: int = 0,
        fields: Sequence[str] | None = ASSET_FIELDS,
        *,
        first: int | None = None,
        disable_tqdm: bool | None = None,
        label_category_search: "str | Query | None" = None,
        label_output_format: Literal["dict", "parsed_label"] = "dict",
        as_generator: bool = False,
        format: Literal["raw", "pandas"] | None = None,  # noqa: A002 - a name of the official client
        download_media: bool = False,
        local_media_dir: str | PathLike[str] | None = None,
        **filters: Unpack[AssetKeywords],
    ) -> "Iterable[Row] | pd.DataFrame":
        """List the assets that meet all filters, oldest first.

        Args:
            project_id: the project.
            asset_id: the one with this id; empty for all.
            skip: number of assets to leave out at the beginning.
            fields: the fields of each asset; dots lead into objects, as in ``labels.jsonResponse``.
            first: maximum number of assets; None for all.
            disable_tqdm: hide the progress bar.
            label_category_search: a query that one of the asset's labels must match. The same label must meet the other
                ``label_…`` filters.
            label_output_format: ``"dict"``, or ``"parsed_label"`` for label objects if their contents are requested.
            as_generator: return an iterator that yields each asset as it comes, instead of a list.
            format: ``"pandas"`` for a data frame with a column for each field; ``"raw"`` for dicts.
            download_media: download the media, and put the path of the file in the place of the URL in ``content``. If
                a video is a list of frames, their paths are in ``jsonContent``. Assets without an HTTP URL stay as they
                are, and a warning names them.
            local_media_dir: the folder for the media; by default ``~/.cache/kili/projects/<project id>/assets``. Files
                are named after external ids, and appear once they are complete. Those of an earlier call are replaced.
            **filters: only these assets; see `AssetKeywords`.

        Returns:
            The assets. The ``jsonResponse`` of labels and ``jsonMetadata`` are decoded.

        Raises:
            ArgumentError: an argument cannot be used; nothing was sent.
            MissingExtraError: pandas is not installed, or what downloads need; nothing was sent.
            QueryError: the search is not a query, or the project has no such job or category.
            ServiceError: the service refused the call, or cannot be reached.
            DataError: a content, or an asset's metadata, cannot be read.
            DownloadError: a file cannot be downloaded; the message names the asset.
            WriteError: a file cannot be written. It is an `OSError`.
        """
        fields = ASSET_FIELDS if fields is None else fields
        chosen = {"asset_id": asset_id, **filters}
        parses = is_parsed(label_output_format, "label_output_format")
        frames = _frames_of(format, as_generator=as_generator)
        read = read_assets_with_parsed_labels if parses else read_assets
        if download_media:
            media = load("kili_query.client.media", "`download_media`", "export")
            read = media.saving_media(read, self._own()._settings, local_media_dir)
        found = self._own()._list(
            read, project_id, chosen, label_category_search, fields, first, skip, disable_tqdm, as_generator
        )
        return found if frames is None else cast("pd.DataFrame", frames.asset_frame(found, fields))

    @overload
    def list(
        self,
        project_id: str,
        disable_tqdm: bool | None = None,
        download_media: bool = False,
        fields: Sequence[str] | None = None,
        filter: AssetFilter | None = None,
        first: int | None = None,
        *,
        format: Literal["pandas"],
        label_output_format: Literal["dict", "parsed_label"] = "dict",
        local_media_dir: Path | None = None,
        skip: int = 0,
    ) -> "pd.DataFrame": ...
    @overload
    def list(
        self,
        project_id: str,
        disable_tqdm: bool | None = None,
        download_media: bool = False,
        fields: Sequence[str] | None = None,
        filter: AssetFilter | None = None,
        first: int | None = None,
        format: Literal["raw"] | None = None,
        label_output_format: Literal["dict", "parsed_label"] = "dict",
        local_media_dir: Path | None = None,
        skip: int = 0,
    ) -> Rows: ...

    @takes_arguments(
        called="KiliClient.assets.list",
        keys=AssetFilter,
        elsewhere={"as_generator": "use `list_as_generator` instead", **_BY_ID},
    )
    def list(
        self,
        project_id: str,
        disable_tqdm: bool | None = None,
        download_media: bool = False,
        fields: Sequence[str] | None = None,
        filter: AssetFilter | None = None,  # noqa: A002 - a name of the official client
        first: int | None = None,
        format: Literal["raw", "pandas"] | None = None,  # noqa: A002 - a name of the official client
        label_output_format: Literal["dict", "parsed_label"] = "dict",
        local_media_dir: Path | None = None,
        skip: int = 0,
    ) -> "Rows | pd.DataFrame":
        """List the assets that meet all filters, oldest first, as `KiliClient.assets` does.

        Args:
            project_id: the project.
            disable_tqdm: hide the progress bar.
            download_media: download the media, and put the path of the file in the place of the URL in ``content``.
            fields: the fields of each asset; None for those of `KiliClient.assets`.
            filter: only these assets: a dict of `AssetFilter`.
            first: maximum number of assets; None for all.
            format: ``"pandas"`` for a data frame with a column for each field; ``"raw"`` for dicts.
            label_output_format: ``"dict"``, or ``"parsed_label"`` for label objects if their contents are requested.
            local_media_dir: the folder for the media.
            skip: number of assets to leave out at the beginning.

        Raises:
            ArgumentError, QueryError, ServiceError, DataError, DownloadError, WriteError: as `KiliClient.assets` does.
        """
        return self(
            project_id,
            skip=skip,
            fields=fields,
            first=first,
            disable_tqdm=disable_tqdm,
            label_output_format=label_output_format,
            format=cast("Literal['raw']", format),
            download_media=download_media,
            local_media_dir=local_media_dir,
            **checked_filter(AssetFilter, filter),
        )

    @takes_arguments(
        called="KiliClient.assets.list_as_generator",
        keys=AssetFilter,
        elsewhere={
            "as_generator": "leave it out, because this method always returns an iterator",
            "format": "use `list` for a data frame",
            **_BY_ID,
        },
    )
    def list_as_generator(
        self,
        project_id: str,
        disable_tqdm: bool | None = None,
        download_media: bool = False,
        fields: Sequence[str] | None = None,
        filter: AssetFilter | None = None,  # noqa: A002 - a name of the official client
        first: int | None = None,
        label_output_format: Literal["dict", "parsed_label"] = "dict",
        local_media_dir: Path | None = None,
        skip: int = 0,
    ) -> Iterator[Row]:
        """Yield what `list` returns, each asset as it comes, without a progress bar whatever ``disable_tqdm`` says."""
        return self(
            project_id,
            skip=skip,
            fields=fields,
            first=first,
            disable_tqdm=True,
            label_output_format=label_output_format,
            as_generator=True,
            download_media=download_media,
            local_media_dir=local_media_dir,
            **checked_filter(AssetFilter, filter),
        )

    @takes_arguments(called="KiliClient.assets.count", keys=AssetFilter, elsewhere=_BY_ID)
    def count(
        self,
        project_id: str,
        filter: AssetFilter | None = None,  # noqa: A002 - a name of the official client
    ) -> int:
        """Count the assets that `list` would list.

        Raises:
            ArgumentError, QueryError, ServiceError, DataError: as `KiliClient.assets` does.
        """
        return self._own().count_assets(project_id, **checked_filter(AssetFilter, filter))


def _frames_of(format_: object, *, as_generator: bool) -> ModuleType | None:
    """Return the module that makes data frames if one is wanted."""
    if format_ not in (None, "raw", "pandas"):
        raise ArgumentError(f"`format` must be 'raw' or 'pandas', not {format_!r:.80}")
    if format_ != "pandas":
        return None
    if as_generator:
        raise IncompatibleArgumentsError("`format='pandas'` needs all assets at once: leave `as_generator` out")
    return load("kili_query.client.dataframe", "a data frame of assets", "pandas")
