"""Closures against the loop that an engineer would write by hand, and against jmespath: ``pytest --benchmark-only``.

With an ontology a job is looked for at the root alone, without one at any depth. For each there is a loop by hand of
the same meaning; jmespath looks only where its path says.
"""

from collections.abc import Callable, Container, Iterator
from functools import partial
from typing import Any

import jmespath
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from kili_query.query import parse
from kili_query.syntax.parser import parse_text
from kili_query.targets.closures import compile_closure
from tests.benchmarks.label_sets import OBJECTS, ONTOLOGY, labels
from tests.benchmarks.ratios import record_ratios
from tests.benchmarks.rounds import best_times_s

LABELS = 1000
ROUNDS = 30

TEXT = "OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0"
PEOPLE = "length(OBJECTS.annotations[?categories[?name=='PERSON']]) >= `3`"
PATH = f"{PEOPLE} && length(SCENE.categories[?name=='VEHICLE']) > `0`"


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


def maps_of_jobs(jobs: dict[str, Any], place: tuple[object, ...] = ()) -> Iterator[tuple[tuple[object, ...], Any]]:
    """The root and whatever has `children` below, each with its chain of parents."""
    yield place, jobs
    for job, payload in jobs.items():
        holders: list[tuple[tuple[object, ...], Any]] = [((), payload)]
        holders += [((category["name"],), category) for category in payload.get("categories", ())]
        for index, annotation in enumerate(payload.get("annotations", ())):
            own = annotation.get("mid", index)
            holders.append(((own,), annotation))
            holders += [((own, category["name"]), category) for category in annotation.get("categories", ())]
            holders += [((own, "point", number), one) for number, one in enumerate(annotation.get("points", ()))]
        for parents, holder in holders:
            if children := holder.get("children"):
                yield from maps_of_jobs(children, (*place, job, *parents))


def by_hand_at_any_depth(response: dict[str, Any]) -> bool:
    """As `by_hand`, but the jobs may be child jobs too."""
    people = set()
    for place, jobs in maps_of_jobs(response):
        for index, annotation in enumerate(jobs.get("OBJECTS", {}).get("annotations", ())):
            if any(category["name"] == "PERSON" for category in annotation.get("categories", ())):
                people.add((place, annotation.get("mid", index)))
        if len(people) >= 3:
            break
    else:
        return False
    return any(
        category["name"] == "VEHICLE"
        for _, jobs in maps_of_jobs(response)
        for category in jobs.get("SCENE", {}).get("categories", ())
    )


@pytest.fixture(scope="module")
def responses() -> list[Any]:
    return [label["jsonResponse"] for label in labels(LABELS)]


def over(judge: Callable[[Any], Any], responses: list[Any]) -> Callable[[], list[bool]]:
    return lambda: [bool(judge(response)) for response in responses]


TREE = parse_text(TEXT, "extended")
TIGHT = "hand-written loop, as tight as can be"
JUDGES: dict[str, dict[str, Callable[[Any], Any]]] = {
    "closure, two counters": {
        "closure": compile_closure(TREE, ontology=ONTOLOGY),
        "hand-written loop": by_hand,
        TIGHT: by_hand_as_tight_as_can_be,
        "jmespath": jmespath.compile(PATH).search,
    },
    "closure, two counters, no ontology": {
        "closure": compile_closure(TREE),
        "hand-written loop": by_hand_at_any_depth,
        "jmespath": jmespath.compile(PATH).search,
    },
}
GOALS = {
    "closure, two counters": {"hand-written loop": 0.91, "jmespath": 5},
    "closure, two counters, no ontology": {"hand-written loop": 0.91},  # jmespath looks at the root alone
}


@pytest.mark.benchmark(group="one query over decoded labels")
@pytest.mark.parametrize("what", JUDGES)
def test_judging(benchmark: BenchmarkFixture, responses: list[Any], what: str) -> None:
    runs = {name: over(judge, responses) for name, judge in JUDGES[what].items()}
    expected = over(by_hand, responses)()
    assert 0 < sum(expected) < len(responses)
    assert all(run() == expected for run in runs.values())
    is_main = "no ontology" not in what
    record_ratios(benchmark, what, best_times_s(runs, ROUNDS), goals=GOALS[what], in_plot=is_main)
    benchmark(runs["closure"])


def has_person(response: dict[str, Any]) -> bool:
    for annotation in response.get("OBJECTS", {}).get("annotations", ()):
        for category in annotation.get("categories", ()):
            if category["name"] == "PERSON":
                return True
    return False


def has_no_person(response: dict[str, Any]) -> bool:
    return not has_person(response)


def has_vehicle(response: dict[str, Any]) -> bool:
    return any(category["name"] == "VEHICLE" for category in response.get("SCENE", {}).get("categories", ()))


