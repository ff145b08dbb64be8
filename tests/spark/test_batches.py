"""The counting of one batch, without Spark: as the reference says, and one row for each text whatever it holds."""

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.counting import CountPolicy
from kili_query.frames import table
from kili_query.ontology import Ontology
from kili_query.spark.batches import count_texts, field_name
from tests import reference, strategies

MANY = settings(max_examples=150)

CATEGORIES = {"CAR": {"name": "Car"}, "BUS": {"name": "Bus"}}
JOB = {"mlTask": "OBJECT_DETECTION", "content": {"input": "radio", "categories": CATEGORIES}}
ONTOLOGY = Ontology.from_json_interface({"jobs": {"OBJECTS": JOB}})
TWO_CARS = {"OBJECTS": {"annotations": [{"mid": mid, "categories": [{"name": "CAR"}]} for mid in "ab"]}}

ANY_CONTENT = st.one_of(
    strategies.contents(), strategies.video_contents(), strategies.malformed_contents(), strategies.json_values
)


def told(content: object, ontology: Ontology, policy: CountPolicy) -> dict[str, object]:
    fields = {field_name(number): pair for number, pair in enumerate(ontology.pairs())}
    try:
        counts = reference.count(content, ontology=ontology, policy=policy)
    except kq.UnknownContentError:
        return {"fault": "unknown"} | dict.fromkeys(fields)
    except kq.MalformedLabelError:
        return {"fault": "malformed"} | dict.fromkeys(fields)
    return {"fault": None} | {name: counts.get(pair, 0) for name, pair in fields.items()}


@MANY
@given(st.lists(ANY_CONTENT, max_size=4), strategies.ontologies(), strategies.policies)
def test_counts_as_the_reference(contents: list[object], ontology: Ontology, policy: CountPolicy) -> None:
    expected = [told(content, ontology, policy) for content in contents]
    texts = pa.array([json.dumps(content) for content in contents], pa.string())
    assert count_texts(texts, ontology, policy, "").to_pylist() == expected
    # a text in the field of a label is JSON once more
    wrapped = [{"id": "a", "jsonResponse": json.dumps(content)} for content in contents]
    texts = pa.array([json.dumps(label) for label in wrapped], pa.string())
    assert count_texts(texts, ontology, policy, "jsonResponse").to_pylist() == expected


@pytest.mark.parametrize("has_fast", [True, False])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()])
def test_faults(monkeypatch: pytest.MonkeyPatch, kind: pa.DataType, has_fast: bool) -> None:
    monkeypatch.setattr(table, "has_extra", lambda _: has_fast)
    texts = [json.dumps(TWO_CARS), None, "", "null", "{", "[]", '{"OBJECTS": 1}', "{}", '{}, "id": 1']
    found = count_texts(pa.array(texts, kind), ONTOLOGY, CountPolicy(), "").to_pylist()
    faults = [None, "unknown", "unknown", "unknown", "unknown", "malformed", "malformed", None, "unknown"]
    assert [row["fault"] for row in found] == faults
    assert [row["n0"] for row in found] == [2, *[None] * 6, 0, None]


@pytest.mark.parametrize("has_fast", [True, False])
def test_faults_of_labels(monkeypatch: pytest.MonkeyPatch, has_fast: bool) -> None:
    monkeypatch.setattr(table, "has_extra", lambda _: has_fast)
    asset = {"id": "a", "labels": [{"id": "1", "jsonResponse": TWO_CARS}, {"id": "2", "jsonResponse": {}}]}
    labels = [{"jsonResponse": TWO_CARS}, {"jsonResponse": None}, {}, {"jsonResponse": "{"}, [], asset]
    texts = pa.array([None, "{", *map(json.dumps, labels)])
    found = count_texts(texts, ONTOLOGY, CountPolicy(), "jsonResponse").to_pylist()
    faults = ["unknown", "malformed", None, "unknown", "unknown", "unknown", "malformed", "unknown"]
    assert [row["fault"] for row in found] == faults


def test_bytes_that_are_no_text() -> None:
    texts = pa.array([b'{"note": "\xff"}', b"\xff", json.dumps(TWO_CARS).encode()])
    found = count_texts(texts, ONTOLOGY, CountPolicy(), "").to_pylist()
    assert [row["fault"] for row in found] == ["unknown", "unknown", None]


def test_what_the_ontology_does_not_have_is_left_out() -> None:
    content = {"OBJECTS": {"annotations": [{"categories": [{"name": "TRAIN"}]}]}, "LOST": {"categories": []}}
    found = count_texts(pa.array([json.dumps(content)]), ONTOLOGY, CountPolicy(), "")
    assert found.to_pylist() == [{"fault": None, "n0": 0, "n1": 0}]


def test_an_empty_batch() -> None:
    assert count_texts(pa.array([], pa.string()), ONTOLOGY, CountPolicy(), "").to_pylist() == []
    assert count_texts(pa.array([None], pa.string()), Ontology({}), CountPolicy(), "").to_pylist() == [
        {"fault": "unknown"}
    ]
