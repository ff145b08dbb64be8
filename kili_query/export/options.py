"""The options of an export, checked before anything is read."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from attrs import frozen

from kili_query.export.errors import NotCompatibleOptions, UnknownChoiceError
from kili_query.near_names import nearest
from kili_query.protocol import ExportType, LabelType

Layout: TypeAlias = Literal["split", "merged"]
OnError: TypeAlias = Literal["raise", "skip"]
_FLAG = (True, False)
SUBMITTED = (str(LabelType.DEFAULT), str(LabelType.REVIEW))
"""The types of the labels that people submit, which are exported by default."""
AnnotationModifier: TypeAlias = Callable[
    [dict[str, object], dict[str, object], Mapping[str, object]], Mapping[str, object]
]
"""A function of the annotation as the format would write it, its image, and the label's annotation, to the result."""


@frozen(kw_only=True)
class Options:
    """The caller's options.

    Attributes:
        layout: one folder per job, or all jobs in one.
        single_file: whether all labels go into one file.
        with_assets: whether media go into the archive.
        cut_videos: whether the frames of videos go into the archive too.
        normalized_coordinates: None for the format's default, True for fractions, False for pixels.
        annotation_modifier: see `AnnotationModifier`.
        on_error: whether to stop at an asset or label that cannot be written, or to skip it.
        export_type: see `ExportType`.
        label_types: the types of label to export, at least one.
        include_sent_back_labels: whether labels that were sent back to the queue are exported.
        exported_at: the date in the archive; none by default, so that each run gives the same bytes.
    """

    layout: Layout = "split"
    single_file: bool = False
    with_assets: bool = False
    cut_videos: bool = False
    normalized_coordinates: bool | None = None
    annotation_modifier: AnnotationModifier | None = None
    on_error: OnError = "raise"
    export_type: ExportType = "latest"
    label_types: tuple[str, ...] = SUBMITTED
    include_sent_back_labels: bool = True
    exported_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        for name, value, choices in (
            ("layout", self.layout, get_args(Layout)),
            ("on_error", self.on_error, get_args(OnError)),
            ("export_type", self.export_type, get_args(ExportType)),
            ("normalized_coordinates", self.normalized_coordinates, (None, True, False)),
            ("single_file", self.single_file, _FLAG),
            ("with_assets", self.with_assets, _FLAG),
            ("cut_videos", self.cut_videos, _FLAG),
            ("include_sent_back_labels", self.include_sent_back_labels, _FLAG),
        ):
            if not any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
                raise _unknown(name, value, choices)
        if self.annotation_modifier is not None and not callable(self.annotation_modifier):
            raise UnknownChoiceError(f"`annotation_modifier` must be a function, not {self.annotation_modifier!r:.80}")
        if not self.label_types:
            raise UnknownChoiceError("`label_types` is empty: name a type, such as `DEFAULT`")
        for one in self.label_types:
            if one not in list(LabelType):
                raise _unknown("label_types", one, [str(known) for known in LabelType])
        if self.cut_videos and not self.with_assets:
            raise NotCompatibleOptions("`cut_videos` needs the media in the export: set `with_assets` too")


def place_of_labels(export_type: ExportType) -> Literal["latestLabel", "latestLabels", "labels"]:
    """Return the field of an asset that holds the labels of such an export."""
    if export_type == "latest":
        return "latestLabel"
    return "latestLabels" if export_type == "latest_from_last_step" else "labels"


def _unknown(name: str, value: object, choices: Iterable[object]) -> UnknownChoiceError:
    near = nearest(value, [one for one in choices if isinstance(one, str)]) if isinstance(value, str) else None
    hint = "" if near is None else f": did you mean {near!r}?"
    return UnknownChoiceError(f"`{name}` must be one of {', '.join(map(repr, choices))}, not {value!r}{hint}")