def has_vehicle_as_tight_as_can_be(response: dict[str, Any]) -> bool:
    for category in response.get("SCENE", {}).get("categories", ()):  # noqa: SIM110 - a generator is slower
        if category["name"] == "VEHICLE":
            return True
    return False


def holds_five_of(names: Container[str], response: dict[str, Any]) -> bool:
    """Reads the job in full, as a sum is."""
    found = set()
    for index, annotation in enumerate(response.get("OBJECTS", {}).get("annotations", ())):
        for category in annotation.get("categories", ()):
            if category["name"] in names:
                found.add((category["name"], annotation.get("mid", index)))
    return len(found) >= 5


def holds_five_of_and_stops(names: Container[str], response: dict[str, Any]) -> bool:
    found = set()
    for index, annotation in enumerate(response.get("OBJECTS", {}).get("annotations", ())):
        for category in annotation.get("categories", ()):
            if category["name"] in names:
                found.add((category["name"], annotation.get("mid", index)))
                if len(found) >= 5:
                    return True
    return False


def has_small_at_any_depth(response: dict[str, Any]) -> bool:
    return any(
        category["name"] == "SMALL"
        for _, jobs in maps_of_jobs(response)
        for category in jobs.get("SIZE", {}).get("categories", ())
    )


def has_small_box(response: dict[str, Any]) -> bool:
    """Looks at the one place where the ontology has the job; a label may hold it elsewhere."""
    for annotation in response.get("BOXES", {}).get("annotations", ()):
        for category in annotation.get("children", {}).get("SIZE", {}).get("categories", ()):
            if category["name"] == "SMALL":
                return True
    return False


FEW, ALL = frozenset({"PERSON", "CAR"}), frozenset(OBJECTS)
FULL, STOPS = "hand-written loop", "hand-written loop that stops early"
SHAPES: dict[str, tuple[str, dict[str, Callable[[Any], bool]]]] = {
    "one counter": ("OBJECTS.PERSON.count > 0", {FULL: has_person}),
    "none": ("OBJECTS.PERSON.count == 0", {FULL: has_no_person}),
    "a choice": ("SCENE.VEHICLE.count > 0", {FULL: has_vehicle, TIGHT: has_vehicle_as_tight_as_can_be}),
    "a sum": (
        "OBJECTS.PERSON.count + OBJECTS.CAR.count >= 5",
        {FULL: partial(holds_five_of, FEW), STOPS: partial(holds_five_of_and_stops, FEW)},
    ),
    "a total": (
        "OBJECTS.count >= 5",
        {FULL: partial(holds_five_of, ALL), STOPS: partial(holds_five_of_and_stops, ALL)},
    ),
    "a child job": (
        "SIZE.SMALL.count > 0",
        {FULL: has_small_at_any_depth, "hand-written loop for one place": has_small_box},
    ),
}


@pytest.mark.benchmark(group="one query over decoded labels, by shape")
@pytest.mark.parametrize("shape", SHAPES)
def test_judging_shapes(benchmark: BenchmarkFixture, responses: list[Any], shape: str) -> None:
    text, peers = SHAPES[shape]
    runs = {"closure": over(parse(text).compile(ontology=ONTOLOGY), responses)}
    runs |= {name: over(judge, responses) for name, judge in peers.items()}
    expected = runs["closure"]()
    assert 0 < sum(expected) < len(responses)
    assert all(run() == expected for run in runs.values())
    record_ratios(benchmark, f"closure, {shape}", best_times_s(runs, ROUNDS), goals={FULL: 0.91})
    benchmark(runs["closure"])


SINGLE = {
    "at the root": ("SCENE.VEHICLE.count > 0", "SCENE.categories[?name=='VEHICLE']"),
    "none": ("OBJECTS.PERSON.count == 0", "!(OBJECTS.annotations[?categories[?name=='PERSON']])"),
    "no such job": ("LOST.ANY.count == 0", "!LOST"),
    "in children": ("SIZE.LARGE.count > 0", "BOXES.annotations[?children.SIZE.categories[?name=='LARGE']]"),
}


@pytest.mark.benchmark(group="one counter, without an ontology")
@pytest.mark.parametrize("name", SINGLE)
def test_judging_one_counter(benchmark: BenchmarkFixture, responses: list[Any], name: str) -> None:
    text, path = SINGLE[name]
    runs = {
        "closure": over(compile_closure(parse_text(text, "extended")), responses),
        "jmespath": over(jmespath.compile(path).search, responses),
    }
    assert runs["closure"]() == runs["jmespath"]()
    record_ratios(benchmark, f"closure, one counter, {name}, no ontology", best_times_s(runs, ROUNDS))
    benchmark(runs["closure"])
