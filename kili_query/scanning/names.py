"""The jobs and categories that the first labels of a source hold."""

from attrs import define, field

from kili_query.counting import count, held_jobs
from kili_query.errors import LabelError

__all__ = ["LabelNames"]

_ENOUGH_LABELS = 1000
_ENOUGH_BYTES = 32 * 1024 * 1024


@define
class LabelNames:
    """The names in labels, noted while they are judged. After the first labels, reading is as fast as without.

    Attributes:
        pairs: the jobs and categories.
        jobs: the jobs, those that hold nothing included.
        labels: in how many labels they were looked for.
    """

    pairs: set[tuple[str, str]] = field(factory=set)
    jobs: set[str] = field(factory=set)
    labels: int = 0
    _bytes: int = 0

    @property
    def is_enough(self) -> bool:
        """Whether no more labels are looked at."""
        return self.labels >= _ENOUGH_LABELS or self._bytes >= _ENOUGH_BYTES

    def add(self, json_response: object) -> None:
        """Note the names in the content of a label."""
        if self.is_enough:
            return
        self.labels += 1
        try:
            self.jobs.update(held_jobs(json_response))
            self.pairs.update(count(json_response))
        except LabelError:  # elsewhere than where the query looks, which is no reason not to judge the label
            return

    def tally(self, size_bytes: int) -> None:
        """Note how much has been read."""
        self._bytes += size_bytes
