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
"""Given an annotation as the format would write it, its image, and the annotation of the label, what to write."""


@frozen(kw_only=True)
class Options:
    """The caller's options.

    Attributes:
        layout: one folder a job, or all jobs in one.
        single_file: one file for all labels.
        with_assets: media go into the archive.
        cut_videos: a video goes into the archive as frames as well.
        normalized_coordinates: None for the format's own way, True for fractions, False for pixels.
        annotation_modifier: see `AnnotationModifier`.
        on_error: what to do about an asset or a label that cannot be written.
        export_type: the latest label of each asset, or all of them.
        label_types: the types of label that are exported.
        include_sent_back_labels: whether labels that were sent back to the queue are exported.
        exported_at: what the archive says about when it was made; nothing by default, for the same bytes each time.
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
