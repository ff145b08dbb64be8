"""From the JSON text of a label to the maps of jobs at its root, decoded no further than a query needs."""

from collections.abc import Collection, Sequence
from typing import Generic, Protocol, TypeAlias, TypeVar, cast

from msgspec.json import Decoder

from kili_query.counting import Rules, is_video, repeated_frame
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.raw_bytes.decoding import has_long_number
from kili_query.targets.raw_bytes.shapes import Frames, Jobs, frames_type, label_type

__all__ = ["ContentReader", "FramesReader", "Roots", "looks_like_video"]

Roots: TypeAlias = Sequence[tuple[str | None, Jobs]]
"""Each frame of a video with its name; `assetLevel` is no frame, and has none."""

_ASSET_LEVEL = "assetLevel"
_BY_SHAPE = Rules()

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class _Label(Protocol[_T_co]):
    @property
    def content(self) -> _T_co | str | None: ...


class ContentReader(Generic[_T]):
    """Decodes the content of a label, which may be JSON text inside of it.

    Args:
        content_type: what to decode it to.
        at: the field of a label that holds its content; empty when the label is the content.
    """

    def __init__(self, content_type: object, at: str) -> None:
        self._at = at
        self._content: Decoder[_T] = Decoder(cast("type[_T]", content_type))
        wrapped = label_type(content_type, at) if at else content_type
        self._label: Decoder[_Label[_T]] = Decoder(cast("type[_Label[_T]]", wrapped))

    def __call__(self, data: bytes) -> _T | None:
        """The content; None where there is none, or it takes a closer look.

        Raises:
            msgspec.MsgspecError, RecursionError: the text is no JSON, or does not fit the type.
        """
        if not self._at:
            return self._content.decode(data)
        content = self._label.decode(data).content
        if not isinstance(content, str):
            return content
        return None if has_long_number(content.encode()) else self._content.decode(content)


class FramesReader:
    """Finds the frames of a video's label.

    Args:
        jobs_type: what to decode a map of jobs to.
        at: see `ContentReader`.
    """

    def __init__(self, jobs_type: object, at: str) -> None:
        self._read: ContentReader[Frames] = ContentReader(frames_type(jobs_type), at)

    def __call__(self, data: bytes) -> Roots | None:
        """The frames; None and errors as of `ContentReader`."""
        frames = self._read(data)
        if frames is None or (frames and not looks_like_video(frames)):
            return None  # there are jobs beside the frames
        if repeated_frame(frames) is not None:
            return None
        return [
            (None if key == _ASSET_LEVEL else key, jobs)
            for key, jobs in frames.items()
            if jobs is not None and key not in METADATA_JOBS
        ]


def looks_like_video(root_keys: Collection[str]) -> bool:
    """Whether all keys at the root are those of a video."""
    for key in root_keys:
        if not key.isdigit() and key != _ASSET_LEVEL and key not in METADATA_JOBS:
            return False  # most images are told by the first
    return is_video(dict.fromkeys(root_keys), _BY_SHAPE)
