"""The matcher of bytes on labels that show what it is careful about."""

import json
import pickle
import sys
from functools import cache
from itertools import product

import pytest

import kili_query as kq
from kili_query.counting import DEFAULT_POLICY
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology
from kili_query.targets.raw_bytes import BytesMatcher, compile_bytes
from tests.benchmarks.label_sets import INTERFACE, ONTOLOGY, labels
from tests.each import for_each

BLUE = b'{"SKY": {"categories": [{"name": "BLUE"}]}}'
HOSTILE = [
    "",
    "count",
    "id",
    "__class__",
    "__struct_fields__",
    "a.b",
    'a"b',
    "a\\b",
    "a'b`;--",
    "a\nb",
    "\x00",
    "é 4",
    "日本",
    "😀",
]


def matcher(text: str, ontology: Ontology | None = None, at: str = "") -> BytesMatcher:
    query = kq.parse(text)
    tree = query.tree if ontology is None else query.bind(ontology).tree
    return compile_bytes(tree, ontology=ontology, at=at)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_kind_of_bytes(kind):
    assert matcher("SKY.BLUE")(kind(BLUE)) is True
    assert matcher("SKY.GREY")(kind(BLUE)) is False


def test_other_types_are_refused():
    with pytest.raises(TypeError, match="must be bytes, not str"):
        matcher("SKY.BLUE")(BLUE.decode())


@pytest.mark.parametrize(
    "content", [BLUE, json.dumps(BLUE.decode()).encode(), json.dumps(BLUE.decode() + " \n").encode()]
)
def test_content_in_a_field_is_an_object_or_text(content):
    label = b'{"id": "a", "x": {"jsonResponse": {}}, "jsonResponse": ' + content + b', "y": [1, "\\u00e9\\n"]}'
    assert matcher("SKY.BLUE", at="jsonResponse")(label)
    assert not matcher("NOT SKY.BLUE", at="jsonResponse")(label)


@pytest.mark.parametrize(
    "label",
    [
        b"{}",
        b'{"jsonResponse": null}',
        b'{"jsonResponse": "null"}',
        b'{"jsonResponse": "{"}',
        b'{"jsonResponse": ""}',
        b'{"jsonResponse": {}',
        b'{"jsonResponse": {}} x',
        b'{"jsonResponse": {}, "jsonResponse": null}',
        b'{"jsonResponse": {}, "x": "\xff"}',
        b'{"jsonResponse": {}, "x": "\x01"}',
        b'{"jsonResponse": {}, "x": ' + b"9" * 5000 + b"}",
        b'{"jsonResponse": "{\\"x\\": ' + b"9" * 5000 + b'}"}',
        b'{"jsonResponse": {}, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"jsonResponse": {}, "x": 01}',
        b"",
        b"\x00",
    ],
    ids=lambda label: label[:60],
)
def test_unknown_content(label):
    for text in ("SKY.BLUE", "NOT SKY.BLUE", "TRUE", "SKY.BLUE[A.B]", "SKY.BLUE.count >= 0"):
        for ontology in (None, Ontology.from_json_interface({"jobs": {}}, input_type="IMAGE")):
            tree = kq.parse(text).tree
            with pytest.raises(UnknownContentError):
                compile_bytes(tree, ontology=ontology)(label)


@pytest.mark.parametrize(
    ("label", "path"),
    [
        (b"[]", ""),
        (b"3", ""),
        (b'{"jsonResponse": []}', ""),
        (b'{"jsonResponse": "[]"}', ""),
        (b'{"jsonResponse": {"SKY": 3}}', "SKY"),
        (b'{"jsonResponse": {"SKY": {"categories": [{"name": "A"}, {}]}}}', "SKY.categories[1].name"),
        (b'{"jsonResponse": "{\\"SKY\\": {\\"annotations\\": 1}}"}', "SKY.annotations"),
        (
            b'{"jsonResponse": {"SKY": {"annotations": [{"mid": [], "categories": [{"name": "BLUE"}]}]}}}',
            "SKY.annotations[0].mid",
        ),
    ],
)
def test_malformed_content(label, path):
    with pytest.raises(MalformedLabelError) as error:
        matcher("SKY.BLUE.count > 5", at="jsonResponse")(label)
    assert error.value.path == path


def test_what_the_standard_library_reads_beyond_the_standard():
    assert matcher("SKY.BLUE")(b'{"x": {"y": [NaN, -Infinity, 1e400]}, ' + BLUE[1:])
    assert matcher("SKY.BLUE")(b"\xef\xbb\xbf" + BLUE)
    assert matcher("SKY.BLUE")(BLUE.decode().encode("utf-16"))
    assert matcher("SKY.BLUE")(b'{"x": {"y": "\\ud800"}, ' + BLUE[1:])
    assert matcher("SKY.BLUE")(b'{"SKY": 3, ' + BLUE[1:])  # of a key given twice the last counts
    assert not matcher("SKY.BLUE")(BLUE[:-1] + b', "SKY": null}')
    assert matcher("SKY.BLUE")(BLUE.replace(b"SKY", b"\\u0053KY").replace(b"BLUE", b"BL\\u0055E"))


