"""`kili-query drift`: queries that changed meaning between two versions of a cache."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from kili_query.cache import LabelCache
from kili_query.ontology import Ontology
from tests.cli.running import Run


def ontology(**categories: str) -> Ontology:
    named = {key: {"name": name} for key, name in categories.items()}
    return Ontology.from_json_interface(
        {"jobs": {"J": {"mlTask": "OBJECT_DETECTION", "content": {"categories": named}}}}
    )


def label(label_id: str, category: str) -> dict[str, Any]:
    return {"id": label_id, "jsonResponse": {"J": {"annotations": [{"categories": [{"name": category}]}]}}}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of two versions and one without an ontology, to be copied."""
    folder = tmp_path_factory.mktemp("loaded")
    cache = LabelCache(folder / "c")
    cache.load([label("a", "CAR")], ontology=ontology(CAR="Car", BUS="Bus"))
    cache.load([label("b", "VEHICLE")], ontology=ontology(VEHICLE="Car", DOG="Dog"))
    LabelCache(folder / "plain").load([label("a", "CAR")])
    return folder


@pytest.fixture
def cache(tmp_path: Path, loaded: Path) -> Path:
    shutil.copytree(loaded, tmp_path, dirs_exist_ok=True)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(
        'f(category_search="J.CAR.count > 0")\ng(category_search="J.BUS")\nh(category_search=wanted)\n'
    )
    (tmp_path / "src" / "searches.yaml").write_text("category_search: NOT J.DOG\n")
    return tmp_path / "c"


def test_text(run: Run, cache: Path) -> None:
    ran = run("drift", "c", "src", "--query", "J.*.count > 3")
    assert (ran.status, ran.err) == (1, "")
    first, *rest = ran.out.splitlines()
    assert first.startswith("version 0 (20")
    assert rest == [
        "ontology: 3 changes",
        "  J.CAR renamed: its key was `CAR` and is now `VEHICLE`",
        "  J.BUS vanished",
        "  J.DOG appeared",
        "queries: 3 of 4 queries changed meaning, 1 skipped",
        "  query: `J.*.count > 3` means something else",
        "    it counted `J.CAR`, `J.BUS`, and no longer does",
        "    it now counts `J.VEHICLE`, `J.DOG`",
        "    labels: 0 entered its answer, 0 left",
        "  src/app.py:1:19: `J.CAR.count > 0` is no longer valid",
        "    unknown category `CAR` in job `J`; did you mean `VEHICLE`? (`Car` is its display name)",
        "    write J.VEHICLE.count > 0",
        "    labels: 1 entered the rewritten query, 1 left",
        "  src/app.py:2:19: `J.BUS` is no longer valid",
        "    unknown category `BUS` in job `J`; there are `VEHICLE`, `DOG`",
        "  src/searches.yaml:1:18: `NOT J.DOG` is valid now, and was not",
        "    unknown category `DOG` in job `J`; there are `CAR`, `BUS`",
    ]


def test_json(run: Run, cache: Path) -> None:
    ran = run("drift", "c", "src", "--json")
    assert ran.status == 1
    found = json.loads(ran.out)
    assert (found["cache"], found["from"], found["to"]) == ("c", 0, 1)
    assert [one["kind"] for one in found["changes"]] == ["renamed", "vanished", "appeared"]
    assert found["queries"][0] | {"reasons": []} == {
        "place": "src/app.py:1:19",
        "has_changed": True,
        "text": "J.CAR.count > 0",
        "kind": "invalid",
        "reasons": [],
        "rewritten": "J.VEHICLE.count > 0",
        "entered": 1,
        "left": 1,
    }
    assert len(found["skipped"]) == 1


def test_a_file_of_a_query(run: Run, cache: Path) -> None:
    (cache.parent / "q.kq").write_text("J.DOG.count > 0  # why\n")
    [found] = json.loads(run("drift", "c", "q.kq", "--json").out)["queries"]
    assert (found["place"], found["text"], found["kind"]) == ("q.kq:1:1", "J.DOG.count > 0  # why", "valid_now")


def test_nothing_changed_meaning(run: Run, cache: Path) -> None:
    same = run("drift", "c", "--from", "1", "--to", "1", "--query", "J.VEHICLE")
    assert (same.status, same.out.splitlines()) == (
        0,
        [
            "version 1 is compared with itself",
            "queries: none of 1 query changed meaning",
        ],
    )
    only = run("drift", "c", "--to", "0")
    assert (only.status, only.out.splitlines()[0]) == (0, "version 0 is compared with itself")
    LabelCache(cache.parent / "one").load([label("a", "CAR")], ontology=ontology(CAR="Car"))
    first = run("drift", "one").out.splitlines()[0]
    assert first == "version 0 is the only one with an ontology: there is nothing to compare it with"
    LabelCache(cache).load([label("z", "DOG")])
    later = run("drift", "c", "--from", "1")
    assert later.status == 0
    assert later.out.splitlines()[1:] == ["ontology: the same in both", "queries: none were given or found"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("c", "--query", "J..CAR"), "error[KQ0"),
        (("c", "src/none.py"), "src/none.py: No such file or directory"),
        (("src",), "`src` is not a label cache"),
        (("c", "--from", "7"), "has no version 7"),
        (("c", "--to", "soon"), "a version is a number or a time such as"),
        (("c", "--to", "1999-01-01"), "has no version of 1999-01-01"),
        (("plain",), "has no ontology: there is nothing to compare"),
    ],
)
@pytest.mark.usefixtures("cache")
def test_bad_input(run: Run, arguments: tuple[str, ...], message: str) -> None:
    ran = run("drift", *arguments)
    assert ran.status == 2
    assert message in ran.err


def test_a_query_that_was_never_valid(run: Run, cache: Path) -> None:
    ran = run("drift", "c", "--query", "J.CAT", "--query", "J.VEHICLE OR TRUE")
    assert ran.status == 2
    assert "  query 1: `J.CAT` is not valid in either version\n" in ran.out
