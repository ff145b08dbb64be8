"""The input of a format: an asset, its labels and their annotations, decoded, named and checked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from attrs import define, field, frozen

from kili_query.counting.label import CONTENT
from kili_query.errors import MalformedLabelError
from kili_query.export.errors import NotExportableAssetError
from kili_query.export.naming import Names, Reservation, one_step
from kili_query.labels.geometry import Shape, Size
from kili_query.labels.structure import Frame


@frozen
class Media:
    """A file of media on this machine.

    Attributes:
        file: its path.
        path: its path in the archive, such as ``images/a.png``.
        frame: its frame number in a video, from 0; None for the asset itself.
    """

    file: Path
    path: str
    frame: int | None = None


@frozen
class WritableAnnotation:
    """An annotation that can be written: it has a category of its job, and a shape if its job has shapes.

    Attributes:
        job: the name of its job.
        category: the key of its first category.
        type: such as ``rectangle``; empty if missing.
        shape: in fractions of the stored image: a rotation of the label is undone.
        mid: its id; parts of one object share it.
        raw: the annotation as given; do not change it.
        path: its JSON path in the label.
    """

    job: str
    category: str
    type: str
    shape: Shape
    mid: str | None
    raw: Mapping[str, object]
    path: str


@frozen
class ExportedLabel:
    """One label of an asset.

    Attributes:
        given: its fields, perhaps with the content as JSON text; do not change them.
        content: its jobs, or the frames of a video; some may be decoded on first use.
        frames: for a video, its frames by number; otherwise one frame with all jobs.
        name: its name in messages.
        beside_frames: for a video, the answers that do not belong to a frame.
        ending: added to the asset's name in file names: empty, or ``_label1`` if an asset has several labels.
        rotation_degrees: the rotation of the image during labeling: 0, 90, 180 or 270.
    """

    given: Mapping[str, object]
    content: Mapping[str, object]
    frames: tuple[Frame, ...]
    name: str
    beside_frames: tuple[Frame, ...] = ()
    ending: str = ""
    rotation_degrees: int = 0

    @contextmanager
    def named_in_errors(self, at: str = "") -> Iterator[None]:
        """Add the label's name to errors about its content.

        Args:
            at: the JSON path of that content in the label.
        """
        try:
            yield
        except MalformedLabelError as error:
            path = ".".join(filter(None, (at, error.path)))
            raise MalformedLabelError(f"label `{self.name}`: {error.message}", path) from error

    @cached_property
    def response(self) -> dict[str, object]:
        """Its decoded content; do not change it."""
        return self.content if isinstance(self.content, dict) else dict(self.content)

    @cached_property
    def document(self) -> dict[str, object]:
        """All its fields, with ``jsonResponse`` decoded; do not change them."""
        return {**self.given, CONTENT: self.response}


@define
class Asset:
    """One asset with the labels to write, at least one.

    Attributes:
        document: as given, without its labels; do not change it.
        labels: in order.
        name: the external id as a safe and unique path in the archive; references to the asset use it.
        stem: the start of the names of its label files; see `Format.stem`.
        media: its files; empty without ``with_assets``.
        size: in pixels, if known.
        no_size: why the size cannot be read from its media.
        suffix: the suffix of its label files.
        frame_extension: the extension of its frames in the archive, with the dot.
        frame_digits: number of digits of frame numbers in names.
    """

    document: Mapping[str, object]
    labels: tuple[ExportedLabel, ...]
    name: str
    stem: str
    names: Names = field(repr=False)
    suffix: str = ""
    frame_extension: str = ""
    media: tuple[Media, ...] = ()
    size: Size | None = None
    no_size: str = ""
    frame_digits: int = 1
    _derived: dict[str, str] = field(factory=dict, init=False, repr=False)

    @property
    def external_id(self) -> str:
        """Its external id, or its id if it has none."""
        return str(next((self.document[key] for key in ("externalId", "id") if self.document.get(key) is not None), ""))

    @property
    def id(self) -> str:
        """Its id; empty if missing."""
        return str(self.document.get("id") or "")

    def file_stem(self, label: ExportedLabel, frame: Frame | None = None) -> str:
        """Return the name, without suffix, of the file of a label or of one of its frames; unique in the archive.

        The frame numbers in names count from 1, and have as many digits as the last one.
        """
        number = "" if frame is None or frame.number is None else f"_{frame.number + 1:0{self.frame_digits}}"
        return self._derive(label.ending + number)

    def frame_name(self, number: int) -> str:
        """Return the name of a frame of the video, from 0, without suffix; unique in the archive."""
        return self._derive(f"_{number + 1:0{self.frame_digits}}")

    def media_path(self, frame: int | None = None) -> str | None:
        """Return the path of the asset, or of one of its frames, in the archive; None if it is not there."""
        return next((one.path for one in self.media if one.frame == frame), None)

    def required_size(self) -> Size:
        """Return its size.

        Raises:
            NotExportableAssetError: the size is not known.
        """
        if self.size is None:
            told = self.document.get("resolution")
            unknown = "its size in pixels is not known"
            reason = unknown if told is None else f"its `resolution` must be a size, not {told!r:.80}"
            advice = "pass `assets=…` whose entries have a `resolution` of width and height"
            if self.no_size:
                raise NotExportableAssetError(f"{reason}, and its media do not show it: {self.no_size}; {advice}")
            raise NotExportableAssetError(f"{reason}: {advice}, or export with the media (`with_assets`)")
        return self.size

    def _derive(self, ending: str) -> str:
        if not ending:
            return self.stem
        if ending not in self._derived:
            self._derived[ending] = self.names.claim(self.stem + ending, self._needs)
        return self._derived[ending]

    def _needs(self, stem: str) -> list[Reservation]:
        return [
            Reservation("labels", stem + self.suffix),
            one_step("stems", stem),
            Reservation("media", stem + self.frame_extension),
        ]
