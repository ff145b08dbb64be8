"""A running export: read, filter, fetch, name and write one asset after another."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from attrs import define, evolve, field

from kili_query.errors import KiliQueryError, LabelError, SourceError
from kili_query.export.archive import Sink
from kili_query.export.asset import Asset, ExportedLabel, Media
from kili_query.export.context import Export
from kili_query.export.decoding import label_name, label_of, size_of
from kili_query.export.errors import (
    DownloadError,
    NotCompatibleOptions,
    NotExportableAssetError,
    NotExportableLabelError,
)
from kili_query.export.format import Entry, Format, FormatWriter
from kili_query.export.joining import Joined
from kili_query.export.layers import is_geotiff
from kili_query.export.media import Fetched, FetchedAsset, MediaStage, extension_of, extension_of_frames, shown_source
from kili_query.export.naming import Names, Reservation, one_step, safe_path
from kili_query.extras import load
from kili_query.labels.geometry import Size
from kili_query.scanning import Problem
from kili_query.targets.closures import Matcher

Document: TypeAlias = dict[str, object]
_ABOUT_ONE_ASSET = (NotExportableAssetError, NotCompatibleOptions, LabelError, DownloadError)


class Candidate(NamedTuple):
    """An asset with labels to write."""

    document: Mapping[str, object]
    labels: tuple[ExportedLabel, ...]
    name: str


@define
class Run:
    """The state of an export.

    Attributes:
        format: the format.
        writer: its writer.
        export: the writer's context.
        matcher: selects labels; None for all.
        renamed: the assets whose names had to change.
    """

    format: Format
    writer: FormatWriter
    export: Export
    matcher: Matcher | None
    renamed: list[Mapping[str, object]] = field(factory=list, init=False)
    _names: Names = field(factory=Names, init=False)

    def write(self, items: Iterable[Joined | Problem], media: MediaStage | None, sink: Sink) -> None:
        """Write all assets, and then the files that need all of them."""
        candidates = self._candidates(items)
        if media is None:
            for candidate in candidates:
                self._write_asset(candidate, None, sink)
        else:
            for candidate, fetched in media.run((one, one.document) for one in candidates):
                if isinstance(fetched, DownloadError):
                    self.export.reject(fetched, candidate.name)
                else:
                    self._write_asset(candidate, fetched, sink)
        for entry in self.writer.close():
            sink.add(entry)

    def _candidates(self, items: Iterable[Joined | Problem]) -> Iterator[Candidate]:
        for item in items:
            if isinstance(item, Problem):
                self.export.reject(NotExportableAssetError(str(item)))
                continue
            self.export.summary.orphans += item.orphans
            if not item.asset and not item.labels:  # it only carries the number of orphans
                continue
            if not item.labels:
                self.export.summary.unlabeled += 1
            elif (candidate := self._candidate(item)) is not None:
                yield candidate

    def _candidate(self, item: Joined) -> Candidate | None:
        told = next((item.asset[key] for key in ("externalId", "id") if item.asset.get(key) is not None), None)
        if told is None:
            self.export.reject(NotExportableAssetError("an asset without `externalId` and `id`"))
            return None
        name = str(told)
        if (error := self._wrong_coordinates(item)) is not None:
            self.export.reject(error, name)
            return None
        labels = self._labels(item, name)
        return Candidate(item.asset, tuple(labels), name) if labels else None

    def _wrong_coordinates(self, item: Joined) -> KiliQueryError | None:
        """Return an error if the format cannot hold the coordinates in which an image is labeled."""
        if not self.format.needs_layers(self.export.project, self.export.options):
            return None
        if isinstance(item.layers, DownloadError):
            return item.layers
        is_in_degrees, name = is_geotiff(item.asset, item.layers), self.format.name
        if is_in_degrees and not self.format.has_geotiffs:
            return NotCompatibleOptions(
                f"it is labeled in coordinates of the earth, which the format `{name}` cannot hold"
            )
        if not is_in_degrees and not self.format.has_pixels:
            return NotExportableAssetError(
                f"its `jsonContent` does not say that it is labeled in degrees, which is all that `{name}` holds"
            )
        if is_in_degrees and self.export.options.normalized_coordinates is False:
            return NotCompatibleOptions("it is labeled in coordinates of the earth, so there are no pixels")
        return None

    def _labels(self, item: Joined, asset: str) -> list[ExportedLabel]:
        """Return the labels that can be read and match."""
        read = (self._label(document, number, asset) for number, document in enumerate(item.labels, 1))
        wanted = [label for label in read if label is not None]
        if len(wanted) < 2:
            return wanted
        return [evolve(label, ending=f"_label{number}") for number, label in enumerate(wanted, 1)]

    def _label(self, document: Document, number: int, asset: str) -> ExportedLabel | None:
        name = label_name(document, number)
        try:
            label = label_of(document, self.export.project, name)
            if self.matcher is None or self.matcher(label.response):
                return label
        except LabelError as error:
            self.export.reject(error, asset, name)
        else:
            self.export.summary.filtered += 1
        return None

    def _write_asset(self, candidate: Candidate, fetched: FetchedAsset | None, sink: Sink) -> None:
        asset = self._asset(candidate, fetched)
        try:
            entries = list(self.writer.asset(asset))
        except NotExportableLabelError:
            raise  # from `reject`, so it already names the asset
        except _ABOUT_ONE_ASSET as error:
            self.export.reject(error, candidate.name)
            return
        except RecursionError:
            self.export.reject(NotExportableAssetError("it is nested too deeply to be written"), candidate.name)
            return
        if self.format.is_archive:
            entries += [Entry(one.path, one.file) for one in asset.media]
            self.export.summary.media += len(asset.media)
        for entry in entries:
            sink.add(entry)
        if not self.format.has_all_jobs:
            for label in asset.labels:
                self.export.note_lost(candidate.name, label)
        self.export.summary.assets += 1
        self.export.summary.labels += len(asset.labels)

    def _asset(self, candidate: Candidate, fetched: FetchedAsset | None) -> Asset:
        """Return the asset with its names."""
        content, frames = (None, {}) if fetched is None else fetched
        wanted = safe_path(candidate.name)
        source = str(candidate.document.get("content"))
        extension = "" if content is None else extension_of(wanted, content, source)
        frame_extension = extension_of_frames(frames)
        size, no_size = size_of(candidate.document), ""
        if size is None:
            size, no_size = _size_of_media(content, frames, source)

        def needs(name: str) -> list[Reservation]:
            stem = self.format.stem(name)
            return [
                Reservation("labels", stem + self.format.suffix),
                one_step("stems", stem),
                one_step("names", name) if content is None else Reservation("media", name + extension),
            ]

        name = self._names.claim(wanted, needs)
        asset = Asset(
            candidate.document,
            candidate.labels,
            name + extension,
            self.format.stem(name),
            self._names,
            suffix=self.format.suffix,
            frame_extension=frame_extension,
            frame_digits=_frame_digits(candidate.labels, frames),
            size=size,
            no_size=no_size,
        )
        asset.media = tuple(self._media(asset, content, frames))
        self._note_name(asset, candidate.name, name)
        return asset

    def _media(self, asset: Asset, content: Fetched | None, frames: Mapping[int, Fetched]) -> Iterator[Media]:
        folder = self.format.media_folder
        if content is not None:
            yield Media(content.file, f"{folder}/{asset.name}")
        for number, frame in frames.items():
            yield Media(frame.file, f"{folder}/{asset.frame_name(number)}{asset.frame_extension}", number)

    def _note_name(self, asset: Asset, external_id: str, name: str) -> None:
        if name == external_id or not self.format.is_archive:  # a single file has no names of assets
            return
        self.export.summary.renamed += 1
        ids = {key: asset.document[key] for key in ("id", "externalId") if key in asset.document}
        self.renamed.append({**ids, "name": name, "stem": asset.stem})


def _frame_digits(labels: Iterable[ExportedLabel], frames: Mapping[int, Fetched]) -> int:
    numbers = [*frames, *[frame.number for label in labels for frame in label.frames if frame.number is not None]]
    return len(str(max(numbers) + 1)) if numbers else 1


def _size_of_media(content: Fetched | None, frames: Mapping[int, Fetched], source: str) -> tuple[Size | None, str]:
    """Return the size of an image, or of the first frame of a video; otherwise, why the media do not have one."""
    first = next(iter(frames.values()), content)
    if first is None:
        return None, ""
    image_size = load("kili_query.labels.image_size", "the size of an image", "export").image_size
    try:
        return image_size(first.file), ""
    except SourceError as error:
        name = shown_source(source if first is content else first.file.name)
        told = f" ({first.content_type})" if first.content_type else ""
        return None, f"`{name}`{told}: {error}"
