"""What the benchmarks recorded, as a table of ratios and as a plot. `make bench` runs it after them.

A ratio is the time of a peer over ours, both of one run on one machine: above 1 we are faster.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import matplotlib as mpl
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

__all__ = ["Measure", "Ratio", "draw", "read", "render", "save"]

FASTER, SLOWER, GOAL = "#2f6f9f", "#b3b9c2", "#c8452f"


@frozen
class Ratio:
    """How many times longer a peer took for the same work."""

    what: str
    peer: str
    ratio: float
    goal: float | None
    in_plot: bool

    @property
    def is_met(self) -> bool:
        return self.goal is None or self.ratio >= self.goal


@frozen
class Measure:
    """A figure without a peer, and the limit that it should stay under."""

    what: str
    value: float
    unit: str
    at_most: float | None

    @property
    def is_met(self) -> bool:
        return self.at_most is None or self.value <= self.at_most


def read(path: Path) -> tuple[list[Ratio], list[Measure]]:
    """What is recorded in a file of ``pytest --benchmark-json``, in the order of the tests."""
    recorded = [one["extra_info"] for one in json.loads(path.read_text("utf-8"))["benchmarks"]]
    ratios = [Ratio(**row) for info in recorded for row in info.get("ratios", ())]
    return ratios, [Measure(**row) for info in recorded for row in info.get("figures", ())]


def render(ratios: Iterable[Ratio], figures: Iterable[Measure]) -> str:
    """Two tables, as text.

    >>> print(render([Ratio("parse", "a peer", 12.34, 6, True)], [Measure("import", 71.2, "ms", 100)]))
    what   peer    peer / ours  goal
    parse  a peer           12  >= 6  met
    <BLANKLINE>
    what    figure  limit
    import   71 ms  <= 100  met
    """
    compared = [(one.what, one.peer, _short(one.ratio), *_goal(">=", one.goal, is_met=one.is_met)) for one in ratios]
    alone = [
        (one.what, f"{_short(one.value)} {one.unit}", *_goal("<=", one.at_most, is_met=one.is_met)) for one in figures
    ]
    tables = [
        _table([("what", "peer", "peer / ours", "goal", ""), *compared], right=2),
        _table([("what", "figure", "limit", ""), *alone], right=1),
    ]
    return "\n\n".join(tables)


def _goal(sign: str, goal: float | None, *, is_met: bool) -> tuple[str, str]:
    return ("", "") if goal is None else (f"{sign} {goal:g}", "met" if is_met else "MISSED")


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"


def _table(rows: Sequence[tuple[str, ...]], right: int) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if index == right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def draw(ratios: Iterable[Ratio]) -> Figure:
    """One bar for each ratio that the plot shows, below the name of its work, and a mark at its goal."""
    rows: list[tuple[str, Ratio | None]] = []
    for what, group in groupby((one for one in ratios if one.in_plot), key=lambda one: one.what):
        rows += [(what, None), *((one.peer, one) for one in group)]
    bars = [(place, one) for place, (_, one) in enumerate(rows) if one is not None]
    figure = Figure(figsize=(9, 1 + 0.21 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    _draw_bars(axes, bars)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    for label, (_, one) in zip(axes.get_yticklabels(), rows, strict=True):
        label.set(fontsize=8.5, color="#444444" if one else "black", fontweight="normal" if one else "bold")
    axes.set_ylim(len(rows) - 0.3, -0.7)  # the first on top
    _dress(axes, [one.ratio for _, one in bars])
    return figure


def _draw_bars(axes: Axes, bars: Sequence[tuple[int, Ratio]]) -> None:
    for place, one in bars:
        is_faster = one.ratio >= 1
        # A bar starts at 1, where both take the same time.
        axes.barh(place, one.ratio - 1, left=1, height=0.74, color=FASTER if is_faster else SLOWER)
        axes.annotate(
            f"{_short(one.ratio)}×",
            (max(one.ratio, one.goal or 0) if is_faster else one.ratio, place),
            (6 if is_faster else -4, 0),
            textcoords="offset points",
            va="center",
            ha="left" if is_faster else "right",
            fontsize=8,
        )
        if one.goal is not None:
            axes.plot([one.goal] * 2, [place - 0.42, place + 0.42], color=GOAL, linewidth=2)


def _dress(axes: Axes, values: Sequence[float]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(min([0.5, *values]) / 1.8, max([2, *values]) * 1.8)
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200) if min([0.5, *values]) <= tick]
    axes.set_xticks([tick for tick in ticks if tick <= max([2, *values])])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}×")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(axis="x", labelsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e4e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.axvline(1, color="black", linewidth=1)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel("time of the peer / time of kili-query, in one run (log scale)")
    handles = [Patch(color=FASTER), Patch(color=SLOWER), Line2D([], [], color=GOAL, linewidth=2)]
    axes.figure.legend(handles, ["faster", "slower", "goal"], loc="outside upper right", ncols=3, frameon=False)


def save(figure: Figure, to: Path) -> list[Path]:
    """Write the plot as PNG and as SVG; the same ratios always give the same SVG."""
    paths = [to.with_suffix(suffix) for suffix in (".png", ".svg")]
    with mpl.rc_context({"svg.hashsalt": "kili-query"}):
        figure.savefig(paths[0], dpi=150, facecolor="white")
        figure.savefig(paths[1], facecolor="white", metadata={"Date": None})
    return paths


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="what the benchmarks recorded, as a table and as a plot")
    parser.add_argument("results", type=Path, help="what `pytest --benchmark-json` wrote")
    parser.add_argument("--plot", type=Path, help="where to write the plot, without .png and .svg")
    options = parser.parse_args(arguments)
    ratios, figures = read(options.results)
    print(render(ratios, figures))
    if options.plot is not None:
        print("\nplot:", *save(draw(ratios), options.plot))


if __name__ == "__main__":
    main()
