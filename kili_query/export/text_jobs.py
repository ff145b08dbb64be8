"""The content of a label, kept as text until it is read. Needs msgspec."""

from collections.abc import Iterator, Mapping

from msgspec import UNSET, MsgspecError, Raw, Struct, UnsetType
from msgspec.json import Decoder

from kili_query.counting.decoding import decode, is_sound
from kili_query.counting.label import reason_not_json
from kili_query.errors import MalformedLabelError


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


class _Annotated(Struct, gc=False):
    annotations: list[Raw] | UnsetType = UNSET


_ANNOTATED = Decoder(_Annotated)


def annotations_in_text(jobs: Mapping[str, object], job: str) -> int | None:
    """Count the annotations of a job without decoding them; None if it must be decoded to find out.

    >>> annotations_in_text(read_jobs('{"J": {"annotations": [{}, {}]}}'), "J"), annotations_in_text({"J": {}}, "J")
    (2, None)
    """
    if not isinstance(jobs, TextJobs) or job not in jobs.texts:
        return None
    try:
        listed = _ANNOTATED.decode(jobs.texts[job]).annotations
    except (MsgspecError, ValueError, RecursionError):
        return None
    return None if listed is UNSET else len(listed)
