"""The content of a label as text, as long as nobody asks what is in it. Needs msgspec."""

from collections.abc import Iterator, Mapping

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

from kili_query.targets.raw_bytes.decoding import decode, is_sound

__all__ = ["TextJobs", "read"]


class TextJobs(Mapping[str, object]):
    """The jobs of a content, each of which is decoded when it is asked for.

    >>> jobs = read('{"J": {"text": "a"}, "K": {}}')
    >>> list(jobs), jobs["J"]
    (['J', 'K'], {'text': 'a'})
    """

    def __init__(self, texts: Mapping[str, Raw]) -> None:
        self.texts = texts
        self._decoded: dict[str, object] = {}

    def __getitem__(self, job: str) -> object:
        if job not in self._decoded:
            self._decoded[job] = decode(bytes(self.texts[job]))
        return self._decoded[job]

    def __contains__(self, job: object) -> bool:
        return job in self.texts

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)


_TEXTS = Decoder(dict[str, Raw])


def read(text: str) -> TextJobs | None:
    """The jobs in the JSON text of a content; None where it has to be decoded to tell, or to tell what is wrong."""
    try:
        data = text.encode()
        return TextJobs(_TEXTS.decode(data)) if is_sound(data) else None
    except (MsgspecError, UnicodeEncodeError, RecursionError):
        return None
