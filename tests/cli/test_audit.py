"""`kili-query audit`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kili_query.planning import DEFAULT_PROFILE, ServerProfile
from kili_query.sandbox import Sandbox
from tests.cli.running import Run
from tests.cli.served import served, variables_of


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with served(misbehaves=["misses-absent"]) as box:
        yield box


def test_a_server_that_agrees(run: Run, tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    with served() as box:
        ran = run("audit", "demo", "-o", "profile.json", **variables_of(box))
    assert (ran.status, ran.err) == (0, "wrote the profile to profile.json\n")
    golden("cli/audit.txt", ran.out.removesuffix("\n"))
    profile = ServerProfile.load(tmp_path / "profile.json")
    assert profile.to_dict() == DEFAULT_PROFILE.to_dict() | {"counts_child_jobs": False, "counts_videos": False}


def test_a_server_that_does_not_and_the_profile_that_mends_it(run: Run, box: Sandbox, tmp_path: Path) -> None:
    variables = variables_of(box)
    ran = run("audit", "demo", "-o", "profile.json", **variables)
    assert ran.status == 1
    assert "\nfinds_absent       disagrees " in ran.out
    assert "    `OBJECTS.PERSON.count == 0` does not find 21 labels where we count 0: label" in ran.out
    assert run("labels", "demo", "--where", "NOT OBJECTS.PERSON", "--count", **variables).out == "0\n"
    mended = run("labels", "demo", "--where", "NOT OBJECTS.PERSON", "--count", "--profile", "profile.json", **variables)
    assert mended.out == "21\n"


def test_json(run: Run, box: Sandbox) -> None:
    ran = run("audit", "demo", "--sample", "10", "--json", **variables_of(box))
    assert (ran.status, ran.err) == (1, "")
    told = json.loads(ran.out)
    assert (told["sampled"], told["agrees"], told["profile"]["finds_absent"]) == (10, False, False)


def test_the_profile_on_standard_output(run: Run, box: Sandbox) -> None:
    ran = run("audit", "demo", "-o", "-", **variables_of(box))
    assert ServerProfile.from_dict(json.loads(ran.out)).counts_beyond_one
    assert ran.err.startswith("project demo: ")
    assert run("audit", "demo", "-o", "-", "--json", **variables_of(box)).status == 2


def test_what_cannot_be_done(run: Run, box: Sandbox, tmp_path: Path) -> None:
    ran = run("audit", "other", "-o", "profile.json", **variables_of(box))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: there is no project `other`")
    assert run("audit", "demo", "--sample", "0", **variables_of(box)).status == 2
    box.faults.inject("error:labels+5")
    ran = run("audit", "demo", "-o", "profile.json", **variables_of(box))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: a fault of the sandbox")
    assert not list(tmp_path.iterdir())
