"""The query of a scan: checked before anything is read, and held to the contract of matching."""

import json
from pathlib import Path

import pytest

import kili_query as kq
from kili_query.scanning import scan
from tests.scan.samples import BLUE, GREY, LABELS, MATCHING, label, ndjson

ONTOLOGY = kq.Ontology.from_json_interface(
    {
        "jobs": {
            "SKY": {
                "mlTask": "CLASSIFICATION",
                "content": {"input": "radio", "categories": {"BLUE": {"name": "Light blue"}, "GREY": {"name": "Grey"}}},
            }
        }
    }
)
COCO = Path(__file__).parents[3] / "shared" / "data" / "coco-mini" / "labels.ndjson"


def ids(query: str | kq.Query, **options: object) -> list[object]:
    return [one["id"] for one in scan(LABELS, query, **options)]


def test_a_query_and_its_text():
    assert kq.scan is scan
    assert ids("SKY.BLUE.count > 0") == ids(kq.parse("SKY.BLUE.count > 0")) == MATCHING
    assert ids("NOT SKY.BLUE") == ["b", "e"]


def test_a_bad_query_is_refused_before_the_source_is_looked_at():
    with pytest.raises(kq.QuerySyntaxError):
        scan("no such file", "SKY.BLUE >")
    with pytest.raises(kq.QueryError, match="KQ102"):
        scan("no such file", "SKY.BLEU.count > 0", ontology=ONTOLOGY)


def test_with_an_ontology_the_query_is_bound_to_it():
    assert ids('SKY."Light blue"', ontology=ONTOLOGY) == MATCHING
    assert ids("SKY.count > 0", ontology=ONTOLOGY) == ["a", "b", "c", "d"]


def test_the_policy_says_what_is_counted():
    video = label("v", {"0": BLUE, "1": BLUE, "2": GREY})
    assert not list(scan([video], "SKY.BLUE.count == 2"))
    assert list(scan([video], "SKY.BLUE.count == 2", policy=kq.CountPolicy(video="frames"))) == [video]


def test_records_that_are_the_content_themselves():
    labels = scan([BLUE, GREY, {}, {"SKY": 3}, [], None], "SKY.BLUE.count == 0", at="")
    assert list(labels) == [GREY, {}]
    assert (labels.report.malformed, labels.report.broken, labels.report.unknown) == (3, 2, 0)


def test_content_in_another_field():
    assert list(scan([{"content": json.dumps(BLUE)}, {"jsonResponse": BLUE}], "SKY.BLUE", at="content")) == [
        {"content": json.dumps(BLUE)}
    ]


@pytest.mark.skipif(not COCO.exists(), reason="the sample project is not at hand")
@pytest.mark.parametrize("query", ["OBJECTS.PERSON.count >= 2", "NOT SCENE.INDOOR OR CROWDED.YES"])
def test_real_labels_match_as_one_by_one(query):
    labels = [json.loads(line) for line in COCO.read_text().splitlines()]
    expected = [one for one in labels if kq.parse(query).matches(one["jsonResponse"])]
    assert 0 < len(expected) < len(labels)
    assert list(scan(COCO, query)) == list(scan(COCO.parent, query)) == expected


@pytest.mark.parametrize("query", ["TRUE", "SKY.BLUE.count >= 0", "SKY.BLUE OR TRUE", "NOT FALSE"])
def test_a_malformed_label_is_no_match_of_a_query_that_is_always_true(query: str, tmp_path: Path):
    labels = [label("a"), label("b", {"SKY": {"categories": [3]}}), label("c", None), label("d", {})]
    path = tmp_path / "labels.ndjson"
    path.write_bytes(ndjson(labels))
    for source in (labels, path):  # by objects, and by bytes
        found = scan(source, query)
        assert [one["id"] for one in found] == ["a", "d"]
        assert (found.report.malformed, found.report.unknown) == (1, 1)
