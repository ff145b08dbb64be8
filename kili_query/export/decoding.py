"""Decode the JSON of an asset and its labels for a format. A content stays text until it is read."""

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

from kili_query.conversations import holds_answers
from kili_query.counting.decoding import decode, is_sound
from kili_query.counting.label import CONTENT, content_of, reason_not_json
from kili_query.errors import MalformedLabelError
from kili_query.export.asset import ExportedLabel
from kili_query.export.project import Project
from kili_query.labels.geometry import Size
from kili_query.labels.structure import Frame, beside_frames, frames_of, is_framed, rotation_of

_MAX_PIXELS = 2**31


def label_name(label: Mapping[str, object], number: int) -> str:
    """Return the name of a label in messages: its id, or its number among the asset's labels."""
    return str(label.get("id") or number).encode("utf-8", "backslashreplace").decode()  # so that a terminal can show it


def label_of(document: dict[str, object], project: Project, name: str) -> ExportedLabel:
    """Return the label of a document.

    Raises:
        UnknownContentError: it has no content.
        MalformedLabelError: the content is malformed.
    """
    content = _content(document)
    if is_framed(content, is_video=project.is_video if project.input_type else None):
        return ExportedLabel(document, content, frames_of(content), name, beside_frames=beside_frames(content))
    rotation = 0 if project.input_type == "GEOSPATIAL" else rotation_of(content)
    return ExportedLabel(document, content, (Frame(None, content, CONTENT),), name, rotation_degrees=rotation)


def _content(document: dict[str, object]) -> Mapping[str, object]:
    given = document.get(CONTENT)
    jobs = read_jobs(given) if isinstance(given, str) else None
    if jobs is not None and not holds_answers(document):
        return jobs
    content = content_of(document, CONTENT)
    if not isinstance(content, dict):
        raise MalformedLabelError("the content of the label must be an object", CONTENT)
    return content


def size_of(asset: Mapping[str, object]) -> Size | None:
    """Return the size in an asset's `resolution`.

    >>> size_of({"resolution": {"width": 200, "height": 100}}), size_of({"resolution": None})
    (Size(width_px=200, height_px=100), None)
    """
    told = asset.get("resolution")
    if not isinstance(told, Mapping):
        return None
    width, height = told.get("width"), told.get("height")
    return Size(int(width), int(height)) if _is_length(width) and _is_length(height) else None


def _is_length(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < _MAX_PIXELS


class TextJobs(Mapping[str, object]):
    """The jobs of a content, each decoded on first use.

    >>> jobs = read_jobs('{"J": {"text": "a"}, "K": {}}')
    >>> list(jobs), jobs["J"]
    (['J', 'K'], {'text': 'a'})
    """

    def __init__(self, texts: Mapping[str, Raw]) -> None:
        self.texts = texts
        self._decoded: dict[str, object] = {}

    def __getitem__(self, job: str) -> object:
        if job not in self._decoded:
            self._decoded[job] = self._decode(job)
        return self._decoded[job]

    def __contains__(self, job: object) -> bool:
        return job in self.texts

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)

    def _decode(self, job: str) -> object:
        text = bytes(self.texts[job])
        try:
            return decode(text)
        except (ValueError, RecursionError) as error:  # it was validated with more stack left than there is now
            raise MalformedLabelError(f"a job is {reason_not_json(error)}", job) from error


_TEXTS = Decoder(dict[str, Raw])


def read_jobs(text: str) -> TextJobs | None:
    """Read the jobs in the JSON text of a content; None if it must be decoded to find out, or is malformed."""
    try:
        data = text.encode()
        return TextJobs(_TEXTS.decode(data)) if is_sound(data) else None
    except (MsgspecError, UnicodeEncodeError, RecursionError):
        return None


_LISTED = Decoder(list[Raw])


def answers_in_text(jobs: Mapping[str, object], job: str) -> int | None:
    """Count the annotations of a job, or the one answer that it has instead, without decoding them.

    Returns:
        None if the job must be decoded to find out.

    >>> jobs = read_jobs('{"J": {"annotations": [{}, {}]}, "K": {"text": "a"}, "L": {}}')
    >>> [answers_in_text(jobs, job) for job in jobs], answers_in_text({"J": {}}, "J")
    ([2, 1, 0], None)
    """
    if not isinstance(jobs, TextJobs) or job not in jobs.texts:
        return None
    try:
        fields = _TEXTS.decode(jobs.texts[job])
        return len(_LISTED.decode(fields["annotations"])) if "annotations" in fields else int(bool(fields))
    except (MsgspecError, ValueError, RecursionError):
        return None
