"""What a benchmark records for the report: how it compares with peers that ran in turn with it, and single figures.

Both go into ``benchmark.extra_info``, and from there into the JSON file that `tests.benchmarks.report` reads.
"""

from collections.abc import Mapping

from pytest_benchmark.fixture import BenchmarkFixture

__all__ = ["record_figure", "record_ratios"]


def record_ratios(
    benchmark: BenchmarkFixture,
    what: str,
    times_s: Mapping[str, float],
    *,
    goals: Mapping[str, float] | None = None,
    in_plot: bool = False,
) -> None:
    """Record how many times longer each peer took than we did.

    Args:
        benchmark: where to.
        what: the work that all of them did.
        times_s: of ours, which comes first, and of its peers, by name, in seconds.
        goals: the ratios that we mean to reach, by peer, where there is one; below 1 where we may be slower.
        in_plot: whether the plot shows them, or the table alone.
    """
    (_, ours), *peers = times_s.items()
    unknown = set(goals or ()) - {peer for peer, _ in peers}
    assert not unknown, f"goals for no peer: {unknown}"
    rows = benchmark.extra_info.setdefault("ratios", [])
    for peer, time_s in peers:
        goal = (goals or {}).get(peer)
        rows.append({"what": what, "peer": peer, "ratio": time_s / ours, "goal": goal, "in_plot": in_plot})


def record_figure(benchmark: BenchmarkFixture, what: str, value: float, unit: str, *, at_most: float | None) -> None:
    """Record a figure that has no peer, with the limit that it should stay under, if there is one."""
    figures = benchmark.extra_info.setdefault("figures", [])
    figures.append({"what": what, "value": value, "unit": unit, "at_most": at_most})
