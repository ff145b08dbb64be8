"""Filters and arguments about workflows: the official client of today beside ours, on a project of each version."""

from collections.abc import Iterator
from itertools import product

import pytest

from tests.peers.label_differences import Difference
from tests.peers.label_project import write_grouped_project, write_image_project, write_stepped_project
from tests.peers.official import LATEST, OURS
from tests.peers.test_label_methods import (
    Runs,
    Section,
    documented_anchors,
    run_all,
    sent_by_readers,
    unlisted_differences,
)
from tests.peers.workflow_differences import WORKFLOW_DIFFERENCES
from tests.peers.workflow_steps import OF_ASSETS, OF_GROUPS, OF_LABELS, READING, WRITING

SECTIONS = tuple(
    (
        Section(f"{version} reading", write_project, READING[version], only_reads=True),
        Section(f"{version} writing", write_project, WRITING),
    )
    for version, write_project in (
        ("V1", write_image_project),
        ("V2", write_stepped_project),
        ("V3", write_grouped_project),
    )
)
"""What one process calls: the official client makes 500 calls a minute, and waits then."""
NAMES = [section.name for sections in SECTIONS for section in sections]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """By client and section."""
    folder = tmp_path_factory.mktemp("workflows")
    asked = [(client, sections) for client in (LATEST, OURS) for sections in SECTIONS]
    return run_all(asked, folder)


def _differences(section: str, name: str) -> Iterator[Difference]:
    return (one for one in WORKFLOW_DIFFERENCES if one.is_of(section, LATEST, name))


@pytest.mark.parametrize("section", NAMES)
def test_calls_agree_but_for_the_listed_differences(runs: Runs, section: str) -> None:
    theirs, ours = runs[LATEST, section], runs[OURS, section]
    expected = {name: set().union(*(one.aspects for one in _differences(section, name))) for name in theirs.outcomes}
    unlisted = unlisted_differences(theirs, ours, expected)
    assert not unlisted, "\n".join(unlisted)


def test_each_listed_difference_is_met(runs: Runs) -> None:
    met = {one for section in NAMES for name in runs[OURS, section].outcomes for one in _differences(section, name)}
    assert [one for one in WORKFLOW_DIFFERENCES if one not in met] == []


def test_each_listed_difference_is_documented() -> None:
    assert {one.anchor for one in WORKFLOW_DIFFERENCES} <= documented_anchors()


@pytest.mark.parametrize("section", [name for name in NAMES if name.endswith("writing")])
def test_servers_hold_the_same_in_the_end(runs: Runs, section: str) -> None:
    assert runs[LATEST, section].left == runs[OURS, section].left


def test_each_filter_is_compared_with_each_method() -> None:
    """In a workflow with steps; without steps with one method, and each method has some of the filters."""
    for filters, methods in (
        (OF_LABELS, {"count_labels", "labels", "predictions"}),
        (OF_GROUPS, {"count_labels", "labels", "inferences"}),
        (OF_ASSETS, {"count_assets", "assets"}),
    ):
        asked = {
            (version, step.method, what)
            for version, steps in READING.items()
            for step in steps
            for what in filters
            if step.method in methods and step.name == f"{step.method}: {what}"
        }
        with_steps = {(method, what) for version, method, what in asked if version != "V1"}
        assert with_steps == set(product(methods, filters))
        assert {what for version, _, what in asked if version == "V1"} == set(filters)
        assert {method for version, method, _ in asked if version == "V1"} == methods


def test_what_only_reads_sends_no_mutation(runs: Runs) -> None:
    assert sent_by_readers(runs, (section for sections in SECTIONS for section in sections)) == []
