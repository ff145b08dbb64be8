"""`kili-query histogram`."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from kili_query.cli.histogram import draw
from kili_query.statistics import Bin, bins_of
from tests.cli.alone import labels_alone  # noqa: F401 - the fixture `labels`
from tests.cli.running import Ran, Run


def test_bars(run: Run, labels: Path, project: Path, golden: Callable[[str, str], None]) -> None:
    ran = run("histogram", labels, "--ontology", project, "--category", "CA*")
    assert (ran.status, ran.err) == (0, "34 read: 34 counted, 0 unknown, 0 malformed\n")
    golden("cli/histogram.txt", ran.out.removesuffix("\n"))


def test_all_that_labels_hold(run: Run, labels: Path) -> None:
    every = json.loads(run("histogram", labels, "--json").out)
    counted = json.loads(run("count", labels, "--json").out)
    assert [(one["job"], one["category"], one["objects"]) for one in every["histograms"]] == [
        (one["job"], one["category"], one["objects"]) for one in counted["counters"]
    ]
    for one in every["histograms"]:
        assert sum(each["labels"] for each in one["bins"]) == every["labels"]
        assert one["bins"][0] == {"from": 0, "to": 0, "labels": every["labels"] - one["labels"]}


def names(ran: Ran) -> list[str]:
    return [f"{one['job']}.{one['category']}" for one in json.loads(ran.out)["histograms"]]


def test_selection(run: Run, labels: Path, project: Path) -> None:
    ontology = ("--ontology", project, "--json")
    assert names(run("histogram", labels, "--job", "CROWDED", "--json")) == ["CROWDED.NO", "CROWDED.YES"]
    assert names(run("histogram", labels, "--category", "PERSON", "--json")) == ["OBJECTS.PERSON", "SCENE.PERSON"]
    assert names(run("histogram", labels, "--job", "*", "--category", "CAR*", "--json")) == [
        "OBJECTS.CAR",
        "OBJECTS.CARROT",
    ]
    assert names(run("histogram", labels, "--category", "traffic light", *ontology)) == ["OBJECTS.TRAFFIC_LIGHT"]
    assert names(run("histogram", labels, "--category", "AIR*", *ontology)) == ["OBJECTS.AIRPLANE"]
    ran = run("histogram", labels, "--job", "OBJECTS", "--category", "PERSN", "--ontology", project)
    assert (ran.status, ran.out) == (2, "")
    assert "did you mean `PERSON`?" in ran.err
    for slip in ("PERSN", "Person", "PERSN*"):
        ran = run("histogram", labels, "--job", "OBJECTS", "--category", slip)
        assert (ran.status, ran.out) == (2, "")
        assert "no label holds it" in ran.err
        assert ("did you mean `PERSON`?" in ran.err) == (slip != "PERSN*")
    assert names(run("histogram", labels, "--job", "SCENE", "--category", "SPORTS", *ontology)) == ["SCENE.SPORTS"]


def test_nothing_to_draw(run: Run, odd_labels: Path) -> None:
    ran = run("histogram", odd_labels, "--job", "K")
    assert (ran.status, ran.out) == (2, "")
    assert "no label holds it: unknown job `K`" in ran.err
    ran = run("histogram", "-", "--job", "A", "--category", "B")
    assert (ran.status, ran.out) == (0, "nothing to draw: there is no label\n")


def test_plain_bars_where_blocks_cannot_be_shown(run: Run, labels: Path) -> None:
    ran = run("histogram", labels, "--job", "CROWDED", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert "0  ###" in ran.out


@pytest.mark.parametrize("most", [0, 1, 10, 11, 20, 21, 50, 51, 100, 101, 2**31 - 1])
def test_bins_hold_every_number_once(most: int) -> None:
    bins = bins_of(Counter({most: 2} if most else {}), 5)
    assert bins[0].first == 0
    assert all(left.last + 1 == right.first for left, right in pairwise(bins))
    assert bins[-1].first <= most <= bins[-1].last
    assert sum(one.labels for one in bins) == 5


def test_ranges_widen() -> None:
    assert [str(one) for one in bins_of(Counter({700: 1}), 1)][10:] == [
        "10",
        "11-20",
        "21-50",
        "51-100",
        "101-200",
        "201-500",
        "501-1000",
    ]


def test_a_single_label_among_many_is_seen() -> None:
    assert draw([Bin(0, 0, 10**6), Bin(1, 1, 1)], 20, "#").splitlines()[1] == "1  # 1"


def test_a_narrow_terminal() -> None:
    assert draw([Bin(0, 0, 3)], 1, "#") == "0  # 3"
