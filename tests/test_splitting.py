"""Parts of labels: their sizes, the shares of what matches, and that the same command gives the same parts."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kili_query as kq
from kili_query.errors import ArgumentError
from kili_query.splitting import Subset, split
from tests.each import for_each

PERSON, CAR = "OBJECTS.PERSON", "OBJECTS.CAR"


def label(number: int, *categories: str, asset: str | None = None) -> dict[str, Any]:
    annotations = [{"categories": [{"name": name}], "mid": str(at)} for at, name in enumerate(categories)]
    owner = f"asset{number}" if asset is None else asset
    return {"id": f"l{number}", "labelOf": {"id": owner}, "jsonResponse": {"OBJECTS": {"annotations": annotations}}}


LABELS = [label(n, *(["PERSON"] if n % 4 == 0 else []), *(["CAR"] if n % 3 == 0 else [])) for n in range(120)]


def test_parts_are_of_all_assets_and_share_none() -> None:
    train, val = split(LABELS, {"train": 0.8, "val": 0.2}).parts
    assert (len(train.assets), len(val.assets)) == (96, 24)
    assert not train.assets & val.assets
    assert sum(one in train for one in LABELS) == 96


def test_a_query_has_the_same_share_in_each_part() -> None:
    train, val = split(LABELS, {"train": 0.8, "val": 0.2}, by=[PERSON, CAR]).parts
    assert train.matching == {PERSON: 24, CAR: 24}
    assert val.matching == {PERSON: 6, CAR: 6}  # a car counts where there is no person


def test_wanted_shares() -> None:
    [part] = split(LABELS, {"part": 1}, by={PERSON: 0.5}).parts
    assert (len(part.assets), part.matching) == (60, {PERSON: 30})
    [part] = split(LABELS, {"part": 1}, by={PERSON: 0.5, CAR: 0.25}, size=40).parts
    assert (len(part.assets), part.matching) == (40, {PERSON: 20, CAR: 10})
    matches = kq.parse(PERSON).compile()
    assert sum(matches(one["jsonResponse"]) for one in LABELS if one in part) == 20


def test_the_order_of_labels_does_not_matter_and_the_seed_does() -> None:
    def names(labels: list[dict[str, Any]], seed: int) -> list[frozenset[str]]:
        return [part.assets for part in split(labels, {"a": 0.5, "b": 0.5}, by=[PERSON], seed=seed).parts]

    assert names(LABELS, 7) == names(LABELS[::-1], 7) != names(LABELS, 8)


def test_labels_of_one_asset_stay_together() -> None:
    labels = [label(n, "PERSON" if n % 2 else "CAR", asset=f"a{n // 2}") for n in range(20)]
    parts = split(labels, {"a": 0.5, "b": 0.5}, by=[PERSON]).parts
    assert [len(part.assets) for part in parts] == [5, 5]
    assert [sum(one in part for one in labels) for part in parts] == [10, 10]
    assert [part.matching for part in parts] == [{PERSON: 5}, {PERSON: 5}]


def test_labels_without_any_id_are_in_their_part() -> None:
    labels = [{"jsonResponse": one["jsonResponse"], "number": number} for number, one in enumerate(LABELS)]
    parts = split(labels, {"a": 0.5, "b": 0.5}, by=[PERSON]).parts
    assert [sum(one in part for one in labels) for part in parts] == [60, 60]
    again = split(labels[::-1], {"a": 0.5, "b": 0.5}, by=[PERSON]).parts
    assert [part.assets for part in again] == [part.assets for part in parts]


def test_what_cannot_be_judged_is_in_no_part_and_reported() -> None:
    parts, report = split([*LABELS[:4], {"id": "x", "labelOf": {"id": "x"}}], {"a": 1})
    assert (len(parts[0].assets), report.unknown) == (4, 1)


@given(
    held=st.lists(st.integers(0, 30), min_size=3, max_size=3),
    cuts=st.lists(st.sampled_from([0.1, 0.2, 0.25, 1 / 3]), min_size=1, max_size=3),
)
def test_any_numbers(held: list[int], cuts: list[float]) -> None:
    kinds = [kind for kind, number in zip(("PERSON", "CAR", ""), held, strict=True) for _ in range(number)]
    labels = [label(n, *([kind] if kind else [])) for n, kind in enumerate(kinds)]
    into = {str(n): share for n, share in enumerate(cuts)}
    parts: list[Subset] = split(labels, into, by=[PERSON, CAR]).parts
    assert not [name for name, number in Counter(name for part in parts for name in part.assets).items() if number > 1]
    for part, share in zip(parts, cuts, strict=True):
        assert abs(len(part.assets) - share * len(labels)) < 2
        assert abs(part.matching[PERSON] - share * held[0]) < 2


@for_each(
    [
        ({}, {}, "`into` must name a part"),
        ({"a": 0.0}, {}, "the share of `a` must be above 0 to 1, not 0.0"),
        ({"a": 0.7, "b": 0.7}, {}, "the shares are 1.4 together"),
        ({"a": 1}, {"by": {PERSON: float("nan")}}, "must be 0 to 1, not nan"),
        ({"a": 1}, {"by": {PERSON: 0.5}, "size": 61}, "can be 60 at most, not 61: of 120 assets, 30 match"),
        ({"a": 1}, {"size": 121}, "`size` can be 120 at most"),
        ({"a": 1}, {"size": 0}, "`size` must be 1 or more"),
    ]
)
def test_impossible_wishes(row: tuple[dict[str, float], dict[str, Any], str]) -> None:
    into, options, reason = row
    with pytest.raises(ArgumentError, match=reason):
        split(LABELS, into, **options)


def test_a_bad_query_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(kq.QueryError):
        split(LABELS, {"a": 1}, by=["OBJECTS..X"])
    with pytest.raises(kq.SourceError):
        split(tmp_path / "nowhere.ndjson", {"a": 1})
