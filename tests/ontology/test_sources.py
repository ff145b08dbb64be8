"""Whatever takes an ontology takes the path of its file, and says so when it is given something else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kili_query as kq
from kili_query import frames
from kili_query.errors import OntologyError
from kili_query.pictures import draw_label
from kili_query.statistics import Statistics
from tests.cli.running import DEMO

PROJECT = DEMO / "project.json"
LABELS = DEMO / "labels.ndjson"
TEXT = 'OBJECTS."traffic light".count > 3'
ONTOLOGY = kq.Ontology.load(PROJECT)
QUERY = kq.parse(TEXT)
CONTENT: dict[str, object] = {"OBJECTS": {"annotations": [{"mid": "a", "categories": [{"name": "CAR"}]}]}}

TAKING: dict[str, Callable[[Any], object]] = {
    "bind": QUERY.bind,
    "simplify": QUERY.simplify,
    "plan": QUERY.plan,
    "to_server": QUERY.to_server,
    "compile": lambda ontology: QUERY.compile(ontology=ontology)(CONTENT),
    "compile_bytes": lambda ontology: QUERY.compile_bytes(ontology=ontology, at="")(b"{}"),
    "check": lambda ontology: kq.check(TEXT, ontology),
    "validate": lambda ontology: kq.validate(TEXT, ontology),
    "complete": lambda ontology: kq.complete("OBJ", 3, ontology),
    "count": lambda ontology: kq.count(CONTENT, ontology=ontology),
    "scan": lambda ontology: list(kq.scan(LABELS, QUERY, ontology=ontology)),
    "satisfiable": lambda ontology: bool(kq.satisfiable(TEXT, ontology)),
    "always_true": lambda ontology: bool(kq.always_true(TEXT, ontology)),
    "implies": lambda ontology: bool(kq.implies(TEXT, TEXT, ontology)),
    "equivalent": lambda ontology: bool(kq.equivalent(TEXT, TEXT, ontology)),
    "disjoint": lambda ontology: bool(kq.disjoint(TEXT, TEXT, ontology)),
    "count_table": lambda ontology: frames.count_table(LABELS, ontology),
    "filter": lambda ontology: frames.filter(frames.count_table(LABELS, ONTOLOGY), QUERY, ontology=ontology),
    "draw_label": lambda ontology: draw_label({"jsonResponse": CONTENT}, ontology=ontology, size=(20, 20)).tobytes(),
    "statistics": lambda ontology: Statistics.of_contents([CONTENT], ontology=ontology),
}


@pytest.mark.parametrize("take", TAKING.values(), ids=TAKING)
def test_a_path_stands_for_its_ontology(take: Callable[[Any], object], tmp_path: Path) -> None:
    assert take(PROJECT) == take(str(PROJECT)) == take(ONTOLOGY)
    with pytest.raises(OntologyError, match=r"none\.json"):
        take(tmp_path / "none.json")
    with pytest.raises(TypeError, match="an ontology is an `Ontology`, or the path of its file, not `dict`"):
        take({"jobs": {}})
