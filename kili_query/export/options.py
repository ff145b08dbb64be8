"""The options of an export, checked before anything is read."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from attrs import frozen

from kili_query.export.errors import NotCompatibleOptions

Layout: TypeAlias = Literal["split", "merged"]
OnError: TypeAlias = Literal["raise", "skip"]
ExportType: TypeAlias = Literal["latest", "normal"]
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
        export_type: the latest label of each asset, or all of them.
        label_types: the types of label to export.
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
    label_types: tuple[str, ...] = ("DEFAULT", "REVIEW")
    include_sent_back_labels: bool = True
    exported_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        for name, value, choices in (
            ("layout", self.layout, get_args(Layout)),
            ("on_error", self.on_error, get_args(OnError)),
            ("export_type", self.export_type, get_args(ExportType)),
            ("normalized_coordinates", self.normalized_coordinates, (None, True, False)),
        ):
            if not any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
                listed = ", ".join(map(repr, choices))
                raise NotCompatibleOptions(f"`{name}` must be one of {listed}, not {value!r}")
        if self.cut_videos and not self.with_assets:
            raise NotCompatibleOptions("`cut_videos` needs the media in the export: set `with_assets` too")
