"""The answers of a video: frames, by number, each with its jobs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from kili_query.counting.label import CONTENT
from kili_query.labels.answers import JobPayload, ParsedJobs
from kili_query.labels.checks import missing_name
from kili_query.labels.errors import FrameIndexError, JobNotExistingError
from kili_query.labels.interface import root_jobs
from kili_query.labels.label_dict import LabelDict
from kili_query.labels.structure import ASSET_LEVEL, frame_keys
from kili_query.ontology.job import METADATA_JOBS


class FramesList(Sequence[JobPayload]):
    """The answers to one job, one for each frame of the label, by number.

    An index is a place in this list. Where a label leaves frames out that is not the number of the frame: `numbers`
    holds it, and `at` takes it.
    """

    __slots__ = ("_name", "_root")

    def __init__(self, root: ParsedJobs, name: str) -> None:
        self._root = root
        self._name = name

    @property
    def frames(self) -> "FramesList":
        """This list."""
        return self

    @property
    def numbers(self) -> tuple[int, ...]:
        """The number of each frame in the list."""
        return tuple(map(int, frame_keys(self._root._raw() or {})))

    def at(self, number: int) -> JobPayload:
        """Return the answer in the frame of that number.

        Raises:
            FrameIndexError: the label has no such frame.
        """
        for key in frame_keys(self._root._raw() or {}):
            if int(key) == number:
                return self._in_frame(key)
        raise FrameIndexError(f"there is no frame {number}", self._root.path)

    def _in_frame(self, key: str) -> JobPayload:
        document = self._root._document
        jobs = ParsedJobs(document, self._root, key, is_root=True)
        return JobPayload(document, jobs, self._name, document.ontology.jobs.get(self._name))

    @overload
    def __getitem__(self, index: int) -> JobPayload: ...
    @overload
    def __getitem__(self, index: slice) -> list[JobPayload]: ...
    def __getitem__(self, index: int | slice) -> JobPayload | list[JobPayload]:
        keys = frame_keys(self._root._raw() or {})
        if isinstance(index, slice):
            return [self._in_frame(key) for key in keys[index]]
        if not -len(keys) <= index < len(keys):
            raise FrameIndexError(f"no entry {index}, there are {len(keys)} frames", self._root.path)
        return self._in_frame(keys[index])

    def __iter__(self) -> Iterator[JobPayload]:
        return map(self._in_frame, frame_keys(self._root._raw() or {}))

    def __len__(self) -> int:
        return len(frame_keys(self._root._raw() or {}))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FramesList):
            return NotImplemented
        return self.numbers == other.numbers and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # what changes has no hash

    def __repr__(self) -> str:
        return repr(dict(zip(self.numbers, self, strict=True)))


class VideoJobs(Mapping[str, FramesList]):
    """Jobs by name, each with its answers by frame: those of the interface, then others that frames have."""

    __slots__ = ("_root",)

    def __init__(self, document: LabelDict) -> None:
        self._root = ParsedJobs(document, None, CONTENT, is_root=True)

    @property
    def path(self) -> str:
        """Where in the label this is."""
        return self._root.path

    def _names(self) -> dict[str, None]:
        frames = self._root._raw() or {}
        present = [name for key in frame_keys(frames) for name in _names_in(frames[key])]
        return dict.fromkeys((*root_jobs(self._root._ontology), *present))

    def __contains__(self, name: object) -> bool:
        job = self._root._ontology.jobs.get(name) if isinstance(name, str) else None
        return (job is not None and not job.is_child) or name in self._names()

    def __getitem__(self, name: str) -> FramesList:
        if name not in self:
            raise JobNotExistingError(missing_name("job", str(name), self._names()), self._root.path)
        return FramesList(self._root, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __bool__(self) -> bool:
        """Whether there is any frame."""
        return bool(frame_keys(self._root._raw() or {}))

    def __eq__(self, other: object) -> bool:
        return self._root == other._root if isinstance(other, VideoJobs) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what changes has no hash

    @property
    def asset_level(self) -> ParsedJobs:
        """The answers about the whole video, which have no frame."""
        return ParsedJobs(self._root._document, self._root, ASSET_LEVEL, is_root=True)

    def to_dict(self) -> dict[str, object]:
        """Return a copy of the JSON, in which nothing is left out and frames have their own numbers."""
        return self._root.to_dict()

    def __repr__(self) -> str:
        return repr(self._root)


def _names_in(frame: object) -> list[str]:
    return [name for name in frame if name not in METADATA_JOBS] if isinstance(frame, dict) else []
