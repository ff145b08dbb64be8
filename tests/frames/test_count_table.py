"""Tables of counts: what is in them, and that they count as the reference does, the fast way and the careful one."""

import json
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.counting import CountPolicy
from kili_query.frames import column_name, count_table, counter_of
from kili_query.frames import table as module
from kili_query.ontology import Ontology
from kili_query.scanning import Problem, ProblemKind, read_labels
from tests import reference, strategies

MANY = settings(max_examples=50)

ANY_LABEL = st.one_of(
    strategies.contents(),
    strategies.contents(),
    strategies.video_contents(),
    strategies.malformed_contents(),
    st.none() | strategies.json_values,
)
TWO_CARS = {"OBJECTS": {"annotations": [{"mid": mid, "categories": [{"name": "CAR"}]} for mid in "ab"]}}


def told(content: object, ontology: Ontology | None, policy: CountPolicy) -> object:
    try:
        return reference.count(content, ontology=ontology, policy=policy)
    except kq.UnknownContentError:
        return "unknown"
    except kq.MalformedLabelError:
        return "malformed"


def rows(table: pa.Table) -> list[object]:
    """What a table says of each label: a fault, or the counts that are not 0."""
    found: list[object] = []
    for row in table.to_pylist():
        counts = {(one.job, one.category): value for name, value in row.items() if (one := counter_of(name))}
        assert all((value is None) is (row["fault"] is not None) for value in counts.values())
        found.append(row["fault"] or {pair: value for pair, value in counts.items() if value})
    return found


@MANY
@given(st.lists(ANY_LABEL, max_size=4), st.none() | strategies.ontologies(), strategies.policies)
def test_counts_as_the_reference(labels: list[object], ontology: Ontology | None, policy: CountPolicy) -> None:
    # text at the root of a content is JSON text, which is unknown when it is none; that is for the labels' reader
    contents = [label for label in labels if not isinstance(label, str)]
    expected = [told(content, ontology, policy) for content in contents]
    wrapped = [{"id": "a", "jsonResponse": content} for content in contents]
    as_text = [{"jsonResponse": json.dumps(content)} for content in contents]
    assert rows(count_table(wrapped, ontology, policy=policy)) == expected
    assert rows(count_table(as_text, ontology, policy=policy)) == expected
    assert rows(count_table([json.dumps(one).encode() for one in wrapped], ontology, policy=policy)) == expected
    assert rows(count_table([json.dumps(one).encode() for one in as_text], ontology, policy=policy)) == expected


@MANY
@given(strategies.contents(), st.none() | strategies.ontologies(("IMAGE",)))
def test_bare_contents(content: dict[str, object], ontology: Ontology | None) -> None:
    expected = [told(content, ontology, CountPolicy())]
    assert rows(count_table([json.dumps(content).encode()], ontology, at="")) == expected
    assert rows(count_table([content], ontology, at="")) == expected


def test_the_careful_way_counts_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = [{"id": "1", "jsonResponse": TWO_CARS}, {"id": "2"}, {"id": "3", "jsonResponse": {"J": 1}}]
    fast = count_table(labels)
    monkeypatch.setattr(module, "has_extra", lambda _: False)
    careful = count_table(labels)
    assert careful.equals(fast)
    assert count_table([json.dumps(label).encode() for label in labels]).equals(fast)


def test_columns_of_an_ontology_come_first(tmp_path: Path) -> None:
    categories = {"VAN": {"name": "Van"}, "CAR": {"name": "Car"}}
    ontology = Ontology.from_json_interface(
        {"jobs": {"OBJECTS": {"mlTask": "OBJECT_DETECTION", "content": {"categories": categories, "input": "radio"}}}}
    )
    beyond = {"B": {"categories": [{"name": "x"}]}, "A": {"categories": [{"name": "y"}]}}
    table = count_table([{"jsonResponse": beyond | TWO_CARS}], ontology)
    assert table.column_names[-4:] == ["OBJECTS/VAN", "OBJECTS/CAR", "A/y", "B/x"]
    assert [str(table.schema.field(name).type) for name in table.column_names[-4:]] == ["int32"] * 4
    assert table.select(["OBJECTS/VAN", "OBJECTS/CAR"]).to_pylist() == [{"OBJECTS/VAN": 0, "OBJECTS/CAR": 2}]


def test_metadata() -> None:
    label = {
        "id": "l1",
        "labelOf": {"id": "a1", "externalId": "a.jpg"},
        "author": {"email": "a@example.com"},
        "createdAt": "2024-02-01T09:30:00.000Z",
        "labelType": "REVIEW",
        "modelName": None,
        "secondsToLabel": 43,
        "isLatestLabelForUser": True,
        "jsonResponse": {},
    }
    table = count_table([label, json.dumps(label).encode(), {"id": 7, "secondsToLabel": None, "jsonResponse": {}}])
    expected = {
        "id": "l1",
        "assetId": "a1",
        "externalId": "a.jpg",
        "authorEmail": "a@example.com",
        "createdAt": "2024-02-01T09:30:00.000Z",
        "labelType": "REVIEW",
        "modelName": None,
        "secondsToLabel": 43.0,
        "isLatestLabelForUser": True,
        "fault": None,
    }
    assert table.to_pylist() == [expected, expected, dict.fromkeys(expected) | {"id": "7"}]


