"""What an audit found: of each trait whether server and local count agree, and the labels that show where not."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from attrs import frozen

from kili_query.planning.profile import TRAITS, ServerProfile

_SHOWN = 3


class Trait(StrEnum):
    """What a server does as we do, or does not. Those that a `ServerProfile` has bear its names."""

    FINDS_PRESENT = "finds_present"
    """``> 0`` finds what root jobs hold, and nothing else. Nothing can be asked of a server that lacks this."""
    FINDS_ABSENT = "finds_absent"
    COUNTS_BEYOND_ONE = "counts_beyond_one"
    COUNTS_CHILD_JOBS = "counts_child_jobs"
    COUNTS_VIDEOS = "counts_videos"
    READS_DECIMALS = "reads_decimals"
    """A decimal is read as the integers that it leaves. Of no consequence: only plain integers are ever sent."""


_MEANINGS = {
    Trait.FINDS_PRESENT: "`> 0` finds what root jobs hold, and nothing else",
    Trait.FINDS_ABSENT: "`== 0`, `< n` and `<= n` find labels that never mention the category",
    Trait.COUNTS_BEYOND_ONE: "an object more is one more",
    Trait.COUNTS_CHILD_JOBS: "child jobs count once for each parent",
    Trait.COUNTS_VIDEOS: "an object counts once, however many frames hold it",
    Trait.READS_DECIMALS: "`>= 1.5` is read as `>= 2`; no profile needs it, for only integers are sent",
}


class Verdict(StrEnum):
    """What came of a trait."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    NOT_TESTED = "not tested"


@frozen
class Disagreement:
    """A search that the server answers otherwise.

    Attributes:
        search: the text that was asked.
        is_found: the server found the labels, and should not have; else the other way round.
        labels: by the id of each such label, how many objects we count in it.
    """

    search: str
    is_found: bool
    labels: Mapping[str, int]

    def __str__(self) -> str:
        number, counts = len(self.labels), sorted(set(self.labels.values()))
        many = f"{number} label{'s' if number > 1 else ''}"
        count = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        ids = ", ".join(list(self.labels)[:_SHOWN])
        more = f" and {number - _SHOWN} more" if number > _SHOWN else ""
        did = "finds" if self.is_found else "does not find"
        return f"`{self.search}` {did} {many} where we count {count}: {ids}{more}"

    def to_dict(self) -> dict[str, object]:
        return {"search": self.search, "found": self.is_found, "labels": dict(self.labels)}


@frozen
class Finding:
    """What came of one trait.

    Attributes:
        trait: the trait.
        verdict: whether server and local count agree.
        reason: why it was not tested, or what the server said; empty where there is nothing to say.
        disagreements: where they do not agree.
    """

    trait: Trait
    verdict: Verdict
    reason: str = ""
    disagreements: tuple[Disagreement, ...] = ()

    def lines(self) -> Iterator[str]:
        yield f"{self.trait:17}  {self.verdict:10}  {self.reason or _MEANINGS[self.trait]}"
        yield from (f"    {one}" for one in self.disagreements)

    def to_dict(self) -> dict[str, object]:
        return {
            "trait": self.trait.value,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "disagreements": [one.to_dict() for one in self.disagreements],
        }


@frozen(kw_only=True)
class AuditReport:
    """What an audit found.

    Attributes:
        project_id: the project.
        sampled: how many of its labels were read.
        unknown_ids: those among them whose content is absent or cannot be counted: nothing was asked of them.
        changed_ids: those that changed or vanished while the audit ran: what was said of them counts for nothing.
        searches: how many searches the server was asked.
        findings: one for each trait.
    """

    project_id: str
    sampled: int
    unknown_ids: tuple[str, ...] = ()
    changed_ids: tuple[str, ...] = ()
    searches: int
    findings: tuple[Finding, ...]

    @property
    def profile(self) -> ServerProfile:
        """What the server may be trusted with: the traits in which it agrees. What was not tested is not trusted."""
        trusted = {one.trait.value for one in self.findings if one.verdict is Verdict.AGREES}
        return ServerProfile.from_dict({name: name in trusted for name in TRAITS})

    @property
    def agrees(self) -> bool:
        """No trait disagrees; some may not have been tested."""
        return all(one.verdict is not Verdict.DISAGREES for one in self.findings)

    @property
    def is_covered(self) -> bool:
        """Whether answers are right under `profile`. They are not where not even ``> 0`` on root jobs is."""
        return all(one.verdict is not Verdict.DISAGREES for one in self.findings if one.trait is Trait.FINDS_PRESENT)

    def to_dict(self) -> dict[str, object]:
        """The report as a JSON object."""
        return {
            "project_id": self.project_id,
            "sampled": self.sampled,
            "unknown": list(self.unknown_ids),
            "changed": list(self.changed_ids),
            "searches": self.searches,
            "agrees": self.agrees,
            "covered": self.is_covered,
            "findings": [one.to_dict() for one in self.findings],
            "profile": self.profile.to_dict(),
        }

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"project {self.project_id}: {self.searches} searches over {self.sampled} labels"
        for ids, why in ((self.unknown_ids, "of unknown content"), (self.changed_ids, "changed meanwhile")):
            if ids:
                yield f"left out, {why}: {', '.join(ids[:_SHOWN])}" + (
                    f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
                )
        yield ""
        for finding in self.findings:
            yield from finding.lines()
        if not self.is_covered:
            yield "\nno profile makes this server's answers right: not even `> 0` on root jobs is answered as we count"
