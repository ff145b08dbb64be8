"""Closures against the loop that an engineer would write by hand, and against jmespath: ``pytest --benchmark-only``."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jmespath
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from kili_query.ontology import Ontology
from kili_query.syntax.parser import parse_text
from kili_query.targets.closures import compile_closure

COCO = Path(__file__).parents[2].parent / "shared" / "data" / "coco-mini"

TEXT = "OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0"
PEOPLE = "length(OBJECTS.annotations[?categories[?name=='PERSON']]) >= `3`"
PATH = f"{PEOPLE} && length(SCENE.categories[?name=='VEHICLE']) > `0`"

pytestmark = pytest.mark.skipif(not COCO.exists(), reason="the labels of coco-mini are not here")


def by_hand(response: dict[str, Any]) -> bool:
    """Distinct objects; jobs and categories may be missing, and so may a `mid`."""
    people = set()
    for index, annotation in enumerate(response.get("OBJECTS", {}).get("annotations", ())):
        for category in annotation.get("categories", ()):
            if category["name"] == "PERSON":
                people.add(annotation.get("mid", index))
                break
        if len(people) >= 3:
            break
    else:
        return False
    return any(category["name"] == "VEHICLE" for category in response.get("SCENE", {}).get("categories", ()))


def by_hand_as_tight_as_can_be(response: dict[str, Any]) -> bool:
    """Trusts every annotation to have `categories` and a `mid`, which the definition does not."""
    people = set()
    for annotation in response.get("OBJECTS", {}).get("annotations", ()):
        for category in annotation["categories"]:
            if category["name"] == "PERSON":
                people.add(annotation["mid"])
                break
        if len(people) >= 3:
            break
    else:
        return False
    for category in response.get("SCENE", {}).get("categories", ()):  # noqa: SIM110 - a generator is slower
        if category["name"] == "VEHICLE":
            return True
    return False


@pytest.fixture(scope="module")
def labels() -> list[Any]:
    return [json.loads(line)["jsonResponse"] for line in (COCO / "labels.ndjson").read_text("utf-8").splitlines()]


def judges() -> dict[str, Callable[[Any], Any]]:
    tree = parse_text(TEXT, "extended")
    return {
        "closure": compile_closure(tree, ontology=Ontology.load(COCO / "project.json")),
        "closure without ontology": compile_closure(tree),
        "by hand": by_hand,
        "by hand, as tight as can be": by_hand_as_tight_as_can_be,
        "jmespath": jmespath.compile(PATH).search,
    }


@pytest.mark.benchmark(group="one query over decoded labels")
@pytest.mark.parametrize(
    "name", ["closure", "closure without ontology", "by hand", "by hand, as tight as can be", "jmespath"]
)
def test_judging(benchmark: BenchmarkFixture, labels: list[Any], name: str) -> None:
    judge = judges()[name]
    verdicts = benchmark(lambda: [judge(label) for label in labels])
    assert verdicts == [by_hand(label) for label in labels]
    assert 0 < sum(verdicts) < len(labels)