def test_what_is_no_label_is_malformed() -> None:
    table = count_table([b"{", b"\xff", b"[]", b"1", 5, {"id": "a", "jsonResponse": "{"}])
    assert table["fault"].to_pylist() == ["malformed"] * 5 + ["unknown"]
    hidden = b'{"id": "a", "note": "\xff", "jsonResponse": {}}'  # not UTF-8 in a part that nobody reads
    assert count_table([hidden])["fault"].to_pylist() == ["malformed"]


def test_no_labels() -> None:
    assert count_table([]).num_rows == 0


def test_an_asset_gives_its_labels() -> None:
    asset = {"id": "a1", "externalId": "x", "labels": [{"id": "1", "jsonResponse": TWO_CARS}, {"id": "2"}]}
    table = count_table([json.dumps(asset).encode()])
    assert table.select(["id", "assetId", "fault"]).to_pylist() == [
        {"id": "1", "assetId": "a1", "fault": None},
        {"id": "2", "assetId": "a1", "fault": "unknown"},
    ]


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.ndjson"
    path.write_text(json.dumps({"id": "1", "jsonResponse": TWO_CARS}) + "\n{\n", "utf-8")
    assert count_table(path)["fault"].to_pylist() == [None, "malformed"]
    with pytest.raises(TypeError, match="labels must be a path"):
        count_table(b"{}")


@pytest.mark.parametrize(
    ("job", "category"),
    [("a/b", "%2F"), ("\ud800", "\0"), ("", ""), ("%", "a\n"), ("\n", "\n\n"), ("%ED%A0%80", "x"), ("id", "count")],
)
def test_a_column_has_one_counter(job: str, category: str) -> None:
    name = column_name(job, category)
    found = counter_of(name)
    assert found is not None
    assert (found.job, found.category) == (job, category)
    assert name.count("/") == 1
    assert name.encode()


@pytest.mark.parametrize("name", ["id", "a/b/c", "a%/b", "%FF/x", "%2f/x"])
def test_other_columns_have_none(name: str) -> None:
    assert counter_of(name) is None


@pytest.mark.parametrize("as_bytes", [False, True])
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"secondsToLabel": 2**70}, "beyond 2\\*\\*53 \\(at `secondsToLabel`\\)"),
        ({"secondsToLabel": 10**400}, "beyond 2\\*\\*53 \\(at `secondsToLabel`\\)"),
        ({"secondsToLabel": "5"}, "must be a number, not `'5'` \\(at `secondsToLabel`\\)"),
        ({"secondsToLabel": True}, "must be a number, not `True`"),
        ({"labelType": ["REVIEW"]}, r"must be a text, not `\['REVIEW'\]` \(at `labelType`\)"),
        ({"isLatestLabelForUser": 1}, "must be true or false, not `1`"),
        ({"author": "a@example.com"}, r"must be an object.*\(at `author`\)"),
        ({"labelOf": {"id": {}}}, r"must be a text.*\(at `labelOf.id`\)"),
        ({"modelName": "a\ud800"}, "half of a character: `a\\\\ud800` \\(at `modelName`\\)"),
        ({"labelOf": {"externalId": "\udfff"}}, "half of a character.*labelOf\\.externalId"),
    ],
    ids=repr,
)
def test_what_a_table_cannot_hold_is_named(fields: dict[str, object], message: str, as_bytes: bool) -> None:
    label = {"id": "l1", "jsonResponse": {}} | fields
    given = json.dumps(label).encode() if as_bytes else label
    with pytest.raises(kq.MalformedLabelError, match=rf"label `l1`: .*{message}"):
        count_table([given])


def test_large_numbers_that_a_table_holds() -> None:
    labels = [{"secondsToLabel": seconds, "jsonResponse": {}} for seconds in (2**53, -(2**53), 1e30)]
    for rows in (labels, [json.dumps(label).encode() for label in labels]):
        assert count_table(rows)["secondsToLabel"].to_pylist() == [2.0**53, -(2.0**53), 1e30]


@pytest.mark.parametrize("number", [b"9" * 5000, b"-" + b"1" * 4301])
@pytest.mark.parametrize("at", ["jsonResponse", ""])
def test_a_number_too_long_to_be_read_is_a_fault_as_in_a_scan(number: bytes, at: str) -> None:
    content = b'{"J": {"categories": [{"name": "A", "confidence": ' + number + b"}]}}"
    line = b'{"id": "a", "jsonResponse": ' + content + b"}" if at else content
    [problem] = read_labels(BytesIO(line + b"\n"), at=at)
    assert isinstance(problem, Problem)
    assert problem.fault is ProblemKind.BROKEN
    for source in ([line], BytesIO(line + b"\n")):
        assert count_table(source, at=at)["fault"].to_pylist() == ["malformed"]
