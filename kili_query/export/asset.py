"""The input of a format: an asset, its labels and their annotations; decoded, named and checked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from attrs import define, field, frozen

from kili_query.errors import MalformedLabelError
from kili_query.export.errors import NotExportableAssetError
from kili_query.export.naming import Names, Reservation, one_step
from kili_query.labels.geometry import Shape, Size
from kili_query.labels.structure import CONTENT, Frame


@frozen
class Media:
    """A file of media on this machine.

    Attributes:
        file: where it lies.
        path: where it goes in the archive, as ``images/a.png``.
        frame: which frame of a video it is, from 0; None for the asset itself.
    """

    file: Path
    path: str
    frame: int | None = None


@frozen
class WritableAnnotation:
    """An annotation that can be written: it has a category of its job, and a shape where its job draws.

    Attributes:
        job: the name of its job.
        category: its first category, the key of one of the job's.
        type: ``rectangle`` or the like; empty when it says none.
        shape: in fractions of the image as it is stored: a rotation of the label is undone.
        mid: its id; parts of one object share it.
        raw: the annotation as given; not to be changed.
        path: where it stands in the label, as a JSON path.
    """

    job: str
    category: str
    type: str
    shape: Shape
    mid: str | None
    raw: Mapping[str, object]
    path: str


@frozen
class Label:
    """One label of an asset.

    Attributes:
        given: its fields, the content perhaps as JSON text; not to be changed.
        content: its jobs, or the frames of a video; some may be decoded only when they are asked for.
        frames: of a video, the frames that it holds, by number; else one frame with all its jobs.
        name: what messages call it.
        beside_frames: of a video, the answers that belong to no frame.
        ending: what its files have behind the asset's name: nothing, or ``_label1`` where an asset has several labels.
        rotation_degrees: how the image was turned when it was labeled: 0, 90, 180 or 270.
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
        """Name the label in errors about what it holds.

        Args:
            at: where that stands in the label, as a JSON path.
        """
        try:
            yield
        except MalformedLabelError as error:
            path = ".".join(filter(None, (at, error.path)))
            raise MalformedLabelError(f"label `{self.name}`: {error.message}", path) from error

    @cached_property
    def response(self) -> dict[str, object]:
        """Its content, decoded; not to be changed."""
        return self.content if isinstance(self.content, dict) else dict(self.content)

    @cached_property
    def document(self) -> dict[str, object]:
        """All its fields, ``jsonResponse`` decoded; not to be changed."""
        return {**self.given, CONTENT: self.response}


@define
class Asset:
    """One asset with the labels to write; there is at least one.

    Attributes:
        document: as given, without its labels; not to be changed.
        labels: in order.
        name: the external id as a safe path, unique in the archive: what references to the asset say.
        stem: what the names of its label files begin with; see `Format.stem`.
        media: its files; none without ``with_assets``.
        size: in pixels, where it is known.
        no_size: why its media do not show the size.
        suffix: of its label files.
        frame_extension: of its frames in the archive, dot included.
        frame_digits: how many digits the numbers of frames have in names.
    """

    document: Mapping[str, object]
    labels: tuple[Label, ...]
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
        """Its external id, or its id when it has none."""
        return str(next((self.document[key] for key in ("externalId", "id") if self.document.get(key) is not None), ""))

    @property
    def id(self) -> str:
        """Its id; empty when the document does not say."""
        return str(self.document.get("id") or "")

    def file_stem(self, label: Label, frame: Frame | None = None) -> str:
        """Return the name, without suffix, of the file of a label or of one of its frames; unique in the archive.

        The frame numbers in names count from 1, and have as many digits as the last one.
        """
        number = "" if frame is None or frame.number is None else f"_{frame.number + 1:0{self.frame_digits}}"
        return self._derive(label.ending + number)

    def frame_name(self, number: int) -> str:
        """Return the name of a frame of the video, from 0, without suffix; unique in the archive."""
        return self._derive(f"_{number + 1:0{self.frame_digits}}")

    def media_path(self, frame: int | None = None) -> str | None:
        """Return the path of the asset, or of one of its frames, in the archive; None when it is not in it."""
        return next((one.path for one in self.media if one.frame == frame), None)

    def required_size(self) -> Size:
        """Return its size.

        Raises:
            NotExportableAssetError: it is not known.
        """
        if self.size is None:
            told = self.document.get("resolution")
            unknown = "its size in pixels is not known"
            reason = unknown if told is None else f"its `resolution` is not a size: {told!r:.80}"
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
