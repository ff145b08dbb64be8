"""From the JSON text of a label to the maps of jobs at its root, decoded no further than a query needs."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeAlias, TypeVar, cast

from msgspec.json import Decoder

from kili_query.counting import Rules, is_video
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.raw_bytes.decoding import has_long_number
from kili_query.targets.raw_bytes.shapes import Frames, Jobs, frames_type, jobs_type, label_type

__all__ = ["Roots", "RootsReader"]

Roots: TypeAlias = Sequence[tuple[str | None, Jobs]]
"""The root, or each frame of a video with its name; `assetLevel` is no frame, and has none."""

_ASSET_LEVEL = "assetLevel"
_BY_SHAPE = Rules()

_T = TypeVar("_T")


class RootsReader:
    """Reads the roots of labels.

    Args:
        names: the jobs to be decoded; None for all.
        rules: how labels are read.
        at: the field of a label that holds its content; empty when the label is the content.
        is_deep: whether to decode child jobs.
    """

    def __init__(self, names: Iterable[str] | None, rules: Rules, at: str, *, is_deep: bool) -> None:
        named = jobs_type(names, is_deep=is_deep)
        # without a word about the assets, the names of all root keys tell what the label is
        any_named = named if rules.is_video is False else jobs_type(None, is_deep=is_deep)
        self._is_video = rules.is_video
        self._image: _Reader[Jobs] = _Reader(any_named, at)
        self._video: _Reader[Frames] = _Reader(frames_type(named), at)

    def __call__(self, data: bytes) -> Roots | None:
        """The roots; None where it takes a closer look to find them.

        Raises:
            msgspec.MsgspecError, RecursionError: the text is no JSON, or has another shape than usual.
        """
        if self._is_video is not True:
            jobs = self._image(data)
            if jobs is None or self._is_video is False or not is_video(dict.fromkeys(jobs), _BY_SHAPE):
                return None if jobs is None else [(None, jobs)]
        frames = self._video(data)
        if frames is None or (frames and not is_video(dict.fromkeys(frames), _BY_SHAPE)):
            return None  # there are jobs beside the frames
        return [
            (None if key == _ASSET_LEVEL else key, jobs)
            for key, jobs in frames.items()
            if jobs is not None and key not in METADATA_JOBS
        ]


class _Reader(Generic[_T]):
    """Decodes the content of a label, which may be JSON text inside of it."""

    def __init__(self, content_type: object, at: str) -> None:
        self._at = at
        self._content: Decoder[_T] = Decoder(cast("type[_T]", content_type))
        wrapped = label_type(content_type, at) if at else content_type
        self._label: Decoder[object] = Decoder(cast("type[object]", wrapped))

    def __call__(self, data: bytes) -> _T | None:
        if not self._at:
            return self._content.decode(data)
        label = cast("dict[str, _T | str | None]", self._label.decode(data))
        content = label.get(self._at)
        if not isinstance(content, str):
            return content
        return None if has_long_number(content) else self._content.decode(content)
