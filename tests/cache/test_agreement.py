"""The cache, the service (a sandbox, through the client) and the reference agree: on labels, order and counts."""

import json
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.cache import LabelCache
from kili_query.cache.columns import LABEL_FIELDS
from kili_query.client import KiliClient
from kili_query.counting import CountPolicy
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology
from kili_query.sandbox import Sandbox
from tests import reference
from tests.dense import World
from tests.sandbox.boxes import INTERFACE, write_project
from tests.sandbox.test_searching import content, searches
from tests.strategies import contents, malformed_contents, named_by, ontologies, policies, trees, video_contents
from tests.test_cases import JUDGED, ids, ontology_of, read

PEOPLE = [
    {"id": "u1", "email": "ann@x.org", "firstname": "Ann", "lastname": "Lee"},
    {"id": "u2", "email": "bo@x.org", "firstname": "Bo", "lastname": ""},
    {"id": "u3", "email": "zoé@x.org", "firstname": "Zoé Ann", "lastname": "Lee"},
]
TIMES = [
    "2023-12-31T23:59:59.999Z",
    "2024-01-01T00:00:00Z",
    "2024-01-01T08:30:00.500Z",
    "2024-01-01T08:30:00+02:00",
    "2024-01-31T12:00:00Z",
    "2024-02-29T23:59:59.001Z",
]
DATES = ["2023", "2024", "2024-01", "2024-01-01", "2024-02-29", "2023-12-31", "2025-01-01"]
FILES = ["a b/1.jpg", "A B/1.jpg", "100%.png", "x_y", 'quo"te', "it's", "né\n2", "%25", "[a-c]*.(jpg)", ""]
TYPES = ["DEFAULT", "REVIEW", "PREDICTION", "AUTOSAVE"]
STATES = ["TODO", "ONGOING", "LABELED", "REVIEWED"]
MARKS = [None, 0.0, 0.25, 0.5, 1.0]


def labels_of(random: Random, contents: list[object]) -> list[dict[str, Any]]:
    """One label for each content, with random fields."""
    files = random.sample(FILES[:-1], 5)
    states = {name: random.choice(STATES) for name in files}
    made = []
    for number, one in enumerate(contents):
        name = random.choice(files)
        made.append(
            {
                "id": f"l{random.randrange(1000):03d} {number}",
                "labelOf": {"id": f"asset {name}", "externalId": name, "status": states[name]},
                "author": random.choice(PEOPLE),
                "createdAt": random.choice(TIMES),
                "labelType": random.choice(TYPES),
                "modelName": random.choice([None, "yolo"]),
                "secondsToLabel": random.choice([0, 7, 2.5]),
                "isLatestLabelForUser": random.choice([True, False]),
                "honeypotMark": random.choice(MARKS),
                "jsonResponse": json.dumps(one) if random.random() < 0.3 else one,
            }
        )
    return made


def filters_of(random: Random, labels: list[dict[str, Any]]) -> dict[str, Any]:
    """Random filters, most of which leave something."""
    some = random.choice(labels)
    among = {
        "asset_id": some["labelOf"]["id"],
        "asset_status_in": random.sample(STATES, 2),
        "asset_external_id_in": random.sample(["1", "%", "_", "A", "é\n", '"', "'", "[", "\\", "*"], 3),
        "asset_external_id_strictly_in": random.sample(FILES, 4),
        "author_in": random.sample(["Ann", "Lee", "Bo", "Bo ", "Ann Lee", "Zoé Ann Lee", "", "ann"], 2),
        "created_at": random.choice(DATES),
        "created_at_gte": random.choice(DATES),
        "created_at_lte": random.choice(DATES),
        "honeypot_mark_gte": random.choice(MARKS),
        "honeypot_mark_lte": random.choice(MARKS),
        "id_contains": random.choice([[], [some["id"], "nobody", labels[0]["id"]]]),
        "label_id": random.choice([some["id"], "", None]),
        "user_id": random.choice(["u1", "u2", "nobody", ""]),
        "type_in": random.sample(TYPES, 3),
    }
    return {name: among[name] for name in random.sample(list(among), random.choice([0, 0, 1, 1, 2]))}


