"""Category searches over HTTP, against this package's evaluator run on the same labels."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import kili_query as kq
from tests.cli.running import COCO, DEMO
from tests.sandbox.boxes import INTERFACE, box_of, write_project

NUMBER, SEARCHES = 80, 30
COUNTERS = [
    *(f"OBJECTS.{name}" for name in ("CAR", "BUS")),
    *(f"SCENE.{name}" for name in ("INDOOR", "OUTDOOR")),
    *(f"COLOR.{name}" for name in ("RED", "BLUE")),
]


def jobs(random: Random, mids: list[str]) -> dict[str, Any]:
    """What is in an image, or in one frame: objects with a child job, and a choice; each may be missing."""
    content: dict[str, Any] = {}
    if random.random() < 0.8:
        content["OBJECTS"] = {
            "annotations": [
                {
                    "mid": mid,
                    "type": "rectangle",
                    "categories": [{"name": "CAR" if mid < "m3" else "BUS"}],
                    "children": {"COLOR": {"categories": [{"name": random.choice(("RED", "BLUE"))}]}}
                    if random.random() < 0.7
                    else {},
                }
                for mid in random.sample(mids, random.randint(0, len(mids)))
            ]
        }
    if random.random() < 0.6:
        content["SCENE"] = {"categories": [{"name": random.choice(("INDOOR", "OUTDOOR"))}]}
    return content


def content(random: Random, input_type: str) -> object:
    mids = [f"m{number}" for number in range(6)]
    if input_type == "VIDEO":
        return {str(frame): jobs(random, mids) for frame in range(random.randint(0, 4))}
    return jobs(random, mids)


def searches(random: Random) -> Iterator[str]:
    def group(depth: int) -> str:
        if depth == 0 or random.random() < 0.3:
            bound = random.choice(["0", "1", "2", "3", "2.5", "0.0", "99999999999"])
            return f"{random.choice(COUNTERS)}.count {random.choice(['==', '>=', '<=', '>', '<'])} {bound}"
        parts = [group(depth - 1) for _ in range(random.randint(2, 3))]
        return f"({random.choice([' AND ', ' OR ']).join(parts)})"

    return (group(2) for _ in range(SEARCHES))


def labels_of(seed: int, input_type: str) -> list[dict[str, Any]]:
    random = Random(seed)
    return [
        {
            "id": f"l{number:03d}",
            "assetId": f"a{number:03d}",
            "createdAt": "2024-01-01T08:00:00Z",
            "jsonResponse": json.dumps(content(random, input_type)) if number % 2 else content(random, input_type),
        }
        for number in range(NUMBER)
    ]


def expected(search: str, labels: list[dict[str, Any]], ontology: kq.Ontology) -> list[str]:
    matches = kq.parse(search, dialect="core").compile(ontology=ontology)
    contents = [(label["id"], label["jsonResponse"]) for label in labels]
    return [key for key, one in contents if matches(json.loads(one) if isinstance(one, str) else one)]


@pytest.mark.parametrize("input_type", ["IMAGE", "VIDEO"])
def test_as_the_evaluator(tmp_path: Path, input_type: str) -> None:
    labels = labels_of(3, input_type)
    ontology = kq.Ontology.from_json_interface(INTERFACE, input_type=input_type)
    sizes = set()
    with box_of(write_project(tmp_path / "p", labels, inputType=input_type)) as asker:
        for search in searches(Random(5)):
            wanted = expected(search, labels, ontology)
            assert asker.ids(search=search) == wanted, search
            assert asker.asset_ids(label={"search": search}) == [key.replace("l", "a") for key in wanted], search
            sizes.add(len(wanted))
    assert len(sizes) > 10  # they are neither all empty nor all full


@pytest.mark.parametrize(
    "folder", [DEMO, pytest.param(COCO, marks=pytest.mark.skipif(not COCO.exists(), reason="no such data"))]
)
def test_a_real_project(folder: Path) -> None:
    ontology = kq.Ontology.load(folder / "project.json")
    lines = (folder / "labels.ndjson").read_text(encoding="utf-8").splitlines()
    labels = sorted(map(json.loads, lines), key=lambda label: (label.get("createdAt", ""), label["id"]))
    random = Random(1)
    with box_of(folder) as asker:
        assert len(asker.ids()) == len(labels)
        pairs = [(name, key) for name in ontology.jobs for key in ontology.jobs[name].categories]
        for name, category in random.sample(pairs, 25):
            search = f"{name}.{category}.count >= {random.randint(0, 2)}"
            assert asker.ids(search=search) == expected(search, labels, ontology)


def test_what_cannot_be_counted_is_never_found(tmp_path: Path) -> None:
    broken: list[object] = ["nope", {"OBJECTS": 3}, [], 3, None]
    labels = [{"id": f"l{n}", "assetId": "a", "jsonResponse": one} for n, one in enumerate([*broken, {}])]
    with box_of(write_project(tmp_path / "p", labels)) as asker:
        assert len(asker.ids()) == 6
        for search in (
            "OBJECTS.CAR.count == 0",
            "OBJECTS.CAR.count >= 0",
            "OBJECTS.CAR.count > 0 OR SCENE.INDOOR.count < 9",
        ):
            assert asker.ids(search=search) == ["l5"]


def test_after_a_change(tmp_path: Path) -> None:
    """What is remembered of a search is forgotten when labels are written."""
    labels = [{"id": "l0", "assetId": "a", "labelType": "PREDICTION", "jsonResponse": {}}]
    inside = json.dumps({"SCENE": {"categories": [{"name": "INDOOR"}]}})
    with box_of(write_project(tmp_path / "p", labels)) as asker:
        counts = []

        def look() -> None:
            counts.append((asker.count(search="SCENE.INDOOR.count > 0"), asker.count(search="SCENE.INDOOR.count == 0")))

        look()
        [new] = asker.append({"assetID": "a", "jsonResponse": inside})
        look()
        update = (
            "mutation ($where: LabelWhere!, $data: LabelData!)"
            " { data: updatePropertiesInLabel(where: $where, data: $data) { id } }"
        )
        asker.data(update, where={"id": new}, data={"jsonResponse": "{}"})
        look()
        asker.data('mutation { data: deleteLabels(ids: ["l0"]) }')
        look()
        assert counts == [(0, 1), (1, 1), (0, 2), (0, 1)]


def test_unknown_names_are_never_there(tmp_path: Path) -> None:
    with box_of(write_project(tmp_path / "p", labels_of(4, "IMAGE"))) as asker:
        for counter in ("OBJECTS.UNKNOWN", "NO_JOB.CAR", "SCENE.CAR"):
            assert asker.count(search=f"{counter}.count == 0") == NUMBER
            assert asker.count(search=f"{counter}.count > 0 OR {counter}.count >= 2") == 0


def test_wide_and_long_searches(tmp_path: Path) -> None:
    with box_of(write_project(tmp_path / "p", labels_of(3, "IMAGE"))) as asker:
        wide = " OR ".join(f"J{number}.C.count > 0" for number in range(100))
        assert asker.count(search=f"{wide} OR OBJECTS.CAR.count >= 0") == NUMBER
        query = "query ($where: LabelWhere!) { data: countLabels(where: $where) }"
        deep = "(" * 5000 + "OBJECTS.CAR.count > 0" + ")" * 5000
        assert asker.refusal(query, where={"search": deep}).startswith("bad category search: ")


def test_another_asker_sees_the_same(tmp_path: Path) -> None:
    """Different searches share the comparisons that were run before, and no more than these."""
    with box_of(write_project(tmp_path / "p", labels_of(4, "IMAGE"))) as asker:
        one, other = "OBJECTS.CAR.count > 1", "OBJECTS.BUS.count > 1"
        both = set(asker.ids(search=one)) & set(asker.ids(search=other))
        either = set(asker.ids(search=one)) | set(asker.ids(search=other))
        assert set(asker.ids(search=f"{one} AND {other}")) == both
        assert set(asker.ids(search=f"{one} OR {other}")) == either
        assert asker.ids(search=f"{one} AND {other}", idIn=["l001"]) == ["l001"] * ("l001" in both)
