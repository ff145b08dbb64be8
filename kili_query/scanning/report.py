"""What came of a scan."""

import os
from collections.abc import Sequence

from attrs import define, field

from kili_query.scanning.places import Fault, Problem

__all__ = ["MAX_PROBLEMS", "Report"]

MAX_PROBLEMS = 20


@define
class Report:
    """How many labels were read, and what they are; it grows while the scan goes on.

    Each label read is one of: matched, not matched, unknown, malformed.

    Attributes:
        read: records met, broken ones too.
        matched: labels that match.
        unknown: labels without content, which neither match nor do not.
        malformed: records of the wrong shape, broken ones too.
        broken: those of the malformed that are no labels at all: not JSON, or no object.
        problems: the first `MAX_PROBLEMS` of the unknown and malformed.
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
        return self.read - self.matched - self.unknown - self.malformed

    def note(self, problem: Problem) -> None:
        """Count a problem, and list it unless the list is long already."""
        if problem.fault is Fault.UNKNOWN:
            self.unknown += 1
        else:
            self.malformed += 1
            self.broken += problem.fault is Fault.BROKEN
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def problems_of(self, source: str) -> list[Problem]:
        """The listed problems of one file, or of those in one folder or archive."""
        inside = f"{source}{os.sep}"
        return [one for one in self.problems if one.place.file == source or one.place.file.startswith(inside)]

    def to_dict(self) -> dict[str, object]:
        """The report as JSON holds it."""
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
        """The report with some of its problems in full."""
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
            lines.append("  the source was not read to its end")
        return "\n".join(lines)