@frozen
class Pair:
    """A service and a cache of its labels."""

    client: KiliClient
    cache: LabelCache
    project: str

    def refusals(self, query: kq.Query) -> str:
        """What both say of a query that cannot be asked."""
        told = []
        for asked in (self.client, self.cache):
            with pytest.raises(kq.QueryError) as caught:
                asked.labels(self.project, category_search=query)
            told.append(str(caught.value))
        assert told[0] == told[1]
        return told[0]

    def agree(self, query: object, random: Random, filters: dict[str, Any]) -> list[str]:
        """The ids of the labels that both find; they agree on their fields, on pages and on counts too."""
        fields = ["id", *random.sample(LABEL_FIELDS, 5)]
        asked: dict[str, Any] = {"category_search": query, **filters}
        told = f"{query!s} {filters}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of labels whose content is unknown
            served = self.client.labels(self.project, fields=fields, disable_tqdm=True, **asked)
            counted = self.client.count_labels(self.project, **asked)
            skip, first = random.randint(0, 3), random.randint(0, 4)
            page = self.client.labels(self.project, fields=["id"], skip=skip, first=first, disable_tqdm=True, **asked)
        assert self.cache.labels(self.project, fields=fields, **asked) == served, told
        assert self.cache.count_labels(self.project, **asked) == counted == len(served), told
        assert self.cache.labels(self.project, fields=["id"], skip=skip, first=first, **asked) == page, told
        assert page == [{"id": one["id"]} for one in served][skip : skip + first], told
        return [one["id"] for one in served]


@contextmanager
def pair_of(
    folder: Path,
    labels: list[dict[str, Any]],
    ontology: dict[str, Any],
    input_type: str = "IMAGE",
    *,
    has_feed: bool = True,
) -> Iterator[Pair]:
    write_project(folder / "project", labels, jsonInterface=ontology, inputType=input_type)
    with (
        Sandbox(project=folder / "project", has_feed=has_feed) as box,
        KiliClient(box.api_key, box.endpoint, calls_per_minute=None, on_malformed="skip") as client,
    ):
        cache = LabelCache(folder / "cache")
        cache.sync(client, box.project_id, disable_tqdm=True)
        yield Pair(client, cache, box.project_id)


def has_known_difference(query: kq.Query, ontology: Ontology, *, has_malformed: bool) -> bool:
    """Whether the client may list labels besides, which cannot be counted in full.

    It sends no search for a query that is always true, and judges the rest of a query without reading all of a label.
    """
    plan = query.plan(ontology)
    return not plan.never and ((has_malformed and plan.residual is not None) or plan.server_filter is None)


def found_by(cache: LabelCache, query: kq.Query | None, **filters: Any) -> list[str]:
    """The ids of the labels that a cache finds, as many as it counts."""
    found = [one["id"] for one in cache.labels(category_search=query, fields=["id"], **filters)]
    assert len(found) == cache.count_labels(category_search=query, **filters)
    return found


def countable(labels: list[dict[str, Any]], ontology: Ontology) -> dict[str, object]:
    """The contents of those labels that can be counted; others are never found."""
    found = {}
    for label in labels:
        content = label["jsonResponse"]
        try:
            content = json.loads(content) if isinstance(content, str) else content
            reference.count(content, ontology=ontology)
        except (ValueError, UnknownContentError, MalformedLabelError):
            continue
        found[label["id"]] = content
    return found


@pytest.mark.parametrize("seed", range(4))
def test_cache_service_and_reference(tmp_path: Path, seed: int) -> None:
    """Projects with child jobs, poses and labels that disobey them."""
    random = Random(seed)
    world = World(seed)
    has_malformed = seed % 2 == 0
    broken: list[object] = [None, {}, *([{"J": 3}, {"J": {"annotations": {}}}] if has_malformed else ())]
    held: list[object] = [world.label(obeys=random.random() < 0.6) for _ in range(40)]
    held[10:10] = broken
    labels = labels_of(random, held)
    contents = countable(labels, world.ontology)
    sizes, n_asked = set(), 0
    with pair_of(tmp_path, labels, world.ontology.to_json_interface()) as pair:
        while n_asked < 6:
            query, filters = kq.parse(world.query()), filters_of(random, labels)
            if any(one.severity == "error" for one in kq.check(query, world.ontology)):
                assert pair.refusals(query)
                continue
            n_asked += 1
            among = set(pair.agree(None, random, filters))
            if has_known_difference(query, world.ontology, has_malformed=has_malformed):
                found = found_by(pair.cache, query, **filters)
            else:
                found = pair.agree(query, random, filters)
            tree = query.bind(world.ontology).tree
            wanted = {key for key, one in contents.items() if reference.matches(tree, one, ontology=world.ontology)}
            assert set(found) == wanted & among, f"{query} {filters}"
            sizes.add(len(found))
    assert len(sizes) > 2


