"""The findings of an audit: whether server and local counts agree on each trait, and labels where they do not."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from attrs import frozen

from kili_query.planning.profile import TRAITS, ServerProfile
from kili_query.wording import listed

_SHOWN = 3


class Trait(StrEnum):
    """A way of counting that a server may share with us. Traits that a `ServerProfile` has use its names."""

    FINDS_PRESENT = "finds_present"
    """``> 0`` finds exactly the categories that root jobs hold. Without this, no search of the server is reliable."""
    FINDS_ABSENT = "finds_absent"
    COUNTS_BEYOND_ONE = "counts_beyond_one"
    COUNTS_CHILD_JOBS = "counts_child_jobs"
    COUNTS_VIDEOS = "counts_videos"
    READS_DECIMALS = "reads_decimals"
    """A decimal selects the same integers as here. This has no effect, because only plain integers are sent."""


_MEANINGS = {
    Trait.FINDS_PRESENT: "`> 0` finds exactly the categories that root jobs hold",
    Trait.FINDS_ABSENT: "`== 0`, `< n` and `<= n` find labels that never mention the category",
    Trait.COUNTS_BEYOND_ONE: "each further object adds one",
    Trait.COUNTS_CHILD_JOBS: "child jobs count once for each parent",
    Trait.COUNTS_VIDEOS: "an object counts once, even if it is in several frames",
    Trait.READS_DECIMALS: "`>= 1.5` is read as `>= 2`; no profile needs it, because only integers are sent",
}


class TraitResult(StrEnum):
    """The result for a trait."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    NOT_TESTED = "not tested"


@frozen
class Disagreement:
    """A search whose answer differs from ours.

    Attributes:
        search: the text that was sent.
        is_found: True if the server found labels that do not match, False if it missed labels that match.
        labels: the number of objects that we count, by label id.
    """

    search: str
    is_found: bool
    labels: Mapping[str, int]

    def __str__(self) -> str:
        number, counts = len(self.labels), sorted(set(self.labels.values()))
        many = f"{number} label{'s' if number > 1 else ''}"
        count = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        did = "finds" if self.is_found else "does not find"
        return f"`{self.search}` {did} {many} where we count {count}: {listed(self.labels, _SHOWN)}"

    def to_dict(self) -> dict[str, object]:
        return {"search": self.search, "found": self.is_found, "labels": dict(self.labels)}


@frozen
class Finding:
    """The result for one trait.

    Attributes:
        trait: the trait.
        verdict: whether server and local counts agree.
        reason: why it was not tested, or the server's message; may be empty.
        disagreements: the searches whose answers differ.
    """

    trait: Trait
    verdict: TraitResult
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
    """The findings of an audit.

    Attributes:
        project_id: the project.
        sampled: the number of labels that were read.
        unknown_ids: labels whose content is absent or cannot be counted; they were not used.
        changed_ids: labels that changed or vanished during the audit; answers about them are ignored.
        searches: the number of searches that were sent.
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
        """The profile of this server. It trusts the traits that agree, and no trait that was not tested."""
        trusted = {one.trait.value for one in self.findings if one.verdict is TraitResult.AGREES}
        return ServerProfile.from_dict({name: name in trusted for name in TRAITS})

    @property
    def agrees(self) -> bool:
        """Whether no trait disagrees; some may not have been tested."""
        return all(one.verdict is not TraitResult.DISAGREES for one in self.findings)

    @property
    def is_covered(self) -> bool:
        """Whether answers are right with `profile`. They are not if even ``> 0`` on root jobs is wrong."""
        return all(
            one.verdict is not TraitResult.DISAGREES for one in self.findings if one.trait is Trait.FINDS_PRESENT
        )

    def to_dict(self) -> dict[str, object]:
        """Return the report as a JSON object."""
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
                yield f"left out, {why}: {listed(ids, _SHOWN)}"
        yield ""
        for finding in self.findings:
            yield from finding.lines()
        if not self.is_covered:
            yield "\nno profile makes this server reliable: even `> 0` on root jobs differs from our counts"
