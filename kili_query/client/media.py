"""Media of assets, downloaded to a folder. A file appears there once it is complete."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import evolve, frozen

from kili_query.client.arguments import check_project_id, checked_fields
from kili_query.client.headers import KeyInHeader
from kili_query.client.paging import Row
from kili_query.client.rows import ListContext, ListRequest
from kili_query.client.settings import Settings
from kili_query.client.warning import warn
from kili_query.errors import ArgumentError
from kili_query.export import DownloadError, Fetched
from kili_query.export.download import download
from kili_query.export.media import FetchedAsset, MediaStage, extension_of, extension_of_frames, is_url, shown_source
from kili_query.export.naming import Names, Reservation, safe_path, split_extension
from kili_query.output_files import cannot_write, check_path, hidden_folder, refuse_caches

_SOURCES = ("content", "jsonContent")
"""The fields that hold the URLs of media."""
_SHOWN = 10
_NEEDED = ("id", "externalId", *_SOURCES)


@frozen
class KeyedMedia:
    """Downloads media; the key is only sent to the service."""

    settings: Settings
    cache: Path | None = None

    def __call__(self, source: str, to: Path, /) -> Fetched:
        if not is_url(source):
            raise DownloadError(f"`{shown_source(source)}` is not a URL")
        return download(source, to, self.cache, auth=KeyInHeader(self.settings), verify=self.settings.verify)


def saving_media(
    read: Callable[[ListContext, ListRequest], Iterator[Row]], settings: Settings, folder: str | os.PathLike[str] | None
) -> Callable[[ListContext, ListRequest], Iterator[Row]]:
    """Return a list of assets that also downloads their media, and puts the paths in the place of the URLs.

    Args:
        read: lists the assets.
        settings: of the client.
        folder: where to put the files; None for the place that the official client uses.
    """

    def read_and_save(context: ListContext, wanted: ListRequest) -> Iterator[Row]:
        check_project_id(wanted.project_id)
        fields = checked_fields(wanted.fields)
        if not set(_SOURCES) & set(fields):
            raise ArgumentError("`download_media` puts the path of the file into `content`: add it to `fields`")
        place = _checked_folder(folder, wanted.project_id)
        rows = read(context, evolve(wanted, fields=tuple(dict.fromkeys((*fields, *_NEEDED)))))
        return _saved(rows, context, wanted.project_id, KeyedMedia(settings), place, set(fields))

    return read_and_save


def _checked_folder(folder: str | os.PathLike[str] | None, project_id: str) -> Path:
    if folder is None:
        return Path.home() / ".cache" / "kili" / "projects" / safe_path(project_id) / "assets"
    check_path("local_media_dir", folder, of="a folder")
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise ArgumentError(f"`local_media_dir` is a file, not a folder: `{os.fspath(folder)}`")
    return Path(os.path.abspath(folder))


def _saved(
    rows: Iterator[Row], context: ListContext, project_id: str, fetch: KeyedMedia, folder: Path, fields: set[str]
) -> Iterator[Row]:
    is_video = "VIDEO" in (context.projects.input_type(project_id) or "")
    names = Names()
    refuse_caches(folder)
    shown: list[str] = []
    n_without = 0
    with hidden_folder(folder) as scratch, MediaStage(fetch, scratch, is_video=is_video, ffmpeg=None) as stage:
        for row, found in stage.run((row, row if _has_media(row, is_video) else None) for row in rows):
            if isinstance(found, DownloadError):
                raise DownloadError(f"the media of asset `{_name(row)}`: {found}") from found
            if found is None:
                n_without += 1
                shown += [f"`{_name(row)}`"] if n_without <= _SHOWN else []
            kept = fields if found is None else fields | _placed(row, found, names, folder)
            yield {name: value for name, value in row.items() if name in kept or name not in _NEEDED}
    if n_without:
        more = f" and {n_without - _SHOWN} more" if n_without > _SHOWN else ""
        warn(f"assets without a URL that can be downloaded stay as they are: {', '.join(shown)}{more}")


def _has_media(row: Row, is_video: bool) -> bool:
    """Whether there is something to download: frames that are listed, or the file at a URL."""
    return is_url(_source(row)) or (is_video and bool(row.get("jsonContent")))


def _source(row: Row) -> object:
    return row.get("content") or row.get("jsonContent")


def _name(row: Row) -> str:
    return str(row.get("externalId") or row.get("id"))


def _placed(row: Row, found: FetchedAsset, names: Names, folder: Path) -> set[str]:
    """Move the files of an asset to their place, and put their paths into the asset; return the changed fields."""
    wanted = safe_path(_name(row))
    if found.content is not None:
        field = "content" if row.get("content") else "jsonContent"
        extension = extension_of(wanted, found.content, str(row[field]))
        name = names.claim(wanted, lambda name: [Reservation("", name + extension)])
        row[field] = _moved(found.content.file, folder / (name + extension))
        return {field}
    digits, extension = len(str(max(found.frames) + 1)), extension_of_frames(found.frames)

    def paths(name: str) -> list[str]:
        stem = split_extension(name)[0]
        return [f"{stem}_{number + 1:0{digits}}{extension}" for number in found.frames]

    name = names.claim(wanted, lambda name: [Reservation("", path) for path in paths(name)])
    files = [frame.file for frame in found.frames.values()]
    row["jsonContent"] = [_moved(file, folder / path) for file, path in zip(files, paths(name), strict=True)]
    return {"jsonContent"}


def _moved(file: Path, to: Path) -> str:
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        file.replace(to)
    except OSError as error:
        raise cannot_write(to, error) from error
    return str(to)
