"""Damaged files of every format: an error or a problem says so, and nothing else is ever raised."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

import kili_query as kq
from kili_query.datasets import READERS, Dataset, DatasetItem, open_dataset
from kili_query.errors import LabelError, SourceError
from tests.each import for_each

SAMPLES = Path(__file__).parent / "samples"
FILES = sorted(path.relative_to(SAMPLES) for path in SAMPLES.rglob("*") if path.is_file() and path.name != "README.md")
ODD = [
    "null",
    "-1",
    "0",
    "1e309",
    "NaN",
    '""',
    '"x"',
    "[]",
    "{}",
    "true",
    "1e300",
    "99999999999999999999",
    '"\\ud800"',
    "[[]]",
]


def read_all(dataset: Dataset) -> None:
    """Everything that a reader offers; what counting needs says the same as the whole."""
    ontology = dataset.ontology
    for item in dataset.items():
        if not isinstance(item, DatasetItem) or item.label is None:
            continue
        try:
            counts = kq.count(item.counted, ontology=ontology)
        except LabelError:
            with pytest.raises(LabelError):
                kq.count(item.read(), ontology=ontology)
            continue
        try:
            whole = item.read()
        except LabelError:
            continue
        assert kq.count(whole, ontology=ontology) == counts


def check(path: Path, fmt: str) -> None:
    error = None
    try:
        read_all(open_dataset(path, fmt=fmt))
    except SourceError as raised:
        error = raised
    assert error is None or path.name in str(error)


def copy_of(sample: Path, folder: Path, change: Callable[[bytes], bytes]) -> Path:
    """A dataset like the sample's, with one file changed: the folder of the sample if it has several files."""
    fmt, *inside = sample.parts
    whole = SAMPLES / fmt / inside[0]
    to = folder / inside[0]
    for path in [whole] if whole.is_file() else [one for one in whole.rglob("*") if one.is_file()]:
        new = to if whole.is_file() else to / path.relative_to(whole)
        new.parent.mkdir(parents=True, exist_ok=True)
        data = path.read_bytes()
        new.write_bytes(change(data) if path == SAMPLES / sample else data)
    return to


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where values stand in a JSON document."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in children for place in places_in(one, (*path, key)))]


def replaced(document: Any, place: tuple[Any, ...], text: str) -> bytes:
    """The JSON document with another text at a place."""
    mark = "\u0000here\u0000"
    if not place:
        return text.encode()
    copy = json.loads(json.dumps(document))
    owner = copy
    for key in place[:-1]:
        owner = owner[key]
    owner[place[-1]] = mark
    return json.dumps(copy).replace(json.dumps(mark), text).encode()


@for_each(FILES)
def test_bytes_are_damaged(sample: Path, tmp_path: Path) -> None:
    random = Random(sample.as_posix())

    def damage(text: bytes) -> bytes:
        at = random.randint(0, len(text))
        until = min(len(text), at + random.choice([0, 1, 5, 10**6]))
        put = random.choice([b"", b"\x00", b"\xff", b'"', b"}", b"<", b"-1", b"nan", b"9" * 400])
        return text[:at] + put + text[until:]

    for number in range(6):
        check(copy_of(sample, tmp_path / str(number), damage), sample.parts[0])


@for_each([one for one in FILES if one.suffix in (".json", ".geojson")])
def test_values_are_odd(sample: Path, tmp_path: Path) -> None:
    document, random = json.loads((SAMPLES / sample).read_bytes()), Random(sample.as_posix())
    places = places_in(document)
    for number in range(20):
        text = replaced(document, random.choice(places), random.choice(ODD))
        check(copy_of(sample, tmp_path / str(number), lambda _, text=text: text), sample.parts[0])


@for_each(
    product([one for one in FILES if one.suffix in (".json", ".geojson", ".ndjson")], ["1" + "0" * 400, "-1e999"])
)
def test_no_float_holds_a_number(row: tuple[Path, str], tmp_path: Path) -> None:
    """Each kind of number in a file, one after another."""
    sample, number = row
    line, *others = (SAMPLES / sample).read_text(encoding="utf-8").splitlines() if sample.suffix == ".ndjson" else [""]
    document = json.loads(line or (SAMPLES / sample).read_bytes())
    kinds = {}
    for place in places_in(document):
        value = document
        for step in place:
            value = value[step]
        if isinstance(value, int | float) and not isinstance(value, bool):
            kinds.setdefault(tuple("#" if isinstance(step, int) else step for step in place), place)
    for at, place in enumerate(kinds.values()):
        text = b"\n".join([replaced(document, place, number), *(one.encode() for one in others)])
        check(copy_of(sample, tmp_path / str(at), lambda _, text=text: text), sample.parts[0])


def test_every_format_has_a_sample() -> None:
    assert {one.parts[0] for one in FILES} == set(READERS)
