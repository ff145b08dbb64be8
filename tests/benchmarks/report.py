"""What the benchmarks recorded, as a table of ratios and as a plot: ``python -m tests.benchmarks.report RESULTS --plot TO``.

A ratio is the time of a peer over ours, both of one run on one machine: above 1 we are faster.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl
from attrs import frozen
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

__all__ = ["Figures", "Ratio", "draw", "read", "render", "save"]

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
class Figures:
    """A figure without a peer, and the limit that it should stay under."""

    what: str
    value: float
    unit: str
    at_most: float | None

    @property
    def is_met(self) -> bool:
        return self.at_most is None or self.value <= self.at_most


def read(path: Path) -> tuple[list[Ratio], list[Figures]]:
    """What is recorded in a file of ``pytest --benchmark-json``, in the order of the tests."""
    recorded = [one["extra_info"] for one in json.loads(path.read_text("utf-8"))["benchmarks"]]
    ratios = [Ratio(**row) for info in recorded for row in info.get("ratios", ())]
    return ratios, [Figures(**row) for info in recorded for row in info.get("figures", ())]


def render(ratios: Iterable[Ratio], figures: Iterable[Figures]) -> str:
    """Two tables, as text.

    >>> print(render([Ratio("parse", "a peer", 12.34, 6, True)], [Figures("import", 71.2, "ms", 100)]))
    what   peer    peer / ours  goal
    parse  a peer         12.3  >= 6  met
    <BLANKLINE>
    what    figure  limit
    import   71 ms  <= 100  met
    """
    compared = [
        (one.what, one.peer, _short(one.ratio), *_goal(">=", one.goal, is_met=one.is_met)) for one in ratios
    ]
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
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


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


def draw(ratios: Sequence[Ratio]) -> Figure:
    """One bar for each ratio that the plot shows, under the name of its work, and a mark at its goal."""
    shown = [one for one in ratios if one.in_plot]
    places, titles, next_place, before = [], [], 0.0, None
    for one in shown:
        if one.what != before:
            titles.append((next_place + 0.1, one.what))
            next_place, before = next_place + 1, one.what
        places.append(next_place)
        next_place += 1
    figure = Figure(figsize=(9, 0.6 + 0.215 * next_place), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("log")
    values = [one.ratio for one in shown]
    colours = [FASTER if value >= 1 else SLOWER for value in values]
    # On a log scale a bar starts at 1, where both are equally fast, and goes either way.
    axes.barh(places, [value - 1 for value in values], left=1, height=0.76, color=colours)
    for place, one in zip(places, shown, strict=True):
        side = "left" if one.ratio >= 1 else "right"
        axes.annotate(
            f"{_short(one.ratio)}×", (one.ratio, place), (4 if side == "left" else -4, 0),
            textcoords="offset points", va="center", ha=side, fontsize=8,
        )  # fmt: skip
    goals = [(one.goal, place) for one, place in zip(shown, places, strict=True) if one.goal is not None]
    axes.scatter([goal for goal, _ in goals], [place for _, place in goals], marker="|", s=90, color=GOAL, zorder=3)
    axes.set_yticks(places, [one.peer for one in shown], fontsize=8)
    for place, title in titles:
        axes.text(-0.012, place, title, transform=axes.get_yaxis_transform(), ha="right", va="center",
                  fontsize=8.5, fontweight="bold")  # fmt: skip
    _dress(axes, values, next_place)
    return figure
