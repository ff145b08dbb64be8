"""What a cache lets expect of a search: its counts are exact, and so are the calls that a real server gets."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.cache import Expected, LabelCache
from kili_query.client import KiliClient
from kili_query.errors import ArgumentError, CacheError
from kili_query.planning import STRICT_PROFILE
from kili_query.sandbox import Sandbox
from kili_query.statistics import Statistics
from tests.sandbox.boxes import write_project
from tests.sandbox.test_searching import content
from tests.strategies import contents, malformed_contents, trees
from tests.work import lines_run


def cached(folder: Path, held: list[Any], **more: Any) -> LabelCache:
    cache = LabelCache(folder)
    cache.load([{"id": f"l{number}", "jsonResponse": one} for number, one in enumerate(held)], **more)
    return cache


class TestNumbers:
    """Over labels of any shape, and queries of any kind."""

    @settings(max_examples=10)  # each asks for several queries, all of which are planned four times
    @given(st.data())
    def test_against_exact_counts(self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
        held = data.draw(st.lists(contents() | malformed_contents() | st.none(), min_size=1, max_size=5))
        cache = cached(tmp_path_factory.mktemp("cache") / "cache", held)
        statistics = cache.statistics()
        known = [one for one in held if is_counted(one)]
        assert statistics == Statistics.of_contents(known)
        for tree in data.draw(st.lists(trees(), min_size=2, max_size=3)):
            query = kq.Query(tree, None)
            found, exact = cache.expected(query), cache.count_labels(category_search=query)
            assert found.matches in (None, exact)
            assert exact <= found.most <= found.n_labels == len(held)
            assert 0 <= found.estimate <= found.most
            assert found.n_unknown == len(held) - statistics.n_labels == len(held) - len(known)
            assert exact <= found.returned <= found.n_labels
            json.dumps(found.to_dict())

    def test_one_counter_is_estimated_exactly(self, tmp_path: Path) -> None:
        random = Random(1)
        cache = cached(tmp_path / "c", [content(random, "IMAGE") for _ in range(60)])
        for text in ("OBJECTS.CAR", "OBJECTS.CAR.count < 2", "SCENE.INDOOR.count == 0", "OBJECTS.NONE.count >= 0"):
            found = cache.expected(text)
            assert found.estimate == found.matches == found.returned == cache.count_labels(category_search=text)


def is_counted(one: object) -> bool:
    try:
        kq.counting.count(one)
    except kq.errors.LabelError:
        return False
    return True


class Demand:
    """Two servers of the same 130 labels, one of a video project, and caches of both."""

    project = "p"

    def __init__(self, folder: Path) -> None:
        boxes = [
            {"mid": "1", "categories": [{"name": "CAR"}], "children": {"COLOR": {"categories": [{"name": "RED"}]}}}
        ]
        held = [{"OBJECTS": {"annotations": boxes}} if n % 9 else {} for n in range(130)]
        labels = [{"id": f"l{n}", "assetId": f"a{n}", "jsonResponse": one} for n, one in enumerate(held)]
        self.boxes: dict[str, Sandbox] = {}
        self.caches: dict[str, LabelCache] = {}
        for kind in ("IMAGE", "VIDEO"):
            place = write_project(folder / kind, labels, inputType=kind)
            self.boxes[kind] = Sandbox(project=place)
            self.caches[kind] = LabelCache(folder / f"{kind} cache")
            self.caches[kind].load(place / "labels.ndjson", ontology=place / "project.json")

    def expected(self, kind: str, text: str) -> Expected:
        return self.caches[kind].expected(text)

    def sent(self, kind: str, ask: Any) -> list[str]:
        """The operations that a new client sends."""
        box = self.boxes[kind]
        with KiliClient(box.api_key, box.endpoint, calls_per_minute=None) as client:
            before = len(box.faults.seen)
            ask(client)
        return [one.operations[0] for one in box.faults.seen[before:]]


@pytest.fixture(scope="module")
def demand(tmp_path_factory: pytest.TempPathFactory) -> Any:
    found = Demand(tmp_path_factory.mktemp("demand"))
    with found.boxes["IMAGE"], found.boxes["VIDEO"]:
        yield found


@pytest.mark.filterwarnings("ignore:the service cannot answer all")
@pytest.mark.parametrize("input_type", ["IMAGE", "VIDEO"])
@pytest.mark.parametrize(
    "text",
    [
        "OBJECTS.CAR",  # more labels than a page holds
        "OBJECTS.CAR.count >= 0",  # no filter: all labels
        "OBJECTS.CAR.count > 900",  # none
        "OBJECTS.CAR.count > 2 AND OBJECTS.CAR.count < 2",  # never
        "OBJECTS.CAR[COLOR.RED]",  # with a rest, for which contents are read
    ],
)
def test_a_server_gets_the_expected_calls(demand: Demand, input_type: str, text: str) -> None:
    found = demand.expected(input_type, text)
    for cost, ask in (
        (found.count, lambda client: client.count_labels(demand.project, category_search=text)),
        (found.ids, lambda client: client.labels(demand.project, category_search=text, fields=["id"])),
        (found.labels, lambda client: client.labels(demand.project, category_search=text)),
    ):
        operations = demand.sent(input_type, ask)
        assert len(operations) == cost.calls
        assert operations.count("labels") == cost.pages


def test_a_profile_and_filters(tmp_path: Path) -> None:
    cache = LabelCache(tmp_path / "c")
    two = {"J": {"categories": [{"name": "A"}]}, "K": {"categories": [{"name": "B"}]}}
    kinds = ["DEFAULT", "REVIEW", "REVIEW", "DEFAULT"]
    held = [{}, two, {"K": two["K"]}, None]
    cache.load(
        [
            {"id": str(n), "labelType": kind, "jsonResponse": one}
            for n, (kind, one) in enumerate(zip(kinds, held, strict=True))
        ]
    )
    found = cache.expected("NOT J.A")
    assert (found.n_labels, found.n_unknown, found.matches, found.returned) == (4, 1, 2, 2)
    strict = cache.expected("NOT J.A", profile=STRICT_PROFILE)
    assert (strict.matches, strict.returned, strict.count.has_contents) == (2, 4, True)
    reviews = cache.expected("K.B", type_in=["REVIEW"])
    assert (reviews.n_labels, reviews.n_unknown, reviews.matches) == (2, 0, 2)
    assert cache.statistics(type_in=["REVIEW"]).n_labels == 2
    assert "1 label without a known content: the server may find them" in str(found)


def test_versions(tmp_path: Path) -> None:
    empty = LabelCache(tmp_path / "c").expected("J.A")
    assert (empty.version, empty.written, empty.matches, empty.count.calls) == (None, None, 0, 2)
    assert str(empty).endswith("c, which is empty")
    cache = cached(tmp_path / "c", [{"J": {"categories": [{"name": "A"}]}}], ontology=None)
    assert cache.expected("J.A").written == cache.versions[-1].written
    cache.load([{"id": "more", "jsonResponse": {"J": {"categories": [{"name": "A"}]}}}])
    assert cache.expected("J.A").matches == 2
    first = cache.at(0).expected("J.A")
    assert (first.version, first.matches) == (0, 1)
    assert f"version 0 of {tmp_path / 'c'}, written {first.written:%Y-%m-%d %H:%M} UTC" in str(first)
    with pytest.raises(ArgumentError, match="must be a text"):
        cache.expected(3)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(CacheError, match="no version"):
        cache.at(99)


def test_videos_that_are_counted_in_another_way(tmp_path: Path) -> None:
    cache = LabelCache(tmp_path / "c", video="frames")
    cache.load([{"id": "l", "jsonResponse": {}}])
    assert "objects of videos are counted as `frames` there, and the server may differ" in str(cache.expected("J.A"))


def test_what_decides_most_is_read_first(tmp_path: Path) -> None:
    """A condition on children is read for few labels only, where a plain counter decides beside it."""
    child = {"COLOR": {"categories": [{"name": "RED"}]}}
    boxes = [{"mid": str(n), "categories": [{"name": "CAR"}], "children": child} for n in range(12)]
    held = [{"OBJECTS": {"annotations": boxes}, "SCENE": {"categories": [{"name": "DAY"}]}} for _ in range(30)]
    cache = cached(tmp_path / "c", held)
    alone, either = "OBJECTS.CAR[COLOR.RED].count > 11", "OBJECTS.CAR[COLOR.RED].count > 11 OR SCENE.DAY"
    work = []
    for text in (alone, either):
        search = cache._search(None, {}, text)
        assert search.plan is not None
        matches = search._judge(search.plan)
        assert matches is not None
        work.append(lines_run(lambda matches=matches: [matches(one) for one in held]))  # type: ignore[misc]
        assert cache.count_labels(category_search=text) == 30
    assert work[1] * 5 < work[0]
