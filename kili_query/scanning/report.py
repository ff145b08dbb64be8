"""Notes that a scan takes while it reads: its report, and the names in the first labels."""

import os
from collections.abc import Sequence

from attrs import define, field

from kili_query.counting import count, held_jobs
from kili_query.errors import LabelError
from kili_query.places import Problem, ProblemKind

MAX_PROBLEMS = 20

_ENOUGH_LABELS = 1000
_ENOUGH_BYTES = 32 * 1024 * 1024


@define
class Report:
    """How many labels were read, and how they were judged; it grows during the scan.

    Each label read is one of: matched, not matched, unknown, malformed.

    Attributes:
        read: number of records, including broken ones.
        matched: labels that match.
        unknown: labels without content: they neither match nor fail to match.
        malformed: records of the wrong shape, including broken ones.
        broken: malformed records that are not labels at all: not JSON, or not an object.
        problems: the first `MAX_PROBLEMS` unknown or malformed records.
        unreadable: the files, folders and streams that hold records, none of which could be judged.
        is_complete: whether the source was read to its end.
    """

    read: int = 0
    matched: int = 0
    unknown: int = 0
    malformed: int = 0
    broken: int = 0
    problems: list[Problem] = field(factory=list)
    unreadable: list[str] = field(factory=list)
    is_complete: bool = False

    @property
    def judged(self) -> int:
        """How many labels are known to match or not to match."""
        return self.read - self.unknown - self.malformed

    @property
    def not_matched(self) -> int:
        """How many labels are known not to match."""
        return self.judged - self.matched

    def note(self, problem: Problem) -> None:
        """Count a problem, and list it unless the list is long already."""
        if problem.fault is ProblemKind.UNKNOWN:
            self.unknown += 1
        else:
            self.malformed += 1
            self.broken += problem.fault is ProblemKind.BROKEN
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def problems_of(self, source: str) -> list[Problem]:
        """Return the listed problems of one file, or of those in one folder or archive."""
        inside = f"{source}{os.sep}"
        return [one for one in self.problems if one.place.file == source or one.place.file.startswith(inside)]

    def to_dict(self) -> dict[str, object]:
        """Return the report as JSON holds it."""
        return {
            "read": self.read,
            "matched": self.matched,
            "not_matched": self.not_matched,
            "unknown": self.unknown,
            "malformed": self.malformed,
            "broken": self.broken,
            "is_complete": self.is_complete,
            "problems": [
                {
                    "file": problem.place.file,
                    "line": problem.place.line,
                    "path": problem.place.path,
                    "fault": problem.fault.value,
                    "reason": problem.reason,
                    "content_path": problem.path,
                }
                for problem in self.problems
            ],
        }

    def __str__(self) -> str:
        return self.told(self.problems)

    def told(self, problems: Sequence[Problem]) -> str:
        """Return the report with some of its problems in full."""
        broken = f" ({self.broken} not a label at all)" if self.broken else ""
        lines = [
            f"{self.read} read: {self.matched} matched, {self.not_matched} not matched, "
            f"{self.unknown} unknown, {self.malformed} malformed{broken}"
        ]
        lines += [f"  {problem.fault}: {problem}" for problem in problems]
        more = self.unknown + self.malformed - len(self.problems)
        if more and problems:
            lines.append(f"  … and {more} more")
        if not self.is_complete:
            lines.append("  reading stopped early")
        return "\n".join(lines)


@define
class LabelNames:
    """The jobs and categories in the first labels of a source; later labels are not looked at, so reading stays fast.

    Attributes:
        pairs: the jobs and categories.
        jobs: the jobs, including those that hold nothing.
        labels: how many labels were looked at.
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
        except LabelError:  # malformed somewhere the query does not look, so the label is judged all the same
            return

    def tally(self, size_bytes: int) -> None:
        """Note how much has been read."""
        self._bytes += size_bytes
