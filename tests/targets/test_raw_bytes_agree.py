"""The matcher of bytes answers as closures do on the decoded label, errors included, however the text is written."""

import json
from collections.abc import Callable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.ast import Predicate
from kili_query.counting import CountPolicy
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology
from kili_query.targets.closures import compile_closure
from kili_query.targets.raw_bytes import compile_bytes, decode
from tests import strategies

MANY = settings(max_examples=40)  # the cases and `test_bound.py` put every query to bytes as well

ANY_LABEL = st.one_of(
    strategies.contents(),
    strategies.contents(depth=4),
    strategies.video_contents(),
    strategies.malformed_contents(),
    st.none() | strategies.json_values,
)
ANY_ONTOLOGY = st.none() | strategies.ontologies()


class Writer:
    """Writes a value as JSON text in one of the many ways that mean the same, or nearly so."""

    def __init__(self, seed: int, *, spoils: bool = False) -> None:
        self.random = Random(seed)
        self.spoils = spoils

    def is_so(self, chance: float) -> bool:
        return self.random.random() < chance

    def write(self, value: object) -> str:
        if self.spoils and self.is_so(0.004):
            return self.random.choice(
                ["NaN", "-Infinity", "1e400", "9" * 5000, "-0", r'"\ud800"', "nul", "01", '"\t"', "\ud800", "[" * 2000]
            )
        match value:
            case dict():
                pairs = [(key, one) for key, one in value.items()]
                if self.is_so(0.3):
                    self.random.shuffle(pairs)
                if pairs and self.is_so(0.1):  # of a key given twice the last counts
                    key, _ = self.random.choice(pairs)
                    pairs.insert(0, (key, self.random.choice([None, {}, [], "A", 1, {"A": {"categories": []}}])))
                return self.join(
                    "{}", [f"{self.text(key)}{self.gap()}:{self.gap()}{self.write(one)}" for key, one in pairs]
                )
            case list():
                return self.join("[]", [self.write(one) for one in value])
            case str():
                return self.text(value)
            case _:
                return json.dumps(value)

    def join(self, brackets: str, parts: list[str]) -> str:
        return brackets[0] + self.gap() + f"{self.gap()},{self.gap()}".join(parts) + self.gap() + brackets[1]

    def gap(self) -> str:
        return self.random.choice(["", "", "", " ", "\n", "\t\r"])

    def text(self, value: str) -> str:
        if self.is_so(0.9):
            return json.dumps(value, ensure_ascii=self.is_so(0.5))
        return '"' + "".join(rf"\u{ord(char):04x}" if self.is_so(0.5) else char for char in value) + '"'


def told(answer: Callable[[], object]) -> object:
    try:
        return answer()
    except UnknownContentError:
        return "unknown"
    except MalformedLabelError as error:
        return "malformed", error.path


def read(data: bytes | str) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise UnknownContentError("not JSON") from None


def content_of(label: object, at: str) -> object:
    if not at:
        return label
    if not isinstance(label, dict):
        raise MalformedLabelError("no object")
    content = label.get(at)
    return read(content) if isinstance(content, str) else content


def assert_agreement(
    tree: Predicate, data: bytes, ontology: Ontology | None, policy: CountPolicy, at: str = ""
) -> None:
    closure = compile_closure(tree, ontology=ontology, policy=policy)
    expected = told(lambda: closure(content_of(read(data), at)))
    assert told(lambda: compile_bytes(tree, ontology=ontology, policy=policy, at=at)(data)) == expected


@MANY
@given(strategies.trees(), ANY_LABEL, ANY_ONTOLOGY, strategies.policies)
def test_plain_text(tree: Predicate, content: object, ontology: Ontology | None, policy: CountPolicy) -> None:
    assert_agreement(tree, json.dumps(content).encode(), ontology, policy)


