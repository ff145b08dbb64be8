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
    COUNTS_CONVERSATIONS = "counts_conversations"
    FILTERS_STEPS = "filters_steps"
    FILTERS_STATUSES = "filters_statuses"
    FILTERS_GROUPS = "filters_groups"


_MEANINGS = {
    Trait.FINDS_PRESENT: "`> 0` finds exactly the categories that root jobs hold",
    Trait.FINDS_ABSENT: "`== 0`, `< n` and `<= n` find labels that never mention the category",
    Trait.COUNTS_BEYOND_ONE: "each further object adds one",
    Trait.COUNTS_CHILD_JOBS: "child jobs count once for each parent",
    Trait.COUNTS_VIDEOS: "an object counts once, even if it is in several frames",
    Trait.READS_DECIMALS: "`>= 1.5` is read as `>= 2`; no profile needs it, because only integers are sent",
    Trait.COUNTS_CONVERSATIONS: "all searches find what we count in the rebuilt contents of conversations",
    Trait.FILTERS_STEPS: "filters by steps find the assets in these steps, and their labels",
    Trait.FILTERS_STATUSES: "filters by step statuses, also with steps, find the assets with these, and their labels",
    Trait.FILTERS_GROUPS: "filters by groups find the assets in steps of these groups, and their labels",
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
class FilterDisagreement:
    """A filter that finds other assets or labels than their fields say.

    Attributes:
        search: the filter.
        is_found: True if it found rows that do not match, False if it missed rows that match.
        ids: the rows.
        rows: what they are, ``"assets"`` or ``"labels"``.
    """

    search: str
    is_found: bool
    ids: tuple[str, ...]
    rows: str

    def __str__(self) -> str:
        many = f"{len(self.ids)} {self.rows if len(self.ids) > 1 else self.rows[:-1]}"
        did, match = ("finds", "do not match") if self.is_found else ("does not find", "match")
        return f"`{self.search}` {did} {many} whose fields {match}: {listed(self.ids, _SHOWN)}"

    def to_dict(self) -> dict[str, object]:
        return {"search": self.search, "found": self.is_found, self.rows: list(self.ids)}


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
    disagreements: tuple[Disagreement | FilterDisagreement, ...] = ()

    def lines(self, width: int) -> Iterator[str]:
        yield f"{self.trait:{width}}  {self.verdict:10}  {self.reason or _MEANINGS[self.trait]}"
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
        findings: one for each trait; those of conversations, steps and groups only if the project has any.
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
        width = max(len(one.trait) for one in self.findings)
        for finding in self.findings:
            yield from finding.lines(width)
        if not self.is_covered:
            yield "\nno profile makes this server reliable: even `> 0` on root jobs differs from our counts"
