"""Opening labels and reading from them, against the official client's parsed labels: the same labels, in one run."""

from collections.abc import Callable, Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from kili_query.labels import ParsedLabel
from tests.benchmarks.label_sets import INTERFACE, ONTOLOGY, labels
from tests.benchmarks.ratios import record_ratios
from tests.benchmarks.rounds import best_times_s
from tests.labels.official import OfficialLabels, official_labels

LABELS = 200
ROUNDS = 5

ONE_ATTRIBUTE = "label.jobs['CROWDED'].category.name"
ALL_CATEGORIES = "[annotation.category.name for annotation in label.jobs['OBJECTS'].annotations]"
ALL_VERTICES = (
    "[len(ring.normalized_vertices) for annotation in label.jobs['OBJECTS'].annotations"
    " for ring in annotation.bounding_poly]"
)
WHOLE = "label.to_dict()"


@pytest.fixture(scope="module")
def official() -> Iterator[OfficialLabels]:
    with official_labels() as parser:
        yield parser


def opener(read: str, interface: object) -> Callable[[], object]:
    """Opens every label and reads one expression of each."""
    expression: Callable[[ParsedLabel], object] = eval(f"lambda label: {read}")
    plain = list(labels(LABELS))
    return lambda: [expression(ParsedLabel(label, interface, "IMAGE")) for label in plain]


@pytest.mark.parametrize(
    ("what", "read", "goal"),
    [
        ("open a label, read one attribute", ONE_ATTRIBUTE, 20),
        ("open a label, read the category of every object", ALL_CATEGORIES, None),
        ("open a label, read every vertex list", ALL_VERTICES, None),
        ("open a label, give it back", WHOLE, None),
    ],
)
def test_open_and_read(
    what: str, read: str, goal: float | None, benchmark: BenchmarkFixture, official: OfficialLabels
) -> None:
    with_ontology, with_interface = opener(read, ONTOLOGY), opener(read, INTERFACE)
    found = benchmark.pedantic(with_ontology, rounds=ROUNDS, warmup_rounds=1)
    assert len(found) == LABELS
    ours = best_times_s({"with an ontology": with_ontology, "with an interface": with_interface}, ROUNDS)
    peer_s = official.time_s(list(labels(LABELS)), INTERFACE, "IMAGE", read, repeats=ROUNDS)
    for way, time_s in ours.items():
        times_s = {"ParsedLabel": time_s, "official ParsedLabel": peer_s}
        goals = None if goal is None else {"official ParsedLabel": goal}
        is_first = way == "with an ontology"
        record_ratios(benchmark, f"{what}, {way}", times_s, goals=goals, in_plot=is_first and goal is not None)