@for_each(product(HOSTILE, [True, False]))
def test_names_are_data(case):
    job, is_ascii = case
    others = [name for name in HOSTILE if name != job]
    categories = {name: {"name": f"-{name}", "children": []} for name in HOSTILE}
    jobs = {
        name: {"mlTask": "CLASSIFICATION", "instruction": "", "required": 0, "isChild": False,
               "content": {"input": "checkbox", "categories": categories}}
        for name in HOSTILE
    }  # fmt: skip
    ontology = Ontology.from_json_interface({"jobs": jobs}, input_type="IMAGE")
    content = {name: {"categories": [{"name": name}]} for name in others}
    held = {**content, job: {"categories": [{"name": "x"}, {"name": job}]}}
    for bound in (None, ontology):
        for at in ("", "jsonResponse", job):
            query = kq.job(job)[job].count > 0
            both = query & (kq.job(others[0])[others[0]].count > 0) & (kq.job(others[-1])[others[-1]].count > 0)
            for one in (query, both):
                judge = compile_bytes(one.tree, ontology=bound, at=at)
                for response, verdict in ((held, True), (content, False)):
                    label = {"z": 1, at: response} if at else response
                    assert judge(json.dumps(label, ensure_ascii=is_ascii).encode()) is verdict


@pytest.mark.parametrize("text", ["SKY.BLUE", "SKY.BLUE[A.B].count > 1", "NOT *.B.count > 1"])
def test_pickling(text):
    judge = matcher(text, at="content")
    again = pickle.loads(pickle.dumps(judge))
    assert (again.tree, again.ontology, again.policy, again.at) == (judge.tree, None, DEFAULT_POLICY, "content")
    label = b'{"content": ' + BLUE + b"}"
    assert again(label) is judge(label)
    assert repr(again) == repr(judge)


QUICK = [
    "OBJECTS.PERSON.count >= 3 AND SCENE.VEHICLE.count > 0",
    "OBJECTS.count > 10",
    "SIZE.SMALL.count > 1",
    "BOXES.PERSON.count + OBJECTS.CAR.count == 2",
    "*.PERSON.count > 2",
    "TRUE",
]
IN_BRACKETS = [
    "BOXES.PERSON[SIZE.SMALL].count >= 2",
    "BOXES.PERSON[NOT SIZE.SMALL AND SIZE.LARGE.count < 1] OR OBJECTS.CAR.count > 2",
    "BOXES.*[SIZE.count == 1].count + OBJECTS.CAR.count - SIZE.SMALL.count - SIZE.SMALL.count > 1",
]
NEVER_IN_THIS_ONTOLOGY = ["SCENE.INDOOR[BOXES.PERSON]", "BOXES.PERSON[SIZE.SMALL[SCENE.INDOOR]]"]
WIDE = [  # so many comparisons that one walk counts for all
    " AND ".join(
        f"OBJECTS.{name}.count < {12 - bound} AND OBJECTS.{name}.count != {bound + 3}"
        for bound, name in enumerate(["PERSON", "CAR", "CHAIR", "DOG", "BUS", "TRAIN", "ZEBRA"])
    )
]


@cache
def written():
    """Contents of usual labels, and each label as bytes: with the content in a field, and with it as a text there."""
    return [
        (
            one["jsonResponse"],
            json.dumps(one).encode(),
            json.dumps({**one, "jsonResponse": json.dumps(one["jsonResponse"])}).encode(),
        )
        for one in labels(60)
    ]


@for_each(
    [
        *product(QUICK + IN_BRACKETS + WIDE, [None, ONTOLOGY, Ontology.from_json_interface(INTERFACE)]),
        *product(NEVER_IN_THIS_ONTOLOGY, [None]),
    ],
)
def test_usual_labels_are_judged_without_a_full_decoding(case):
    text, ontology = case
    judge = matcher(text, ontology, at="jsonResponse")
    careful = kq.parse(text).compile(ontology=ontology)
    for content, label, label_of_text in written():
        verdict = careful(content)
        assert judge.sift(label) is verdict
        assert judge.sift(label_of_text) is verdict


def test_videos_are_judged_without_a_full_decoding():
    frame = labels(1, seed=4).__next__()["jsonResponse"]
    video = json.dumps({"0": frame, "1": {}, "2": frame, "3": None}).encode()
    for text in QUICK:
        for ontology in (None, Ontology.from_json_interface(INTERFACE, input_type="VIDEO")):
            judge = matcher(text, ontology)
            assert judge.sift(video) is kq.parse(text).compile(ontology=ontology)(json.loads(video))


def test_digits_of_an_unusual_limit():
    before = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(640)
        with pytest.raises(UnknownContentError, match="a number too long"):
            matcher("SKY.BLUE")(b'{"x": ' + b"1" * 700 + b"," + BLUE[1:])
        sys.set_int_max_str_digits(0)
        assert matcher("SKY.BLUE")(b'{"x": {"y": ' + b"1" * 5000 + b"}," + BLUE[1:])
    finally:
        sys.set_int_max_str_digits(before)
