"""The result of an export."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from attrs import define, field, frozen

from kili_query.diagnostics.layout import counted, printable

MAX_SKIPPED = 20
_SHOWN_OF_A_REASON = 3


@frozen
class Skipped:
    """Something that could not be written, and why.

    Attributes:
        reason: a sentence that makes sense on its own.
        asset: the external id of its asset.
        label: the id of its label, or its number among the asset's labels, from 1; empty if it concerns the asset.
        path: the JSON path in the label.

    >>> print(Skipped("a rectangle has 4 corners, not 3", "a.png", "l1", "jsonResponse.DET.annotations[0]"))
    asset `a.png`, label `l1`: a rectangle has 4 corners, not 3 (at `jsonResponse.DET.annotations[0]`)
    """

    reason: str
    asset: str = ""
    label: str = ""
    path: str = ""

    def __str__(self) -> str:
        names = [f"asset `{self.asset}`"] * bool(self.asset) + [f"label `{self.label}`"] * bool(self.label)
        where = f" (at `{self.path}`)" if self.path else ""
        return printable(f"{', '.join(names)}{': ' if names else ''}{self.reason}{where}")


@define
class ExportSummary:
    """Counts of what was written and what was left out, updated while an export runs.

    Attributes:
        path: the file that was written.
        format: the name of the format.
        assets: number of assets written.
        labels: number of labels written.
        media: number of media files in the archive.
        renamed: assets whose name in the archive is not their external id; ``manifest.json`` lists them.
        unlabeled: assets without a label of an accepted type; they are not written.
        filtered: labels that ``where`` left out; an asset without remaining labels is not written.
        orphans: labels whose asset was not given.
        skipped: number of assets, labels and annotations that could not be written.
        problems: the first `MAX_SKIPPED` of these; for a job that the interface does not have, only its first label.
        unsupported: annotations that the format cannot hold, by their type.
        unfitting: annotations, and answers without a shape, of jobs that the format cannot hold, by job.
        retired: annotations, and answers without a shape, of jobs that the interface does not have, by job. Formats
            that write job by job leave them out; they are also counted in ``skipped``.
        is_kept: whether an existing file was left unchanged because there was no label to write.
    """

    path: Path
    format: str
    assets: int = 0
    labels: int = 0
    media: int = 0
    renamed: int = 0
    unlabeled: int = 0
    filtered: int = 0
    orphans: int = 0
    skipped: int = 0
    problems: list[Skipped] = field(factory=list)
    unsupported: Counter[str] = field(factory=Counter)
    unfitting: Counter[str] = field(factory=Counter)
    retired: Counter[str] = field(factory=Counter)
    is_kept: bool = False
    _first_retired: dict[str, Skipped] = field(factory=dict, init=False, repr=False, eq=False)

    @property
    def is_of_nothing(self) -> bool:
        """Whether the input had nothing to write."""
        return not (self.assets or self.unlabeled or self.filtered or self.orphans)

    def note(self, problem: Skipped) -> None:
        """Count a problem, and list it unless the list is full."""
        self.skipped += 1
        if len(self.problems) < MAX_SKIPPED:
            self.problems.append(problem)

    def note_retired(self, job: str, answers: int, problem: Skipped) -> None:
        """Count a label's answers to a job that the interface does not have; list the first label of each job."""
        if job in self.retired:
            self.skipped += answers
        else:
            self.note(problem)
            self.skipped += answers - 1
            self._first_retired[job] = problem
        self.retired[job] += answers

    def to_dict(self) -> dict[str, object]:
        """Return the summary as JSON holds it."""
        numbers = ("assets", "labels", "media", "renamed", "unlabeled", "filtered", "orphans", "skipped")
        problems = [
            {"asset": one.asset, "label": one.label, "path": one.path, "reason": one.reason} for one in self.problems
        ]
        return {
            "path": str(self.path),
            "format": self.format,
            **{name: getattr(self, name) for name in numbers},
            "unsupported": dict(sorted(self.unsupported.items())),
            "unfitting": dict(sorted(self.unfitting.items())),
            "retired": dict(sorted(self.retired.items())),
            "problems": problems,
        }

    def __str__(self) -> str:
        lines = [self._heading]
        others = self.skipped - self.retired.total()  # retired jobs are already listed by job
        shown = _few_of_each(problem for problem in self.problems if problem not in self._first_retired.values())
        lines += [
            f"  {text}"
            for number, text in (
                (self.media, counted(self.media, "media file")),
                (self.renamed, f"{counted(self.renamed, 'asset')} renamed (see manifest.json in the archive)"),
                (self.unlabeled, f"{counted(self.unlabeled, 'asset')} without a label"),
                (self.filtered, f"{counted(self.filtered, 'label')} left out by the query"),
                (self.orphans, f"{counted(self.orphans, 'label')} of other assets"),
            )
            if number
        ]
        lines += [f"  {text}" for text in self.left_out]
        for job, number in sorted(self.retired.items()):
            reason = f"the interface has no job `{job}`, which {self._first_with(job)} answers first"
            lines.append(f"  {counted(number, 'answer')} left out: {reason}")
        if others:
            lines.append(f"  {others} skipped, because they could not be written")
        lines += [f"    {problem}" for problem in shown]
        more = others - len(shown)
        return "\n".join([*lines, f"    … and {more} more"] if more else lines)

    @property
    def _heading(self) -> str:
        if self.is_kept:
            return f"no label to write: {self.path} was not written"
        if not self.labels:
            return f"no label to write: {self.path} was written as {self.format} without any"
        labels, assets = (counted(number, noun) for number, noun in ((self.labels, "label"), (self.assets, "asset")))
        return f"{labels} of {assets} written to {self.path} as {self.format}"

    def _first_with(self, job: str) -> str:
        first = self._first_retired[job]
        return printable(f"label `{first.label}` of asset `{first.asset}`")

    @property
    def left_out(self) -> list[str]:
        """Lines about what the format cannot hold: one for each kind of annotation and each job."""
        kinds, jobs = sorted(self.unsupported.items()), sorted(self.unfitting.items())
        cannot_hold = f"the format `{self.format}` cannot hold the job"
        return [
            *(f"{counted(number, 'annotation')} left out: no `{kind}` in this format" for kind, number in kinds),
            *(f"{counted(number, 'answer')} left out: {cannot_hold} `{job}`" for job, number in jobs),
        ]


def _few_of_each(problems: Iterable[Skipped]) -> list[Skipped]:
    """Return the problems without those whose reason was given often enough before."""
    times: Counter[str] = Counter()
    shown = []
    for problem in problems:
        times[problem.reason] += 1
        if times[problem.reason] <= _SHOWN_OF_A_REASON:
            shown.append(problem)
    return shown
