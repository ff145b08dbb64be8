"""What a search would find and cost if it were sent to the service, by the labels of a cache."""

from datetime import datetime

from attrs import asdict, evolve, frozen

from kili_query.ast import Constant, counters
from kili_query.cache.search import Search
from kili_query.client.cost import Cost, cost_of_count, cost_of_list, grouped
from kili_query.errors import ArgumentError
from kili_query.ontology import VideoPolicy
from kili_query.planning import ServerProfile
from kili_query.syntax import lower
from kili_query.targets.column_names import column_name


@frozen(kw_only=True)
class Expected:
    """The numbers that are expected of a search. All are of one version of a cache, and labels may have changed since.

    Attributes:
        folder: the folder of the cache.
        version: the version; None for an empty folder.
        written: when it was written, by the clock of that machine; None for an empty folder.
        synced_at: when the last sync of a project ended, in ISO 8601; None for labels from files.
        n_labels: number of labels that the filters leave.
        n_unknown: those of them without a known content. The service may find them; no number here has them, except
            that of a search that asks the service for all labels.
        video: how objects of videos are counted in the cache. The service counts ``"objects"``.
        matches: number of labels that match, counted in the columns; None if counts do not decide.
        estimate: number of labels that match, estimated from the histogram of each counter. It is exact for a
            comparison of one counter, and otherwise takes counters for independent.
        most: number of labels that the columns do not rule out; the estimate is not larger.
        returned: number of labels that meet the part that the service is asked, counted in the columns.
        count: the cost of `KiliClient.count_labels`.
        ids: the cost of `KiliClient.labels` for fields without ``jsonResponse``.
        labels: the cost of `KiliClient.labels` for fields with ``jsonResponse``.
    """

    folder: str
    version: int | None
    written: datetime | None
    synced_at: str | None
    n_labels: int
    n_unknown: int
    video: VideoPolicy
    matches: int | None
    estimate: int
    most: int
    returned: int
    count: Cost
    ids: Cost
    labels: Cost

    def __str__(self) -> str:
        lines = [
            f"matches   {self._matches()}",
            f"returned  {self.returned:,} of {grouped(self.n_labels, 'label')} meet what the server is asked",
            f"to count  {self.count}",
            f"ids       {self.ids}",
            f"labels    {self.labels}",
            f"as of     {self._snapshot()}",
        ]
        if self.n_unknown:
            lines.append(
                f"          {grouped(self.n_unknown, 'label')} without a known content: the server may find them"
            )
        if self.video != "objects":
            lines.append(f"          objects of videos are counted as `{self.video}` there, and the server may differ")
        return "\n".join(lines)

    def _matches(self) -> str:
        if self.matches is not None:
            return f"{self.matches:,}, counted in the columns of the cache (estimated: {self.estimate:,})"
        return f"about {self.estimate:,}, estimated, and at most {self.most:,}: counts do not decide all of the query"

    def _snapshot(self) -> str:
        if self.version is None or self.written is None:
            return f"{self.folder}, which is empty"
        synced = "" if self.synced_at is None else f", synced {self.synced_at[:16].replace('T', ' ')} UTC"
        return f"version {self.version} of {self.folder}, written {self.written:%Y-%m-%d %H:%M} UTC{synced}"

    def to_dict(self) -> dict[str, object]:
        """Return the same as JSON has it."""
        written = None if self.written is None else self.written.isoformat()
        return {**asdict(self), "written": written, "is_counted": self.matches is not None}


def expected(search: Search, profile: ServerProfile) -> Expected:
    """Return what a search would find and cost if the client sent it to the service.

    Args:
        search: a search of a cache, with a query.
        profile: which of the service's searches are reliable.

    Raises:
        ArgumentError: the search has no query.
        CacheError: a file cannot be read.
    """
    query, own = search.query, search.plan
    if query is None or own is None:
        raise ArgumentError("a search without a query is not planned: give one")
    plan = query.plan(search.ontology, profile=profile)
    statistics = search.statistics([column_name(one.job, one.category) for one in counters(lower(query.tree))])
    n_labels = evolve(search, query=None).count()
    most = search.count_candidates()
    asks_all = plan.cut.pushed == Constant(True)
    returned = n_labels if asks_all else evolve(search, query=plan.pushed).count_candidates()
    estimate = round(statistics.estimate(query.tree) * statistics.n_labels)
    tables, input_type = search.tables, None if search.ontology is None else search.ontology.input_type
    return Expected(
        folder=str(tables.folder),
        version=tables.version,
        written=tables.written,
        synced_at=tables.state.synced_at,
        n_labels=n_labels,
        n_unknown=n_labels - statistics.n_labels,
        video=tables.state.video,
        matches=most if own.is_exact else None,
        estimate=min(estimate, most),
        most=most,
        returned=returned,
        count=cost_of_count(returned, input_type, is_exact=plan.is_exact, is_never=plan.never),
        ids=cost_of_list(returned, input_type, has_contents=not plan.is_exact, is_never=plan.never),
        labels=cost_of_list(returned, input_type, has_contents=True, is_never=plan.never),
    )