@pytest.mark.parametrize(("input_type", "has_feed"), [("IMAGE", True), ("VIDEO", False)])
def test_after_changes(tmp_path: Path, input_type: str, *, has_feed: bool) -> None:
    """Labels are added, overwritten, changed and deleted between syncs, with categories that the project lacks."""
    random = Random(input_type)
    labels = labels_of(random, [content(random, input_type) for _ in range(30)])
    sizes = set()
    with pair_of(tmp_path, labels, INTERFACE, input_type, has_feed=has_feed) as pair:
        client, made = pair.client, [""]
        assets = [one["id"] for one in client.assets(pair.project, fields=["id"])]
        for _ in range(3):
            chosen = random.sample(assets, 3)
            contents = [content(random, input_type), content(random, input_type), {"SCENE": {"categories": []}}]
            for kind, overwrite in (("PREDICTION", False), ("PREDICTION", True), ("DEFAULT", False)):
                named = {"model_name": "m"} if kind == "PREDICTION" else {}
                rows = client.append_labels(
                    chosen, json_response_array=contents, label_type=kind, overwrite=overwrite, **named
                )
                if overwrite:
                    made += [str(one["id"]) for one in rows]
            some = random.choice([one["id"] for one in client.labels(pair.project, fields=["id"])])
            client.update_properties_in_label(label_id=some, json_response=content(random, input_type))
            left = client.labels(pair.project, id_contains=made, type_in=["PREDICTION"], fields=["id"])
            client.delete_labels([left[0]["id"]])
            pair.cache.sync(client, pair.project)
            assert pair.agree(None, random, {})
            for search in islice(searches(random), 5):
                sizes.add(len(pair.agree(search, random, filters_of(random, labels))))
    assert len(sizes) > 5


class TestRandomLabels:
    """Labels of any shape, for which the cache and the reference are enough; many queries, as writing takes longest."""

    @settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_cache_and_reference(self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
        shape = st.one_of(contents(), video_contents(), malformed_contents())
        held = data.draw(st.lists(shape, min_size=1, max_size=6))
        ontology = data.draw(st.none() | ontologies())
        policy = data.draw(policies)
        cache = LabelCache(tmp_path_factory.mktemp("cache") / "cache", video=policy.video)
        cache.load([{"id": str(n), "jsonResponse": one} for n, one in enumerate(held)], ontology=ontology)
        for tree in data.draw(st.lists(trees(), min_size=4, max_size=6)):
            named = tree if ontology is None else named_by(tree, ontology, len(held))
            query = kq.Query(named, None)
            try:
                bound = query if ontology is None else query.bind(ontology)
            except kq.QueryError:
                continue
            wanted = [str(n) for n, one in enumerate(held) if is_found(bound, one, ontology, policy)]
            assert found_by(cache, query) == wanted, f"{query}"


def is_found(query: kq.Query, content: object, ontology: Ontology | None, policy: CountPolicy) -> bool:
    """Whether a label can be counted in full, and matches."""
    try:
        reference.count(content, ontology=ontology, policy=policy)
        return reference.matches(query.tree, content, ontology=ontology, policy=policy)
    except (UnknownContentError, MalformedLabelError):
        return False


def test_cases(tmp_path: Path) -> None:
    """The corpus of cases: each cache holds the labels of up to a hundred, because wide tables take long to read."""
    groups: dict[str | None, list[Any]] = defaultdict(list)
    for case in JUDGED:
        groups[case.facts.get("ontology")].append(case)
    wrong = []
    parts = [cases[at : at + 100] for cases in groups.values() for at in range(0, len(cases), 100)]
    for number, cases in enumerate(parts):
        ontology = ontology_of(cases[0])
        cache = LabelCache(tmp_path / str(number))
        rows = [(f"{case.place} {n}", row.content) for case in cases for n, row in enumerate(case.rows)]
        texts = [(key, json.dumps(one) if isinstance(one, str) else one) for key, one in rows]
        cache.load([{"id": key, "jsonResponse": one} for key, one in texts], ontology=ontology)
        for case in cases:
            query = read(case)
            bound = query if ontology is None else query.bind(ontology)
            keys = [f"{case.place} {n}" for n in range(len(case.rows))]
            found = {one["id"] for one in cache.labels(category_search=query, id_contains=keys, fields=["id"])}
            for key, row in zip(keys, case.rows, strict=True):
                is_wanted = row.verdict == "match" and is_found(bound, row.content, ontology, CountPolicy())
                if (key in found) != is_wanted:
                    wrong.append(f"{ids(case)}: {row.text}: {'found' if key in found else 'not found'}")
    assert not wrong, "\n".join(wrong)
