"""Whatever takes an ontology takes the path of its file too."""

import json
from pathlib import Path

import pytest

import kili_query as kq
from kili_query.client import KiliClient
from kili_query.errors import OntologyError, QueryError
from kili_query.export import write
from kili_query.ontology import Ontology
from kili_query.sandbox import Sandbox

DEMO = Path(kq.__file__).parent / "demo"
PROJECT, LABELS = DEMO / "project.json", DEMO / "labels.ndjson"
QUERY = 'OBJECTS."traffic light" AND OBJECTS.PERSON'


@pytest.fixture(params=["ontology", "path", "text"])
def source(request: pytest.FixtureRequest) -> Ontology | Path | str:
    return {"ontology": Ontology.load(PROJECT), "path": PROJECT, "text": str(PROJECT)}[request.param]


def test_scan_and_compile(source: Ontology | Path | str) -> None:
    found = [label["id"] for label in kq.scan(LABELS, QUERY, ontology=source)]
    assert found
    rows = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    matches, fast = kq.parse(QUERY).compile(ontology=source), kq.parse(QUERY).compile_bytes(ontology=source)
    assert [row["id"] for row in rows if matches(row["jsonResponse"])] == found
    assert [row["id"] for row in rows if fast(json.dumps(row).encode())] == found
    with pytest.raises(QueryError, match="did you mean `PERSON`"):
        kq.scan(LABELS, "OBJECTS.PERSN", ontology=source)


def test_write_and_sandbox(source: Ontology | Path | str, tmp_path: Path) -> None:
    assert write(LABELS, None, source, fmt="raw", to=tmp_path / "out.zip", where=QUERY).labels
    with Sandbox(source, LABELS) as box, KiliClient(box.api_key, box.endpoint) as client:
        number = client.count_labels(box.project_id, category_search="OBJECTS.PERSON.count >= 3")
        served = Ontology.from_json_interface(client.project(box.project_id, ("jsonInterface", "inputType")))
    assert number == 7
    assert served == Ontology.load(PROJECT)


def test_what_is_no_ontology() -> None:
    with pytest.raises(OntologyError, match=r"cannot read `none\.json`"):
        kq.scan(LABELS, "A.B", ontology="none.json")
    with pytest.raises(TypeError, match="an ontology is an `Ontology`, or the path of its file, not `dict`"):
        kq.parse("A.B").compile(ontology={})  # type: ignore[arg-type]


def test_an_interface_is_written_as_it_was_read() -> None:
    poses = {"name": "Arm", "points": [{"code": "P", "name": "Elbow", "children": ["VIS"]}], "color": "#00ff00"}
    interface = {
        "jobs": {
            "BODY": {"mlTask": "POSE_ESTIMATION", "tools": ["pose"], "content": {"categories": {"ARM": poses}}},
            "VIS": {
                "mlTask": "CLASSIFICATION",
                "instruction": "Seen?",
                "required": 1,
                "content": {"input": "radio", "categories": {"YES": {"name": "Yes", "children": ["WHY"]}, "NO": {}}},
            },
            "WHY": {"mlTask": "TRANSCRIPTION", "isChild": True, "content": {"input": "textField"}},
            "BEST": {"mlTask": "COMPARISON", "content": {"options": {"A": {}, "B": {"children": ["WHY"]}}}},
        }
    }
    for ontology in (Ontology.from_json_interface(interface), Ontology.load(PROJECT)):
        again = Ontology.from_json_interface(ontology.to_json_interface(), input_type=ontology.input_type)
        assert again == ontology