@MANY
@given(strategies.core_trees(depth=0), strategies.contents(), ANY_ONTOLOGY, strategies.policies)
def test_counts_of_labels_of_the_right_shape(
    tree: Predicate, content: object, ontology: Ontology | None, policy: CountPolicy
) -> None:
    assert_agreement(tree, json.dumps(content).encode(), ontology, policy)


def usual(value: object, at: str = "") -> object:
    """The label with ids as strings, and without child jobs in the categories of annotations."""
    match value:
        case dict():
            return {
                key: "id" if key in ("mid", "code") and not isinstance(held, str) else usual(held, f"{at}.{key}")
                for key, held in value.items()
                if not (key == "children" and at.endswith("annotations.categories"))
            }
        case list():
            return [usual(one, at) for one in value]
        case _:
            return value


@MANY
@given(strategies.trees(), strategies.contents(depth=4), ANY_ONTOLOGY, strategies.policies)
def test_images_of_the_usual_shape(
    tree: Predicate, content: object, ontology: Ontology | None, policy: CountPolicy
) -> None:
    data = json.dumps(usual(content)).encode()
    assert_agreement(tree, data, ontology, policy)
    if ontology is not None and not ontology.is_video and ontology.input_type is not None:
        assert compile_bytes(tree, ontology=ontology, policy=policy, at="").sift(data) is not None


@MANY
@given(strategies.core_trees(depth=0), strategies.video_contents(), ANY_ONTOLOGY, strategies.policies)
def test_counts_of_videos(tree: Predicate, content: object, ontology: Ontology | None, policy: CountPolicy) -> None:
    assert_agreement(tree, json.dumps(content).encode(), ontology, policy)


@MANY
@given(
    strategies.core_trees(depth=0),
    ANY_LABEL,
    ANY_ONTOLOGY,
    strategies.policies,
    st.integers(0, 2**32),
    st.sampled_from(["jsonResponse", "content", "r\u00e9ponse", 'a"b']),
    st.booleans(),
)
def test_any_way_to_write_it(
    tree: Predicate,
    content: object,
    ontology: Ontology | None,
    policy: CountPolicy,
    seed: int,
    at: str,
    is_text: bool,
) -> None:
    writer = Writer(seed, spoils=True)
    held = writer.write(content).replace("\ud800", "\\ud800") if is_text else content
    label: dict[str, object] = {"id": "a", at: held, "author": {"email": "e\u0301"}, "seconds": 1.5}
    if writer.is_so(0.05):
        del label[at]
    data = writer.write(label).encode("utf-8", "surrogatepass")
    assert_agreement(tree, data, ontology, policy, at)


@MANY
@given(strategies.core_trees(depth=0), strategies.contents(depth=1), ANY_ONTOLOGY, st.integers(0, 2**32))
def test_damaged_bytes(tree: Predicate, content: object, ontology: Ontology | None, seed: int) -> None:
    random = Random(seed)
    data = bytearray(json.dumps({"id": "a", "jsonResponse": content, "x": ["\u00e9", 1e5, True]}).encode())
    for _ in range(random.choice([0, 1, 1, 2])):
        at = random.randrange(len(data))
        data[at : at + random.randint(0, 2)] = random.choice(
            [
                b"",
                b"\xff",
                b"\x00",
                b"\x0b",
                b"\\",
                b'"',
                b"}",
                b",",
                b"0",
                b"\xef\xbb\xbf",
                b"\xed\xa0\x80",
                b"-",
                b"\xc3\xa9",
            ]
        )
    assert_agreement(tree, bytes(data), ontology, CountPolicy(), "jsonResponse")


@MANY
@given(strategies.json_values | ANY_LABEL, st.integers(0, 2**32))
def test_decoding(value: object, seed: int) -> None:
    data = Writer(seed, spoils=True).write(value).encode("utf-8", "surrogatepass")

    def seen(decoding: Callable[[bytes], object]) -> str:  # NaN equals nothing, and 1 equals True
        try:
            return repr(decoding(data))
        except (ValueError, RecursionError) as error:
            return str(error)

    assert seen(decode) == seen(json.loads)
