"""From the JSON text of a label to the maps of jobs at its root, decoded no further than a query needs."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeAlias, TypeVar, cast

from msgspec.json import Decoder

from kili_query.counting import Rules, is_video
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.raw_bytes.decoding import has_long_number
from kili_query.targets.raw_bytes.shapes import Frames, Jobs, frames_type, label_type

__all__ = ["ContentReader", "Roots", "RootsReader", "looks_like_video"]

Roots: TypeAlias = Sequence[tuple[str | None, Jobs]]
"""The root, or each frame of a video with its name; `assetLevel` is no frame, and has none."""

_ASSET_LEVEL = "assetLevel"
_BY_SHAPE = Rules()

_T = TypeVar("_T")


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
        self._label: Decoder[object] = Decoder(cast("type[object]", wrapped))

    def __call__(self, data: bytes) -> _T | None:
        """The content; None where there is none, or it takes a closer look.

        Raises:
            msgspec.MsgspecError, RecursionError: the text is no JSON, or does not fit the type.
        """
        if not self._at:
            return self._content.decode(data)
        content = cast("dict[str, _T | str | None]", self._label.decode(data)).get(self._at)
        if not isinstance(content, str):
            return content
        return None if has_long_number(content) else self._content.decode(content)


class RootsReader:
    """Finds the root of an image's label, and the frames of a video's.

    Args:
        jobs_type: what to decode a map of jobs to.
        rules: how labels are read.
        at: see `ContentReader`.
    """

    def __init__(self, jobs_type: object, rules: Rules, at: str) -> None:
        self._is_video = rules.is_video
        self._image: ContentReader[Jobs] = ContentReader(jobs_type, at)
        self._video: ContentReader[Frames] = ContentReader(frames_type(jobs_type), at)

    def __call__(self, data: bytes) -> Roots | None:
        """The roots; None and errors as of `ContentReader`."""
        if self._is_video is not True:
            jobs = self._image(data)
            if jobs is None or self._is_video is False or not looks_like_video(jobs):
                return None if jobs is None else [(None, jobs)]
        frames = self._video(data)
        if frames is None or (frames and not looks_like_video(frames)):
            return None  # there are jobs beside the frames
        return [
            (None if key == _ASSET_LEVEL else key, jobs)
            for key, jobs in frames.items()
            if jobs is not None and key not in METADATA_JOBS
        ]


def looks_like_video(root_keys: Iterable[str]) -> bool:
    """Whether all keys at the root are those of a video."""
    return is_video(dict.fromkeys(root_keys), _BY_SHAPE)
